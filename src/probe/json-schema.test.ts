import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sameValue, schemaFaults } from '#base/json-schema.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { exampleOf } from '#provider/sandbox-schema.ts'

const person: JsonObject = {
  type: 'object',
  properties: { name: { type: 'string' }, friend: { $ref: '#' } },
  required: ['name'],
  additionalProperties: false,
}

const cases: readonly (readonly [string, JsonObject, Json, readonly string[]])[] = [
  ['a type', { type: 'string' }, 7, ['the value is integer, not string']],
  ['an integer is a number', { type: 'number' }, 7, []],
  ['a fraction is no integer', { type: 'integer' }, 7.5, ['the value is number, not integer']],
  ['1.0 is an integer', { type: 'integer' }, 1.0, []],
  ['one of several types', { type: ['string', 'null'] }, null, []],
  ['null is no object', { type: 'object' }, null, ['the value is null, not object']],
  ['a list is no object', { type: 'object' }, [], ['the value is array, not object']],
  ['an enum', { enum: ['a', { b: 1 }] }, { b: 1 }, []],
  ['outside of an enum', { enum: ['a'] }, 'b', ['the value is none of the listed values']],
  ['a constant', { const: [1, 2] }, [1, 3], ['the value is not the constant']],
  ['what is missing', person, {}, ['the value lacks "name"']],
  ['what is too much', person, { name: 'a', age: 1 }, ['age is not allowed']],
  ['through a reference', person, { name: 'a', friend: { name: 1 } }, ['friend.name is integer, not string']],
  [
    'a reference that leads nowhere',
    { $ref: '#/$defs/none' },
    1,
    ['the value has a schema that refers to #/$defs/none, which is nowhere'],
  ],
  [
    'additional ones of a kind',
    { additionalProperties: { type: 'integer' } },
    { a: 1, b: 'x' },
    ['b is string, not integer'],
  ],
  [
    'by pattern',
    { patternProperties: { '^x': { type: 'integer' } }, additionalProperties: false },
    { x1: 'a' },
    ['x1 is string, not integer'],
  ],
  ['each item', { items: { type: 'integer' } }, [1, 'a'], ['[1] is string, not integer']],
  [
    'a tuple, then items',
    { prefixItems: [{ type: 'string' }], items: { type: 'integer' } },
    ['a', 'b'],
    ['[1] is string, not integer'],
  ],
  ['too few items', { minItems: 2 }, [1], ['the value is not of a count of at least 2']],
  ['items twice', { uniqueItems: true }, [{ a: 1 }, { a: 1 }], ['the value has an item twice']],
  ['bounds', { minimum: 1, exclusiveMaximum: 3 }, 3, ['the value is not below 3']],
  ['a multiple', { multipleOf: 0.1 }, 0.3, []],
  ['characters, not code units', { maxLength: 1 }, '👍', []],
  ['a pattern', { pattern: '^\\d+$' }, '12a', ['the value does not match ^\\d+$']],
  ['all of', { allOf: [{ required: ['a'] }, { required: ['b'] }] }, { a: 1 }, ['the value lacks "b"']],
  ['any of', { anyOf: [{ type: 'integer' }, { type: 'null' }] }, 'a', ['the value fits none of anyOf']],
  ['one of, twice', { oneOf: [{ type: 'integer' }, { minimum: 0 }] }, 3, ['the value fits 2 of oneOf, not one']],
  ['not', { not: { type: 'null' } }, null, ['the value fits what it must not']],
  ['no schema at all', {}, { a: [1] }, []],
  ['what every object has', { required: ['constructor'] }, {}, ['the value lacks "constructor"']],
]

for (const [name, schema, value, faults] of cases)
  test(name, () => {
    assert.deepEqual(schemaFaults(value, schema), faults)
  })

test('a schema that refers to itself for ever ends', () => {
  assert.deepEqual(schemaFaults(1, { $ref: '#' }), [])
})

test('the examples of the sandbox are instances of the schemas that they are made from', () => {
  for (const [, schema] of cases.filter(
    ([, { pattern, not, $ref }]) => pattern === undefined && not === undefined && $ref === undefined,
  )) {
    const faults = schemaFaults(exampleOf(schema), schema)
    assert.deepEqual(
      faults.filter((fault) => !/oneOf|multiple|count|below|twice/.test(fault)),
      [],
      JSON.stringify(schema),
    )
  }
})

test('members are the same in any order, and a missing one is none', () => {
  assert.equal(sameValue({ a: 1, b: [2] }, { b: [2], a: 1 }), true)
  assert.equal(sameValue({ a: 1 }, { a: 1, b: null }), false)
})
