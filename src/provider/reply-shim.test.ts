import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import type { Json, JsonObject } from '#base/json-type.ts'
import { replyMender } from './reply-shim.ts'
import type { WireShim } from './wire-shim.ts'

type Mended = { readonly text: string; readonly told: readonly string[] }

const mend = (text: string, shims: readonly WireShim[], { pieceBytes = 7, isStream = true } = {}): Mended => {
  const told: string[] = []
  const mender = replyMender(shims, isStream, (shim) => told.push(shim))
  assert.ok(mender)
  const bytes = Buffer.from(text)
  const out: Buffer[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) out.push(...mender.feed(bytes.subarray(at, at + pieceBytes)))
  out.push(...mender.end())
  return { text: Buffer.concat(out).toString(), told: [...new Set(told)] }
}

const event = (choice: JsonObject, more: JsonObject = {}): string =>
  `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, finish_reason: null, ...choice }], ...more })}\n\n`
const calls = (...pieces: readonly JsonObject[]): string => event({ delta: { tool_calls: pieces } })
const begin = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: '' },
  ...more,
})
const piece = (text: string, more: JsonObject = {}): JsonObject => ({ function: { arguments: text }, ...more })

const deltasOf = (text: string): readonly JsonObject[] =>
  text
    .split('\n\n')
    .filter((one) => one.startsWith('data: {'))
    .map((one) => JSON.parse(one.slice(6)).choices[0] as JsonObject)

const indicesOf = (text: string): readonly Json[] =>
  deltasOf(text).flatMap((choice) =>
    (((choice['delta'] as JsonObject)?.['tool_calls'] as JsonObject[] | undefined) ?? []).map(
      (call) => call['index'] ?? null,
    ),
  )

describe('tool-index', () => {
  test('calls without an index are numbered by their ids and names', () => {
    const text = `${calls(begin('a'))}${calls(piece('{}'))}${calls(begin('b'))}${calls(piece('{"x":1}'))}data: [DONE]\n\n`
    const mended = mend(text, ['tool-index'])
    assert.deepEqual(indicesOf(mended.text), [0, 0, 1, 1])
    assert.deepEqual(mended.told, ['tool-index'])
    assert.ok(mended.text.endsWith('data: [DONE]\n\n'))
  })

  test('two calls that share the index 0 are told apart, and so are their pieces', () => {
    const text =
      calls(begin('a', { index: 0 })) +
      calls(piece('{}', { index: 0 })) +
      calls(begin('b', { index: 0 })) +
      calls(piece('{}', { index: 0 }))
    assert.deepEqual(indicesOf(mend(text, ['tool-index']).text), [0, 0, 1, 1])
  })

  test('whole calls in one event, as Gemini sends them', () => {
    const text = calls(begin('a'), begin('b'))
    assert.deepEqual(indicesOf(mend(text, ['tool-index']).text), [0, 1])
  })

  test('what is right keeps its bytes, comments and line ends included', () => {
    const text = `: wait\r\n\r\ndata:${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [begin('a', { index: 0 })] } }] }, null, 1).replaceAll('\n', '')}\r\n\r\n${calls(piece('{}', { index: 0 }))}${calls(begin('b', { index: 1 }))}data: [DONE]\n\n`
    for (const pieceBytes of [1, 5, 4_096])
      assert.deepEqual(mend(text, ['tool-index'], { pieceBytes }), { text, told: [] })
  })

  test('an index alone begins a call where no id comes', () => {
    const text = calls(piece('{', { index: 0 })) + calls(piece('}', { index: 0 })) + calls(piece('{}', { index: 1 }))
    assert.deepEqual(mend(text, ['tool-index']), { text, told: [] })
  })
})

describe('tool-finish', () => {
  test('a streamed turn with calls ends as one', () => {
    const text = calls(begin('a', { index: 0 })) + event({ delta: {}, finish_reason: 'stop' })
    const mended = mend(text, ['tool-finish'])
    assert.equal(deltasOf(mended.text).at(-1)?.['finish_reason'], 'tool_calls')
    assert.deepEqual(mended.told, ['tool-finish'])
  })

  test('a whole one as well, and nothing else of it changes', () => {
    const text = JSON.stringify({
      id: 'x',
      choices: [{ index: 0, message: { content: null, tool_calls: [begin('a')] }, finish_reason: 'stop' }],
      odd: [1],
    })
    const mended = mend(text, ['tool-finish'], { isStream: false })
    assert.equal(mended.text, text.replace('"stop"', '"tool_calls"'))
  })

  test('a turn without calls stays, byte for byte', () => {
    const text = `\n ${JSON.stringify({ choices: [{ index: 0, message: { content: 'hi' }, finish_reason: 'stop' }] }, null, 2)}\n`
    assert.deepEqual(mend(text, ['tool-finish'], { isStream: false }), { text, told: [] })
    const stream = event({ delta: { content: 'hi' } }) + event({ delta: {}, finish_reason: 'stop' })
    assert.deepEqual(mend(stream, ['tool-finish', 'tool-index']), { text: stream, told: [] })
  })

  test('length and content_filter say more than tool_calls would', () => {
    const text = calls(begin('a', { index: 0 })) + event({ delta: {}, finish_reason: 'length' })
    assert.deepEqual(mend(text, ['tool-finish']), { text, told: [] })
  })
})

test('usage-position: usage of a choice is copied to the top, unless there is one', () => {
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
  const mended = mend(event({ delta: {}, finish_reason: 'stop', usage }), ['usage-position'])
  assert.deepEqual(JSON.parse(mended.text.slice(6)).usage, usage)
  const both = event({ delta: {}, usage }, { usage })
  assert.deepEqual(mend(both, ['usage-position']), { text: both, told: [] })
})

test('bytes that are no protocol go on as they came', () => {
  for (const text of ['not json "tool_calls"', 'data: {"tool_calls": broken\n\n', '[1]', '']) {
    assert.equal(mend(text, ['tool-index', 'tool-finish'], { isStream: true }).text, text)
    assert.equal(mend(text, ['tool-index', 'tool-finish'], { isStream: false }).text, text)
  }
})

test('a provider that declares none costs nothing', () => {
  assert.equal(
    replyMender([], true, () => undefined),
    null,
  )
  assert.equal(
    replyMender(['tool-ids'], true, () => undefined),
    null,
  )
})
