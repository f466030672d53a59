import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '#base/json-type.ts'
import { exampleOf } from './sandbox-schema.ts'

const examples: ReadonlyArray<readonly [string, JsonObject, Json]> = [
  ['text', { type: 'string' }, 'text'],
  ['text of a length', { type: 'string', minLength: 6 }, 'textxx'],
  ['text of a short length', { type: 'string', maxLength: 2 }, 'te'],
  ['text of a format', { type: 'string', format: 'date' }, '2026-01-01'],
  ['a format nobody knows', { type: 'string', format: 'constructor' }, 'text'],
  ['an integer', { type: 'integer' }, 0],
  ['an integer from 3', { type: 'integer', minimum: 3 }, 3],
  ['an integer above 3', { type: 'integer', exclusiveMinimum: 3 }, 4],
  ['an integer up to -2', { type: 'integer', maximum: -2 }, -2],
  ['an integer below -2', { type: 'integer', exclusiveMaximum: -2 }, -3],
  ['a multiple of 5 above 11', { type: 'integer', minimum: 11, multipleOf: 5 }, 15],
  ['a number between', { type: 'number', minimum: 0.2, maximum: 0.7 }, 0.5],
  ['a number above 0', { type: 'number', exclusiveMinimum: 0 }, 0.5],
  ['a yes or no', { type: 'boolean' }, false],
  ['nothing', { type: 'null' }, null],
  ['the first type that says something', { type: ['null', 'integer'] }, 0],
  ['the first of a list', { enum: ['red', 'green'] }, 'red'],
  ['a constant', { const: { a: 1 } }, { a: 1 }],
  ['an empty list', { type: 'array', items: { type: 'string' } }, []],
  ['a list of two', { type: 'array', items: { type: 'integer' }, minItems: 2 }, [0, 0]],
  ['a tuple', { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }], minItems: 2 }, [0, 'text']],
  [
    'required properties only',
    { type: 'object', properties: { a: { type: 'string' }, b: {} }, required: ['a'] },
    { a: 'text' },
  ],
  ['a required property without a schema', { type: 'object', required: ['constructor'] }, { constructor: 'text' }],
  ['an object without saying so', { properties: { a: { type: 'integer' } }, required: ['a'] }, { a: 0 }],
  ['the first of anyOf', { anyOf: [{ type: 'integer' }, { type: 'string' }] }, 0],
  [
    'the first of oneOf, with what stands beside it',
    { type: 'object', required: ['a'], oneOf: [{ required: ['b'] }] },
    { a: 'text', b: 'text' },
  ],
  [
    'all of allOf',
    { allOf: [{ properties: { a: { type: 'integer' } }, required: ['a'] }, { required: ['b'] }] },
    { a: 0, b: 'text' },
  ],
  [
    'a reference',
    { $defs: { name: { type: 'integer' } }, properties: { a: { $ref: '#/$defs/name' } }, required: ['a'] },
    { a: 0 },
  ],
  ['a reference with an escape', { $defs: { 'a/b': { const: 1 } }, anyOf: [{ $ref: '#/$defs/a~1b' }] }, 1],
  ['a reference to nothing', { $ref: '#/$defs/none' }, 'text'],
]

for (const [name, schema, expected] of examples) test(name, () => assert.deepEqual(exampleOf(schema), expected))

test('a schema that needs itself ends, once or twice in itself, and by reference alone', () => {
  const once: JsonObject = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }
  assert.match(JSON.stringify(exampleOf(once)), /^(\{"next":)+null\}+$/)
  const twice: JsonObject = { type: 'object', properties: { a: { $ref: '#' }, b: { $ref: '#' } }, required: ['a', 'b'] }
  assert.ok(JSON.stringify(exampleOf(twice)).length < 200_000)
  assert.equal(exampleOf({ $ref: '#' }), null)
  assert.equal((exampleOf({ type: 'array', items: {}, minItems: 1e9 }) as Json[]).length, 64)
})
