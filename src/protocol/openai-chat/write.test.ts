import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { usageOf } from '#base/usage.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext } from '#protocol/protocol.ts'
import { openaiChat } from './index.ts'

const contextOf = (request: object): ReplyContext => ({
  call: openaiChat.server.readCall(inboundOf(JSON.stringify({ model: 'm', messages: [], ...request }))),
  asked: { id: 'call_1', origin: '' },
  nowMs: 1_790_000_000_999,
})

const at = { choice: 0, block: 0 }

const answer: readonly Part[] = [
  { type: 'start', id: null, model: null, createdMs: null },
  { type: 'ping' },
  { type: 'text-start', ...at },
  { type: 'text-delta', ...at, text: 'Hi' },
  { type: 'text-end', ...at },
  { type: 'finish', choice: 0, reason: 'stop', raw: 'end_turn' },
  { type: 'usage', usage: usageOf({ input: 3, output: 4, cachedInput: 1 }), raw: { input_tokens: 3 } },
]

const write = (parts: readonly Part[], request: object): string => {
  const writer = openaiChat.server.writeReply(contextOf(request))
  const pieces = parts.map((part) => writer.write(part)).filter((bytes) => bytes !== null)
  return Buffer.concat([...pieces, writer.end()]).toString('utf8')
}

const chunk = (choices: object[], rest: object = {}): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-call_1', object: 'chat.completion.chunk', created: 1_790_000_000, model: 'm', choices, ...rest })}\n\n`

test('a stream begins with the role and ends with [DONE]', () => {
  assert.equal(
    write(answer, { stream: true }),
    chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]) +
      ': keep-alive\n\n' +
      chunk([{ index: 0, delta: { content: 'Hi' }, finish_reason: null }]) +
      chunk([{ index: 0, delta: {}, finish_reason: 'stop', native_finish_reason: 'end_turn' }]) +
      'data: [DONE]\n\n',
  )
})

test('usage goes to a caller who asked for it', () => {
  const usage = {
    prompt_tokens: 3,
    completion_tokens: 4,
    total_tokens: 7,
    prompt_tokens_details: { cached_tokens: 1 },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
  const text = write(answer, { stream: true, stream_options: { include_usage: true } })
  assert.ok(text.endsWith(`${chunk([], { usage })}data: [DONE]\n\n`))
})

test('unknown usage is not told as zero', () => {
  const unknown = answer.map((part) => (part.type === 'usage' ? { ...part, usage: usageOf({ input: 3 }) } : part))
  assert.ok(!write(unknown, { stream: true, stream_options: { include_usage: true } }).includes('usage'))
  assert.equal(JSON.parse(write(unknown, {})).usage, undefined)
})

test('a document has it all', () => {
  const whole = JSON.parse(write(answer, {}))
  assert.deepEqual(
    [whole.id, whole.object, whole.created, whole.model, whole.usage.total_tokens],
    ['chatcmpl-call_1', 'chat.completion', 1_790_000_000, 'm', 7],
  )
  assert.deepEqual(whole.choices, [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hi', refusal: null },
      logprobs: null,
      finish_reason: 'stop',
      native_finish_reason: 'end_turn',
    },
  ])
})

test('a tool of the provider’s own is never given to the caller to run', () => {
  const parts: readonly Part[] = [
    { type: 'tool-input-start', ...at, id: 's1', name: 'web_search', kind: 'function', executor: 'provider' },
    { type: 'tool-input-delta', ...at, text: '{"q":"x"}' },
    { type: 'tool-input-end', ...at },
    { type: 'tool-result', ...at, id: 's1', name: 'web_search', output: {} },
    { type: 'finish', choice: 0, reason: 'stop', raw: null },
  ]
  for (const stream of [true, false]) assert.ok(!write(parts, { stream }).includes('web_search'))
})

test('after an error nothing looks like an end', () => {
  const error: Part = { type: 'error', problem: new Problem('upstream_error', { message: 'It broke.' }), raw: null }
  const streamed = write([...answer.slice(0, 4), error, ...answer.slice(4)], { stream: true })
  assert.ok(!streamed.includes('[DONE]') && !streamed.includes('"stop"'))
  assert.equal(JSON.parse(streamed.trimEnd().split('\n\n').at(-1)?.slice(6) ?? '').error.code, 'upstream_error')
  assert.equal(JSON.parse(write([...answer, error], {})).error.code, 'upstream_error')
})

test('a citation of another format becomes an annotation', () => {
  const citation: Part = {
    type: 'citation',
    ...at,
    url: 'https://a.example',
    title: null,
    start: 1,
    end: null,
    raw: { page: 3 },
  }
  const whole = JSON.parse(write([citation], {}))
  assert.deepEqual(whole.choices[0].message.annotations, [
    { type: 'url_citation', url_citation: { url: 'https://a.example', title: '', start_index: 1, end_index: 0 } },
  ])
})

test('sound that was encoded piece by piece is joined as bytes', () => {
  const piece = (data: string): Part => ({ type: 'audio-delta', ...at, data, transcript: null })
  const whole = JSON.parse(write([piece('AA=='), piece('AQ==')], {}))
  assert.equal(whole.choices[0].message.audio.data, Buffer.from([0, 1]).toString('base64'))
})
