/** The tables of fields are complete: what a request may hold is declared, and every thing that can be asked has a name somewhere. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { features } from '#protocol/feature.ts'
import { behind, inFront, readRequests } from './crossing.ts'

const firstOf = (path: string): string => path.split(/[.[]/, 1)[0] ?? path

/** Google takes both spellings of a name. */
const camel = (field: string): string => field.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase())

/** Read by Drover itself in every format. */
const ownOfDrover = ['models', 'provider', 'usage']

test('every field of a hand-written request is declared by its format', () => {
  for (const { name, protocol, call } of readRequests()) {
    const declared = new Set([...Object.keys(protocol.fields?.fields ?? {}).map(firstOf), ...ownOfDrover])
    const undeclared = Object.keys(call.body()).filter((field) => !declared.has(field) && !declared.has(camel(field)))
    assert.deepEqual(undeclared, [], name)
  }
})

test('every declared field stands in a hand-written request of its format, or has an older name beside it', () => {
  for (const { name, fields } of inFront) {
    const written = new Set(
      readRequests()
        .filter(({ protocol }) => protocol.name === name)
        .flatMap(({ call }) => Object.keys(call.body())),
    )
    const missing = Object.entries(fields?.fields ?? {})
      .filter(([, meaning]) => meaning !== 'refused' && meaning !== 'here')
      .map(([path]) => firstOf(path))
      .filter((field) => !written.has(field))
    assert.deepEqual([...new Set(missing)], [], name)
  }
})

test('every feature is a field of some format, and has a fate in all', () => {
  const named = new Set(
    behind.flatMap(({ fields }) =>
      Object.values(fields?.fields ?? {}).flatMap((meaning) => (typeof meaning === 'string' ? [] : meaning)),
    ),
  )
  assert.deepEqual(
    features.filter((feature) => !named.has(feature)),
    [],
  )
  for (const { name, fields } of behind)
    assert.deepEqual(
      features.filter((feature) => fields?.writes[feature] === undefined),
      [],
      name,
    )
})
