import assert from 'node:assert/strict'
import { test } from 'node:test'
import { profiles } from '#probe/profile/index.ts'
import { probes } from './index.ts'
import { quickProbes } from './quick.ts'

const all = [...probes, ...quickProbes]

test('every id is there once, and can stand in a list', () => {
  const ids = all.map(({ id }) => id)
  assert.deepEqual(
    ids.filter((id, place) => ids.indexOf(id) !== place),
    [],
  )
  for (const id of ids) assert.match(id, /^[a-z0-9]+(?:-[a-z0-9]+)*$/)
})

test('no group has the name of a probe', () => {
  const ids = new Set(all.map(({ id }) => id))
  for (const { group, id } of all) assert.ok(!ids.has(group), `${group} of ${id}`)
})

test('every probe says its rule and what can be done, in sentences', () => {
  for (const { id, title, rule, remedy, modes } of all) {
    assert.ok(title.length > 3 && title.length < 90, id)
    assert.match(rule, /\.$/, id)
    assert.match(remedy.how, /[.)]$/, id)
    assert.ok(modes.length > 0, id)
  }
})

test('profiles expect only what there is', () => {
  const ids = new Set(all.map(({ id }) => id))
  for (const { name, expected, sandbox } of profiles)
    for (const id of Object.keys({ ...expected, ...sandbox?.expected })) assert.ok(ids.has(id), `${name}: ${id}`)
})

test('the sixty-two questions of the reference are all asked', () => {
  assert.ok(probes.filter(({ wire }) => wire === 'openai').length >= 62)
  assert.ok(probes.filter(({ wire }) => wire === 'anthropic').length >= 10)
  assert.ok(probes.filter(({ wire }) => wire === 'gemini').length >= 10)
})
