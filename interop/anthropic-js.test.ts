import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { stream } from '../test/fake/answer.ts'
import type { Stage } from './stage.ts'
import { startStage } from './stage.ts'

const weather = {
  name: 'weather',
  description: 'The weather of a city.',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
}

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

/** Thought, then two tool calls whose arguments come in turns, as providers stream them. */
const parallelCalls = [
  chunk({ role: 'assistant', content: null, reasoning_content: 'Both it is.' }),
  chunk({
    tool_calls: [{ index: 0, id: 'weather:0', type: 'function', function: { name: 'weather', arguments: '' } }],
  }),
  chunk({
    tool_calls: [{ index: 1, id: 'weather:1', type: 'function', function: { name: 'weather', arguments: '' } }],
  }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
  chunk({ tool_calls: [{ index: 1, function: { arguments: '{"city":"Lima"' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] }),
  chunk({ tool_calls: [{ index: 1, function: { arguments: '}' } }] }),
  chunk({}, 'tool_calls'),
]

describe('Anthropic’s SDK for JavaScript, and providers of Chat Completions', () => {
  let stage: Stage
  let sandbox: Anthropic
  let live: Anthropic
  before(async () => {
    stage = await startStage()
    const baseURL = stage.baseUrl.replace(/\/v1$/, '')
    sandbox = new Anthropic({ baseURL, apiKey: stage.testKey, maxRetries: 0 })
    live = new Anthropic({ baseURL: `${baseURL}/anthropic`, apiKey: stage.liveKey, maxRetries: 0 })
  })
  after(() => stage.close())

  test('a message, whole and through the stream helper', async () => {
    const asked = {
      model: 'claude-sonnet-4.5',
      max_tokens: 100,
      messages: [{ role: 'user' as const, content: 'three small words' }],
    }
    const whole = await sandbox.messages.create(asked)
    assert.deepEqual(whole.content, [{ type: 'text', text: 'three small words' }])
    assert.equal(whole.stop_reason, 'end_turn')
    assert.ok(whole._request_id?.startsWith('call_'))
    const streamed = await sandbox.messages.stream(asked).finalMessage()
    assert.deepEqual(streamed.content, whole.content)
    assert.deepEqual(streamed.usage.output_tokens, whole.usage.output_tokens)
  })

  test('a tool called, its result sent back', async () => {
    const asked = { role: 'user' as const, content: 'use the tool for Oslo' }
    const first = await sandbox.messages.create({
      model: 'kimi-k2',
      max_tokens: 100,
      messages: [asked],
      tools: [weather],
    })
    const [call] = first.content
    assert.ok(call?.type === 'tool_use')
    assert.equal(first.stop_reason, 'tool_use')
    const second = await sandbox.messages.create({
      model: 'kimi-k2',
      max_tokens: 100,
      messages: [
        asked,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'rain' }] },
      ],
      tools: [weather],
    })
    assert.equal(second.stop_reason, 'end_turn')
  })

  test('thought and parallel calls of a provider, put together by the SDK', async () => {
    stage.upstream.answerOnce(stream([...parallelCalls, 'data: [DONE]\n\n']))
    const message = await live.messages
      .stream({ model: 'fake/model', max_tokens: 100, messages: [{ role: 'user', content: 'both' }], tools: [weather] })
      .finalMessage()
    assert.deepEqual(message.content, [
      { type: 'thinking', thinking: 'Both it is.', signature: '' },
      { type: 'tool_use', id: 'weather:0', name: 'weather', input: { city: 'Oslo' } },
      { type: 'tool_use', id: 'weather:1', name: 'weather', input: { city: 'Lima' } },
    ])
    assert.equal(message.stop_reason, 'tool_use')
  })

  test('a stream that the provider breaks off raises, and gives no message', async () => {
    stage.upstream.answerOnce(stream(parallelCalls.slice(0, 4)))
    const running = live.messages.stream({
      model: 'fake/model',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'x' }],
    })
    await assert.rejects(running.finalMessage(), Anthropic.APIError)
  })

  test('errors raise the SDK’s own classes', async () => {
    const say = (directive: string): Promise<unknown> =>
      sandbox.messages.create({
        model: 'kimi-k2',
        max_tokens: 10,
        messages: [{ role: 'user', content: `sandbox:${directive} x` }],
      })
    await assert.rejects(say('status=529'), { status: 529, type: 'overloaded_error' })
    await assert.rejects(say('status=429'), Anthropic.RateLimitError)
    await assert.rejects(say('status=401'), Anthropic.AuthenticationError)
    await assert.rejects(
      sandbox.messages.create({ model: 'nope', max_tokens: 1, messages: [] }),
      Anthropic.NotFoundError,
    )
  })

  test('tokens are counted and models listed page by page', async () => {
    const counted = await sandbox.messages.countTokens({
      model: 'kimi-k2',
      messages: [{ role: 'user', content: 'Hello' }],
    })
    assert.ok(counted.input_tokens > 0)
    const ids: string[] = []
    for await (const model of sandbox.models.list({ limit: 100 })) ids.push(model.id)
    assert.ok(ids.includes('kimi-k2') && ids.length > 100)
    assert.equal(new Set(ids).size, ids.length)
    assert.equal((await sandbox.models.retrieve('kimi-k2')).type, 'model')
  })
})
