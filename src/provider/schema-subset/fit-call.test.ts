import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spliceTopLevel } from '#base/json.ts'
import { Problem } from '#base/problem.ts'
import { callOf } from '#provider/test-call.ts'
import { noAdjustment } from '#provider/vendor.ts'
import { fitSchemasOf } from './fit-call.ts'

const loud = '{"type":"object","properties":{"a":{"type":"string","anyOf":[{"minLength":1}]}}}'
const fine = '{ "type":"object" , "properties":{} }'

const fitted = (text: string, protocol = 'openai-chat') => {
  const call = callOf(text, { protocol })
  const result = fitSchemasOf({ call, mode: 'shim', model: 'kimi' })
  if (result instanceof Problem || call.payload.kind !== 'json') return assert.fail()
  return {
    body: JSON.parse(spliceTopLevel(call.payload.top, result.edits).toString()) as unknown,
    said: result.warnings.map(({ field, reason }) => `${field}:${reason}`),
  }
}

const mended = { type: 'object', properties: { a: { anyOf: [{ minLength: 1, type: 'string' }] } } }
const why = 'fitted to the schemas that the vendor takes: properties.a: type beside anyOf'

test('schemas of tools, of functions and of the answer are fitted where they stand, each with its warning', () => {
  const tools = `[{"type":"builtin_function","function":{"name":"$web_search"}},{"type":"function","function":{"name":"f","strict":true,"parameters":${loud}}}]`
  const text = `{"tools":${tools},"functions":[{"name":"g","parameters":${loud}}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":${loud}}}}`
  assert.deepEqual(fitted(text), {
    body: {
      tools: [
        { type: 'builtin_function', function: { name: '$web_search' } },
        { type: 'function', function: { name: 'f', strict: true, parameters: mended } },
      ],
      functions: [{ name: 'g', parameters: mended }],
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: mended } },
    },
    said: [
      `tools[1].function.parameters:${why}`,
      `functions[0].parameters:${why}`,
      `response_format.json_schema.schema:${why}`,
    ],
  })
  assert.deepEqual(fitted(`{"tools":[{"name":"f","input_schema":${loud}}]}`, 'anthropic-messages'), {
    body: { tools: [{ name: 'f', input_schema: mended }] },
    said: [`tools[0].input_schema:${why}`],
  })
})

test('what has no faults keeps its bytes; what only comments the schema goes without a word', () => {
  const text = `{"tools":[{"type":"function","function":{"name":"f","parameters":${fine}}}]}`
  assert.equal(fitSchemasOf({ call: callOf(text), mode: 'shim', model: 'kimi' }), noAdjustment)
  const commented = `{"tools":[{"type":"function","function":{"parameters":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}}}]}`
  assert.deepEqual(fitted(commented), {
    body: { tools: [{ type: 'function', function: { parameters: { type: 'object' } } }] },
    said: [],
  })
  assert.ok(!(fitSchemasOf({ call: callOf(commented), mode: 'strict', model: 'kimi' }) instanceof Problem))
})

test('a strict target refuses, naming the schema and the place in it', () => {
  const text = `{"tools":[{"type":"function","function":{"name":"f","parameters":${loud}}}]}`
  const refusal = fitSchemasOf({ call: callOf(text), mode: 'strict', model: 'kimi' })
  assert.ok(refusal instanceof Problem)
  assert.equal(refusal.code, 'unsupported_parameter')
  assert.match(
    refusal.message,
    /'kimi' cannot take the schema "tools\[0\]\.function\.parameters": at properties\.a, type beside anyOf/,
  )
})
