import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '#base/json-type.ts'
import { faultsOf } from './fault.ts'
import { fitSchema } from './fit.ts'

const tool = (schema: JsonObject): JsonObject => fitSchema(schema, { isTool: true })
const of = (properties: JsonObject, rest: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...rest })
const text = { type: 'string' }
const tree = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/t' } } } }

/** As clients send them, each with what Kimi gets. */
const rewritten: readonly (readonly [string, JsonObject, JsonObject])[] = [
  [
    'the type beside a choice goes into its branches',
    of({ a: { type: 'string', anyOf: [{ minLength: 1 }, { type: 'null' }], description: 'd' } }),
    of({ a: { anyOf: [{ minLength: 1, type: 'string' }, { type: 'null' }], description: 'd' } }),
  ],
  [
    'a default beside a choice goes to the branch that it is of',
    of({ a: { anyOf: [text, { type: 'null' }], default: null, title: 'A' } }),
    of({ a: { title: 'A', anyOf: [text, { type: 'null', default: null }] } }),
  ],
  [
    'a choice at the top becomes one object, and the branches are told in words',
    {
      type: 'object',
      properties: { a: text },
      anyOf: [{ required: ['a'] }, { properties: { b: text }, required: ['b'] }],
    },
    {
      type: 'object',
      properties: { a: text, b: text },
      required: [],
      description: '(JSON Schema: {"anyOf":[{"required":["a"]},{"required":["b"]}]})',
    },
  ],
  [
    'places of a list become one schema for all of them',
    of({ a: { type: 'array', items: [text, { type: 'number' }], minItems: 2 } }),
    of({
      a: {
        type: 'array',
        minItems: 2,
        items: { anyOf: [text, { type: 'number' }] },
        description: '(JSON Schema: {"prefixItems":[{"type":"string"},{"type":"number"}]})',
      },
    }),
  ],
  [
    'definitions of an older draft are found where Kimi looks',
    { type: 'object', properties: { a: { $ref: '#/definitions/T' } }, definitions: { T: text } },
    { type: 'object', properties: { a: { $ref: '#/$defs/T' } }, $defs: { T: text } },
  ],
  [
    'a reference to another place of the document leads to a definition',
    of({ a: { type: 'array', items: text }, b: { $ref: '#/properties/a/items' } }),
    { ...of({ a: { type: 'array', items: text }, b: { $ref: '#/$defs/items' } }), $defs: { items: text } },
  ],
  [
    'what stands beside a reference is written out with it',
    { ...of({ a: { $ref: '#/$defs/T', minLength: 3 } }), $defs: { T: text } },
    { ...of({ a: { minLength: 3, type: 'string' } }), $defs: { T: text } },
  ],
  [
    'what must be there is named as a property',
    of({ a: text }, { required: ['a', 'b'] }),
    of({ a: text, b: {} }, { required: ['a', 'b'] }),
  ],
  ['true is any value', of({ a: true }), of({ a: {} })],
  ['const is a list of one', of({ a: { const: 'x' } }), of({ a: { type: 'string', enum: ['x'] } })],
  [
    'values of enum give it its type',
    of({ a: { enum: ['x', null] }, b: { enum: [1, 'x'], description: 'd' } }),
    of({
      a: { type: ['string', 'null'], enum: ['x', null] },
      b: {
        description: 'd',
        anyOf: [
          { type: 'integer', enum: [1] },
          { type: 'string', enum: ['x'] },
        ],
      },
    }),
  ],
  [
    'several types with more beside them become a choice',
    of({ a: { type: ['string', 'null'], minLength: 1 } }),
    of({ a: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] } }),
  ],
  [
    'all of several are one',
    of({ a: { allOf: [of({ x: text }, { required: ['x'] }), of({ y: text }, { required: ['y'] })] } }),
    of({ a: of({ y: text, x: text }, { required: ['x', 'y'] }) }),
  ],
  [
    'a keyword that is not known stands in the description',
    of({ a: { type: 'string', format: 'date', description: 'When.' } }),
    of({ a: { type: 'string', description: 'When. (JSON Schema: {"format":"date"})' } }),
  ],
  [
    'bounds the wrong way round go, those of whole numbers become whole',
    of({ a: { type: 'string', minLength: 5, maxLength: 1 }, b: { type: 'integer', minimum: 0.5 } }),
    of({ a: text, b: { type: 'integer', minimum: 1 } }),
  ],
  [
    'a list of itself that must be there need not be',
    { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } }, required: ['children'] },
    { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } }, required: [] },
  ],
  ['an empty schema is an object', {}, { type: 'object' }],
]

describe("schemas in Moonshot's subset", () => {
  for (const [name, given, wanted] of rewritten) {
    test(name, () => {
      const fitted = tool(given)
      assert.deepEqual(fitted, wanted)
      assert.deepEqual(faultsOf(fitted), [])
    })
  }

  test('a schema without faults is the same object, also one that comes back to itself', () => {
    const fine: readonly JsonObject[] = [
      of(
        { a: text, b: { type: ['string', 'null'], description: 'd' }, c: { type: 'array', items: text } },
        { required: ['a'] },
      ),
      { ...of({ a: { $ref: '#/$defs/t', description: 'the tree' } }), $defs: { t: tree } },
      of({ a: { anyOf: [text, { type: 'null' }], title: 'A' } }, { additionalProperties: false }),
    ]
    for (const schema of fine) assert.equal(tool(schema), schema)
  })

  test('a tool that wants no object, or a schema that cannot be fitted, becomes any object with the schema in words', () => {
    assert.deepEqual(tool(text), { type: 'object', description: '(JSON Schema: {"type":"string"})' })
    const wide = of(Object.fromEntries(Array.from({ length: 3_001 }, (_, at) => [`p${at}`, text])))
    const { type, description } = tool(wide)
    assert.equal(type, 'object')
    assert.match(String(description), /^\(JSON Schema: \{"type":"object","properties":\{"p0"/)
  })

  test('definitions that all lead to each other are looked through in time that grows with them', () => {
    const names = Array.from({ length: 60 }, (_, at) => `d${at}`)
    const all = { anyOf: names.map((name) => ({ $ref: `#/$defs/${name}`, minLength: 1 })) }
    const schema = {
      ...of({ a: all }, { required: ['a'] }),
      $defs: Object.fromEntries(names.map((name) => [name, all])),
    }
    assert.deepEqual(faultsOf(tool(schema)), [])
  })

  const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    schema: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'schema' },
      fc.constantFrom(true, false, null, 'string', 7, []),
      fc.record(
        {
          type: fc.constantFrom(
            'string',
            'object',
            'array',
            'integer',
            'any',
            ['string', 'null'],
            ['object', 'array'],
            3,
          ),
          properties: fc.dictionary(fc.constantFrom('a', 'b', '$ref', '', 'x/y'), tie('schema'), { maxKeys: 3 }),
          required: fc.constantFrom(['a'], ['a', 'a'], [''], 'a', [3], []),
          items: fc.oneof(tie('schema'), fc.array(tie('schema'), { maxLength: 2 })),
          anyOf: fc.oneof(fc.array(tie('schema'), { maxLength: 3 }), fc.constant('no')),
          oneOf: fc.array(tie('schema'), { maxLength: 2 }),
          allOf: fc.array(tie('schema'), { maxLength: 2 }),
          $ref: fc.constantFrom('#', '#/$defs/a', '#/definitions/b', 'https://x.test/s', 'a', 4),
          $defs: fc.dictionary(fc.constantFrom('a', 'c/d', ''), tie('schema'), { maxKeys: 2 }),
          definitions: fc.dictionary(fc.constantFrom('b'), tie('schema'), { maxKeys: 1 }),
          enum: fc.oneof(fc.array(fc.constantFrom('a', 1, 1.5, null, true, {}), { maxLength: 3 }), fc.constant(3)),
          const: fc.constantFrom('a', null, [1]),
          minLength: fc.constantFrom(-1, 3, '3'),
          maxLength: fc.constantFrom(1, 5, null),
          minimum: fc.constantFrom(0.5, 9, 'x'),
          maximum: fc.constantFrom(2, {}),
          additionalProperties: fc.oneof(tie('schema'), fc.constant('x')),
          description: fc.constantFrom('d', 3),
          title: fc.constantFrom('t', 3),
          default: fc.constantFrom(null, 'a', {}),
          format: fc.constant('uuid'),
          $id: fc.constantFrom('i', 3),
          not: tie('schema'),
        },
        { requiredKeys: [] },
      ),
    ),
  })).schema

  test('whatever a caller sends, what is sent on has no faults, and fitting it again changes nothing', () => {
    fc.assert(
      fc.property(value, fc.boolean(), (given, isTool) => {
        fc.pre(typeof given === 'object' && given !== null && !Array.isArray(given))
        const fitted = fitSchema(given as JsonObject, { isTool })
        assert.deepEqual(faultsOf(fitted), [])
        assert.equal(fitSchema(fitted, { isTool }), fitted)
      }),
      { numRuns: 150, endOnFailure: true },
    )
  })
})
