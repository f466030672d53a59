import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import type { ProtocolName } from '#protocol/protocol.ts'
import { fieldOf, fileOf, formOf, inboundOf } from './test-inbound.ts'

const read = (body: Parameters<typeof inboundOf>[0], name: ProtocolName = 'openai-chat', path?: string): Call =>
  protocols[name].server.readCall(inboundOf(body, path))

const refusal = (body: Parameters<typeof inboundOf>[0], name: ProtocolName = 'openai-chat'): Problem => {
  try {
    read(body, name)
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown
    throw thrown
  }
  return assert.fail(`accepted: ${String(body)}`)
}

const chat = (fields: object): string => JSON.stringify({ model: 'm', messages: [], ...fields })

test('what the relay acts on is read', () => {
  const call = read(
    chat({
      model: 'kimi-k2',
      stream: true,
      n: 3,
      max_tokens: 5,
      max_completion_tokens: 9,
      stream_options: { include_usage: true, include_obfuscation: false },
      usage: { include: true },
      models: ['a', 'b'],
      provider: { order: ['x'] },
      anything: { else: [1] },
    }),
  )
  assert.equal(call.protocol, 'openai-chat')
  assert.equal(call.kind, 'chat')
  assert.equal(call.endpoint, 'chat/completions')
  assert.equal(call.id, 'call_01test')
  assert.equal(call.model, 'kimi-k2')
  assert.equal(call.stream, true)
  assert.equal(call.choices, 3)
  assert.equal(call.outputMax, 9)
  assert.deepEqual(call.models, ['a', 'b'])
  assert.deepEqual(call.usageWish, { inStream: true, cost: true })
  assert.deepEqual(call.body()['anything'], { else: [1] })
  assert.equal(call.body(), call.body())
})

test('what is absent or null has its default', () => {
  for (const fields of [
    {},
    { stream: null, n: null, max_tokens: null, stream_options: null, usage: null, models: null },
  ]) {
    const call = read(chat(fields))
    assert.deepEqual(
      [call.stream, call.choices, call.outputMax, call.models, call.usageWish],
      [false, 1, null, [], { inStream: false, cost: false }],
    )
  }
})

test('a maximum below zero is none', () => {
  assert.equal(read(chat({ max_tokens: -1 })).outputMax, null)
  assert.equal(read(chat({ max_tokens: 0 })).outputMax, 0)
})

test('of two equal keys the last counts, as everywhere', () => {
  assert.equal(read('{"model":"a","messages":[],"model":"b"}').model, 'b')
})

test('a list of models needs no model beside it', () => {
  const call = read('{"models":["a","b"],"messages":[]}')
  assert.deepEqual([call.model, call.models], ['a', ['a', 'b']])
  assert.equal(refusal('{"models":[],"messages":[]}').detail.param, 'model')
})

const wrong: ReadonlyArray<readonly [body: string, param: string, words: RegExp]> = [
  ['{}', 'model', /no 'model'/],
  [chat({ model: null }), 'model', /no 'model'/],
  [chat({ model: 7 }), 'model', /a string is expected, and an integer was sent/],
  [chat({ model: '' }), 'model', /empty/],
  ['{"model":"m"}', 'messages', /no 'messages'/],
  [chat({ messages: null }), 'messages', /no 'messages'/],
  [chat({ messages: 'hi' }), 'messages', /an array is expected, and a string was sent/],
  [chat({ messages: {} }), 'messages', /an object was sent/],
  [chat({ stream: 'true' }), 'stream', /a boolean is expected, and a string was sent/],
  [chat({ stream: 1 }), 'stream', /an integer was sent/],
  [chat({ max_tokens: '5' }), 'max_tokens', /an integer is expected/],
  [chat({ max_tokens: 1.5 }), 'max_tokens', /a decimal number was sent/],
  [chat({ max_tokens: 1e30 }), 'max_tokens', /a number that is too large was sent/],
  [chat({ max_completion_tokens: [] }), 'max_completion_tokens', /an array was sent/],
  [chat({ n: 0 }), 'n', /at least 1/],
  [chat({ n: true }), 'n', /a boolean was sent/],
  [chat({ stream_options: [] }), 'stream_options', /an object is expected/],
  [chat({ stream_options: { include_usage: 1 } }), 'stream_options.include_usage', /a boolean is expected/],
  [chat({ usage: true }), 'usage', /an object is expected/],
  [chat({ usage: { include: 'yes' } }), 'usage.include', /a boolean is expected/],
  [chat({ models: 'a' }), 'models', /an array of strings is expected/],
  [chat({ models: ['a', 2] }), 'models[1]', /a string is expected/],
  [chat({ models: Array(17).fill('a') }), 'models', /at most 16/],
  [chat({ provider: 'x' }), 'provider', /an object is expected/],
]

describe('a wrong field is named', () => {
  for (const [body, param, words] of wrong) {
    test(`${param}: ${body.slice(0, 70)}`, () => {
      const problem = refusal(body)
      assert.equal(problem.code, 'invalid_request_error')
      assert.equal(problem.detail.param, param)
      assert.match(problem.message, words)
    })
  }
})

test('what is no JSON object is refused as such', () => {
  for (const body of ['', '[]', '{"model":"m"', '{"a":1}x', '{"model":"\ud800"'])
    assert.equal(refusal(body).code, 'invalid_json', body)
  assert.equal(refusal(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])).code, 'invalid_json')
  assert.equal(refusal({ kind: 'none' }).code, 'invalid_json')
})

test('other media are refused, a missing content-type is not', () => {
  const bytes = Buffer.from(chat({}))
  const sent = (contentType: string) => ({ kind: 'bytes', bytes, contentType }) as const
  for (const contentType of ['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'a/b+json', ''])
    assert.equal(read(sent(contentType)).model, 'm')
  for (const contentType of ['text/plain', 'application/x-www-form-urlencoded']) {
    const problem = refusal(sent(contentType))
    assert.equal(problem.code, 'unsupported_media_type')
    assert.match(problem.message, /application\/json/)
  }
  assert.equal(refusal({ kind: 'form', form: formOf([]) }).code, 'unsupported_media_type')
})

test('each endpoint asks for what it cannot do without', () => {
  assert.equal(refusal('{"model":"m"}', 'openai-embeddings').detail.param, 'input')
  assert.equal(refusal('{"model":"m"}', 'openai-speech').detail.param, 'input')
  assert.equal(refusal('{"model":"m","query":"q","documents":"d"}', 'openai-rerank').detail.param, 'documents')
  assert.equal(refusal('{"model":"m","documents":[]}', 'openai-rerank').detail.param, 'query')
  assert.equal(refusal('{"file":"x"}', 'openai-transcriptions').detail.param, 'model')
  assert.equal(read('{"input":"x"}', 'openai-moderations').model, 'omni-moderation-latest')
  assert.equal(read('{"prompt":"x"}', 'openai-images').model, 'gpt-image-2')
})

test('the endpoint is one of the protocol’s own, whatever the path', () => {
  const path = (name: ProtocolName, text: string): string => read('{"model":"m","prompt":"x"}', name, text).endpoint
  assert.equal(path('openai-images', '/v1/images/edits'), 'images/edits')
  assert.equal(path('openai-images', '/v1/images/variations'), 'images/variations')
  assert.equal(path('openai-images', '/v1/images/../../admin'), 'images/generations')
  assert.equal(path('openai-transcriptions', '/v1/audio/translations'), 'audio/translations')
})

test('a batch of prompts is answered prompt by prompt, with the best of several each', () => {
  const completion = (fields: object): Call => read(JSON.stringify({ model: 'm', ...fields }), 'openai-completions')
  assert.equal(completion({ prompt: 'a' }).choices, 1)
  assert.equal(completion({ prompt: ['a', 'b'], n: 2 }).choices, 4)
  assert.equal(completion({ prompt: [1, 2, 3] }).choices, 1)
  assert.equal(completion({ prompt: [[1], [2]], best_of: 3, n: 1 }).choices, 6)
  assert.equal(completion({}).choices, 1)
})

test('a form is read by its fields', () => {
  const form = formOf([
    fieldOf('model', 'whisper-1'),
    fieldOf('stream', 'true'),
    fieldOf('n', '2'),
    fieldOf('timestamp_granularities[]', 'word'),
    fileOf('file', 'RIFF'),
  ])
  const call = read({ kind: 'form', form }, 'openai-transcriptions', '/v1/audio/transcriptions')
  assert.equal(call.model, 'whisper-1')
  assert.equal(call.stream, true)
  assert.equal(call.payload.kind, 'form')
  assert.equal(call.inputBytes, 'whisper-1true2word'.length)
  assert.deepEqual(call.body(), { model: 'whisper-1', stream: 'true', n: '2', 'timestamp_granularities[]': ['word'] })
  const images = formOf([fieldOf('prompt', 'x'), fieldOf('n', '2')])
  assert.equal(read({ kind: 'form', form: images }, 'openai-images').choices, 2)
  const wrongFlag = formOf([fieldOf('model', 'm'), fieldOf('stream', 'yes')])
  assert.equal(refusal({ kind: 'form', form: wrongFlag }, 'openai-transcriptions').detail.param, 'stream')
  assert.equal(refusal({ kind: 'form', form: formOf([]) }, 'openai-transcriptions').detail.param, 'model')
  const twice = formOf([fieldOf('model', 'a'), fieldOf('model', 'b')])
  assert.equal(refusal({ kind: 'form', form: twice }, 'openai-transcriptions').detail.param, 'model')
})
