/**
 * Every kind of item, tool and inclusion that OpenAI's own document has, towards every other format: what a target cannot say is refused or warned of,
 * and what an answer holds that a caller's format cannot say is warned of. Nothing is dropped without a word.
 */

import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Warning } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { compatibleDialect } from '#provider/vendor-defaults.ts'
import { behind, callerOf, inFront } from '../wire/crossing.ts'
import { inboundOf } from '../wire/fixture.ts'
import { sharedFolder } from './exchange.ts'

const file = join(sharedFolder(), 'specs', 'openai', 'openapi.json')
const schemas = (JSON.parse(readFileSync(file, 'utf8')) as { components: { schemas: JsonObject } }).components.schemas

const word = 'markOfThisTest'
const depthMax = 12

const resolved = (schema: JsonObject): JsonObject => {
  const { $ref } = schema
  if (typeof $ref !== 'string') return schema
  const found = schemas[$ref.split('/').at(-1) ?? '']
  assert.ok(isObject(found), $ref)
  return resolved(found)
}

const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** A small value of the schema: what must be there, and every free text marked. */
const sample = (given: JsonObject, depth = 0): unknown => {
  const schema = resolved(given)
  if (depth > depthMax) return {}
  const [choice] = objectsIn(schema['oneOf'] ?? schema['anyOf'])
  if (choice !== undefined) return sample(choice, depth + 1)
  const all = objectsIn(schema['allOf'])
  if (all.length > 0) return Object.assign({}, ...all.map((one) => sample(one, depth + 1)))
  if (Array.isArray(schema['enum'])) return schema['enum'][0]
  switch (schema['type']) {
    case 'string':
      return word
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    case 'array':
      return isObject(schema['items']) ? [sample(schema['items'], depth + 1)] : []
    case 'null':
      return null
    default: {
      const properties = isObject(schema['properties']) ? schema['properties'] : {}
      const required = Array.isArray(schema['required']) ? schema['required'] : []
      const wanted = Object.entries(properties).filter(([name]) => required.includes(name) || name === 'type')
      return Object.fromEntries(
        wanted.map(([name, inner]) => [name, isObject(inner) ? sample(inner, depth + 1) : null]),
      )
    }
  }
}

const kindsOf = (name: string): ReadonlyMap<string, JsonObject> => {
  const schema = schemas[name]
  assert.ok(isObject(schema), name)
  const kinds = objectsIn(schema['oneOf'] ?? schema['anyOf']).flatMap((one) => {
    const inner = objectsIn(resolved(one)['oneOf'] ?? resolved(one)['anyOf'])
    return (inner.length > 0 ? inner : [one]).map((kind) => sample(kind) as JsonObject)
  })
  return new Map(kinds.map((kind) => [String(kind['type'] ?? kind['role']), kind]))
}

const others = behind.filter(({ name }) => name !== 'openai-responses')
const responses = protocols['openai-responses']
const user = { type: 'message', role: 'user', content: 'hello' }
/** Said of the thing itself; what is only about the neighbours of it says nothing. */
const about = (warnings: readonly Warning[], place: RegExp): boolean => warnings.some(({ field }) => place.test(field))

/** Whether the request says the marked thing, refuses it, or warns of it. */
const isAccounted = (body: JsonObject, to: (typeof others)[number], place: RegExp): boolean => {
  const call = responses.server.readCall(inboundOf(Buffer.from(JSON.stringify({ model: 'm', ...body }))))
  const target = { dialect: { ...compatibleDialect, thinking: 'budget' as const }, outputMax: 1_000 }
  try {
    const { value, warnings } = translateCall(call, { from: responses, to, target })
    return about(warnings, place) || JSON.stringify(value.call.body()).includes(word)
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    assert.equal(thrown.row.blame, 'caller')
    return true
  }
}

describe("the kinds of OpenAI's document in other formats", () => {
  test('items of an input', () => {
    const kinds = kindsOf('Item')
    assert.ok(kinds.size >= 25, [...kinds.keys()].join())
    for (const [kind, item] of kinds)
      for (const to of others)
        assert.ok(isAccounted({ input: [user, item] }, to, /^(?:messages|input)/), `${kind} to ${to.name}`)
  })

  test('tools', () => {
    const kinds = kindsOf('Tool')
    assert.ok(kinds.size >= 10, [...kinds.keys()].join())
    for (const [kind, tool] of kinds)
      for (const to of others) {
        // What targets have of their own is said in their words; its settings are warned of.
        const isSearch = kind.startsWith('web_search')
        const body = { input: [user], tools: [tool] }
        const call = responses.server.readCall(inboundOf(Buffer.from(JSON.stringify({ model: 'm', ...body }))))
        const said = isSearch && /search/i.test(JSON.stringify(translated(call, to)))
        assert.ok(said || isAccounted(body, to, /^tools/), `${kind} to ${to.name}`)
      }
  })

  test('inclusions', () => {
    const { enum: values } = schemas['IncludeEnum'] as { readonly enum: readonly string[] }
    const honoured = new Set(['reasoning.encrypted_content', 'message.output_text.logprobs'])
    for (const value of values)
      for (const to of others) {
        if (honoured.has(value)) continue
        assert.ok(isAccounted({ input: [user], include: [value] }, to, /^include/), `${value} to ${to.name}`)
      }
  })

  test('items of an answer', () => {
    const kinds = kindsOf('OutputItem')
    assert.ok(kinds.size >= 20, [...kinds.keys()].join())
    for (const [kind, item] of kinds)
      for (const to of inFront) {
        if (to.name === 'openai-responses') continue
        const document = { id: 'r', object: 'response', status: 'completed', model: 'm', output: [item], usage: null }
        const call = responses.server.readCall(inboundOf(Buffer.from('{"model":"m","input":"x"}')))
        const head = { status: 200, headers: { 'content-type': 'application/json' } }
        const inner = responses.client.readReply(call, head, { whole: true })
        const asked = { id: 'call_1', origin: '' }
        const writer = to.server.writeReply({ call: callerOf(to, false), asked, nowMs: 0 })
        const reader = translatedReader(inner, writer, { stream: false })
        const frames = [...reader.read(Buffer.from(JSON.stringify(document))), ...reader.end()]
        const text = Buffer.concat(frames.map(({ raw }) => raw)).toString('utf8')
        const told = writer.warnings?.() ?? []
        assert.ok(text.includes(word) || told.length > 0, `${kind} to ${to.name}: ${text}`)
      }
  })
})

function translated(call: ReturnType<typeof responses.server.readCall>, to: (typeof others)[number]): JsonObject {
  const target = { dialect: { ...compatibleDialect, thinking: 'budget' as const }, outputMax: 1_000 }
  return translateCall(call, { from: responses, to, target }).value.call.body()
}
