import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitsTool } from './tool-schema.ts'

const schema = {
  type: 'object',
  properties: { city: { type: 'string', pattern: '^(a+)+$' }, days: { type: 'integer', minimum: 1 } },
  required: ['city'],
  additionalProperties: false,
}

test('arguments are what their tool takes: JSON, by its types and members; what declares nothing allows all JSON', () => {
  assert.equal(fitsTool('{"city":"Köln","days":2}', schema), true)
  assert.equal(fitsTool('{"days":2}', schema), false)
  assert.equal(fitsTool('{"city":"Köln","days":"two"}', schema), false)
  assert.equal(fitsTool('{"city":"Köln","country":"de"}', schema), false)
  assert.equal(fitsTool('{"city": "Kö', schema), false)
  assert.equal(fitsTool('{"city": "Kö', undefined), false)
  assert.equal(fitsTool('{"city":1}', undefined), null)
  assert.equal(fitsTool('', { type: 'object' }), true, 'none at all for a function that takes none')
  assert.equal(fitsTool('', schema), false)
})

test('a schema that anybody may have written costs a bounded time: expressions are not tried, and what goes on for ever is not judged', () => {
  const begun = performance.now()
  assert.equal(fitsTool(JSON.stringify({ city: `${'a'.repeat(60)}!` }), schema), true)
  assert.equal(fitsTool('{}', { properties: { a: { pattern: '(' } } }), true)
  assert.equal(fitsTool('{}', { anyOf: [{ $ref: '#' }, { $ref: '#' }] }), null)
  const items = JSON.stringify(Array.from({ length: 5_000 }, (_unused, index) => index))
  assert.equal(fitsTool(items, { uniqueItems: true }), null)
  assert.ok(performance.now() - begun < 2_000)
})
