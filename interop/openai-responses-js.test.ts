import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import OpenAI from 'openai'
import { stream } from '../test/fake/answer.ts'
import type { Stage } from './stage.ts'
import { startStage } from './stage.ts'

const weather = {
  type: 'function' as const,
  name: 'weather',
  description: 'The weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
}

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

describe('OpenAI’s SDK for JavaScript, its Responses, and providers of Chat Completions', () => {
  let stage: Stage
  let sandbox: OpenAI
  let live: OpenAI
  before(async () => {
    stage = await startStage()
    sandbox = new OpenAI({ baseURL: stage.baseUrl, apiKey: stage.testKey, maxRetries: 0 })
    live = new OpenAI({ baseURL: stage.baseUrl, apiKey: stage.liveKey, maxRetries: 0 })
  })
  after(() => stage.close())

  test('a response, whole and through the stream helper', async () => {
    const asked = { model: 'gpt-4.1', input: 'three small words' }
    const whole = await sandbox.responses.create(asked)
    assert.equal(whole.output_text, 'three small words')
    assert.equal(whole.status, 'completed')
    const streamed = await sandbox.responses.stream(asked).finalResponse()
    assert.equal(streamed.output_text, whole.output_text)
    assert.equal(streamed.usage?.output_tokens, whole.usage?.output_tokens)
  })

  test('an answer of a schema, parsed', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    }
    const parsed = await sandbox.responses.parse({
      model: 'gpt-4.1',
      input: 'where?',
      text: { format: { type: 'json_schema', name: 'place', schema, strict: true } },
    })
    assert.equal(typeof JSON.parse(parsed.output_text).city, 'string')
  })

  test('thought, two calls in turns, and their results sent back', async () => {
    stage.upstream.answer(
      stream([
        chunk({ role: 'assistant', content: null, reasoning_content: 'Both it is.' }),
        chunk({
          tool_calls: [{ index: 0, id: 'w:0', type: 'function', function: { name: 'weather', arguments: '' } }],
        }),
        chunk({
          tool_calls: [{ index: 1, id: 'w:1', type: 'function', function: { name: 'weather', arguments: '' } }],
        }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
        chunk({ tool_calls: [{ index: 1, function: { arguments: '{"city":"Lima"}' } }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] }),
        chunk({}, 'tool_calls'),
        'data: [DONE]\n\n',
      ]),
    )
    const asked = { model: 'fake/any', tools: [weather] }
    const first = await live.responses.stream({ ...asked, input: 'Weather in both?' }).finalResponse()
    assert.deepEqual(
      first.output.map((item) => (item.type === 'function_call' ? [item.call_id, item.arguments] : item.type)),
      ['reasoning', ['w:0', '{"city":"Oslo"}'], ['w:1', '{"city":"Lima"}']],
    )
    stage.upstream.answer(
      stream([chunk({ role: 'assistant', content: 'Cold, warm.' }), chunk({}, 'stop'), 'data: [DONE]\n\n']),
    )
    const results = ['w:0', 'w:1'].map((id) => ({
      type: 'function_call_output' as const,
      call_id: id,
      output: `result of ${id}`,
    }))
    const last = await live.responses
      .stream({
        ...asked,
        input: [{ role: 'user', content: 'Weather in both?' }, ...first.output, ...results] as never,
      })
      .finalResponse()
    assert.equal(last.output_text, 'Cold, warm.')
  })

  test('kept, fetched, continued, deleted', async () => {
    const kept = await sandbox.responses.create({ model: 'gpt-4.1', input: 'one', store: true })
    assert.equal((await sandbox.responses.retrieve(kept.id)).output_text, 'one')
    const next = await sandbox.responses.create({
      model: 'gpt-4.1',
      input: 'two',
      previous_response_id: kept.id,
      store: true,
    })
    const items = await sandbox.responses.inputItems.list(next.id)
    assert.equal(items.data.length, 3)
    await sandbox.responses.delete(kept.id)
    await assert.rejects(sandbox.responses.retrieve(kept.id), OpenAI.NotFoundError)
  })

  test('a stream that breaks off, and one that tells an error, raise', async () => {
    const failing = [
      [chunk({ role: 'assistant', content: 'Half' })],
      [
        chunk({ role: 'assistant', content: 'Half' }),
        `data: ${JSON.stringify({ error: { message: 'It broke.', type: 'server_error' } })}\n\n`,
      ],
    ]
    for (const pieces of failing) {
      stage.upstream.answer(stream(pieces))
      await assert.rejects(live.responses.stream({ model: 'fake/any', input: 'x' }).finalResponse())
    }
    await assert.rejects(
      sandbox.responses.create({ model: 'gpt-4.1', input: 'sandbox:status=429' }),
      OpenAI.RateLimitError,
    )
  })
})
