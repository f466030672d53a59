/** Nothing that the relay says of its settings is left in English for those who read Chinese. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { z } from 'zod'
import { problems } from '../../src/base/problem.ts'
import { formBlocks } from '../../src/config/form.ts'
import { blocks } from '../../src/config/schema.ts'
import { helpInChinese } from '../pages/configuration/help-in-chinese.ts'
import { problemsInChinese } from '../parts/problem-words.ts'

type Schema = Readonly<Record<string, unknown>>

/** Every description below a schema. */
function descriptionsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const { description } = value as Schema
  const below = Object.values(value).flatMap(descriptionsIn)
  return typeof description === 'string' ? [description, ...below] : below
}

test('each setting of the form is explained in Chinese, and nothing that is not there', () => {
  const schemas = formBlocks.map((name) => z.toJSONSchema(blocks[name], { io: 'input', unrepresentable: 'any' }))
  const said = new Set(schemas.flatMap(descriptionsIn))
  const missing = [...said].filter((help) => helpInChinese[help] === undefined)
  assert.deepEqual(missing, [], 'web/pages/configuration/help-in-chinese.ts has no Chinese for these')
  assert.deepEqual(
    Object.keys(helpInChinese).filter((help) => !said.has(help)),
    [],
  )
  for (const [english, chinese] of Object.entries(helpInChinese)) assert.match(chinese, /\p{Script=Han}/u, english)
})

test('what to do about each refusal of the relay is said in Chinese, and nothing of a code that is not there', () => {
  assert.deepEqual(Object.keys(problemsInChinese).sort(), Object.keys(problems).sort())
  for (const [code, chinese] of Object.entries(problemsInChinese)) assert.match(chinese, /\p{Script=Han}/u, code)
})
