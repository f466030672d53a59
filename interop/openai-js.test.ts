import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import OpenAI, { toFile } from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { stream, whole } from '../test/fake/answer.ts'
import { completion } from '../test/fake/openai.ts'
import type { Stage } from './stage.ts'
import { completionsAsked, startStage } from './stage.ts'

const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

/** Two tool calls whose arguments come in turns, as providers stream them. */
const parallelCalls = [
  { role: 'assistant', content: null },
  { tool_calls: [{ index: 0, id: 'weather:0', type: 'function', function: { name: 'weather', arguments: '' } }] },
  { tool_calls: [{ index: 1, id: 'weather:1', type: 'function', function: { name: 'weather', arguments: '' } }] },
  { tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] },
  { tool_calls: [{ index: 1, function: { arguments: '{"city":"Lima"' } }] },
  { tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] },
  { tool_calls: [{ index: 1, function: { arguments: '}' } }] },
]

describe('openai for JavaScript', () => {
  let stage: Stage
  let sandbox: OpenAI
  let live: OpenAI
  before(async () => {
    stage = await startStage()
    sandbox = new OpenAI({ baseURL: stage.baseUrl, apiKey: stage.testKey, maxRetries: 0 })
    live = new OpenAI({ baseURL: stage.baseUrl, apiKey: stage.liveKey, maxRetries: 0 })
  })
  after(() => stage.close())

  test('chat, whole and streamed', async () => {
    const messages = [{ role: 'user' as const, content: 'three small words' }]
    const { data, response, request_id } = await sandbox.chat.completions
      .create({ model: 'kimi-k2', messages, temperature: 0.7, max_tokens: 512 })
      .withResponse()
    assert.equal(data.choices[0]?.message.content, 'three small words')
    assert.ok(request_id)
    assert.ok(Number(response.headers.get('openai-processing-ms')) >= 0)

    const running = await sandbox.chat.completions.create({
      model: 'kimi-k2',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const words: string[] = []
    let tokens = 0
    for await (const chunk of running) {
      const word = chunk.choices[0]?.delta.content
      if (word) words.push(word)
      tokens = chunk.usage?.total_tokens ?? tokens
    }
    assert.equal(words.join(''), 'three small words')
    assert.ok(words.length >= 3)
    assert.ok(tokens > 0)
  })

  test('the stream helper of the SDK', async () => {
    const running = sandbox.chat.completions.stream({
      model: 'gpt-4.1',
      messages: [{ role: 'user', content: 'hello stream helper' }],
    })
    assert.equal((await running.finalChatCompletion()).choices[0]?.finish_reason, 'stop')
    assert.equal(await running.finalContent(), 'hello stream helper')
  })

  test('a tool called in the sandbox, its result sent back', async () => {
    const asked = { role: 'user' as const, content: 'use the tool for Oslo' }
    const first = await sandbox.chat.completions.create({ model: 'kimi-k2', messages: [asked], tools: [weather] })
    const message = first.choices[0]?.message
    const call = message?.tool_calls?.[0]
    assert.ok(message && call?.type === 'function')
    assert.equal(call.function.name, 'weather')
    assert.equal(first.choices[0]?.finish_reason, 'tool_calls')
    const result = { role: 'tool' as const, tool_call_id: call.id, content: 'rain' }
    const second = await sandbox.chat.completions.create({
      model: 'kimi-k2',
      messages: [asked, message, result],
      tools: [weather],
    })
    assert.equal(second.choices[0]?.finish_reason, 'stop', 'after a result the sandbox answers')
  })

  test('parallel tool calls of a provider, put together by the SDK', async () => {
    const chunk = (delta: object, finish: string | null = null): string =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
    const events = [...parallelCalls.map((delta) => chunk(delta)), chunk({}, 'tool_calls'), 'data: [DONE]\n\n']
    stage.upstream.answerOnce(stream(events))
    const running = live.chat.completions.stream({
      model: 'fake/any-model',
      messages: [{ role: 'user', content: 'weather in Oslo and Lima' }],
      tools: [weather],
      parallel_tool_calls: true,
    })
    const calls = (await running.finalChatCompletion()).choices[0]?.message.tool_calls ?? []
    assert.deepEqual(
      calls.map((call) => (call.type === 'function' ? [call.id, call.function.arguments] : [])),
      [
        ['weather:0', '{"city":"Oslo"}'],
        ['weather:1', '{"city":"Lima"}'],
      ],
    )
  })

  test('structured output, parsed by the SDK', async () => {
    const shape = z.object({ name: z.string(), size: z.number(), kind: z.enum(['small', 'large']) })
    const parsed = await sandbox.chat.completions.parse({
      model: 'kimi-k2',
      messages: [{ role: 'user', content: 'describe a boat' }],
      response_format: zodResponseFormat(shape, 'boat'),
    })
    assert.ok(shape.safeParse(parsed.choices[0]?.message.parsed).success)
  })

  test('what the SDK sends reaches the provider: parts, reasoning effort, logprobs, seed', async () => {
    stage.upstream.forget()
    stage.upstream.answerOnce(whole(completion()))
    const parts = [
      { type: 'text' as const, text: 'what is this?' },
      { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' as const } },
      { type: 'input_audio' as const, input_audio: { data: 'UklGRg==', format: 'wav' as const } },
    ]
    const wish = { seed: 7, n: 2, logprobs: true, top_logprobs: 2, reasoning_effort: 'low' as const, stop: ['x'] }
    await live.chat.completions.create({ model: 'fake/a', messages: [{ role: 'user', content: parts }], ...wish })
    const sent = JSON.parse(String(completionsAsked(stage.upstream)[0])) as Record<string, unknown>
    assert.deepEqual(sent, { model: 'a', messages: [{ role: 'user', content: parts }], ...wish })
    const seen = await sandbox.chat.completions.create({
      model: 'kimi-k2',
      messages: [{ role: 'user', content: parts.slice(0, 2) }],
    })
    assert.match(seen.choices[0]?.message.content ?? '', /what is this/)
  })

  test('models, embeddings, moderations', async () => {
    const ids: string[] = []
    for await (const model of sandbox.models.list()) ids.push(model.id)
    assert.ok(ids.includes('kimi-k2') && ids.includes('gpt-4.1'))
    assert.equal((await sandbox.models.retrieve('kimi-k2')).id, 'kimi-k2')
    // The SDK asks for base64 and gives numbers back: both ways must work.
    const vectors = await sandbox.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] })
    assert.equal(vectors.data.length, 2)
    assert.ok(vectors.data[0]?.embedding.every((value) => Number.isFinite(value)))
    const judged = await sandbox.moderations.create({ model: 'omni-moderation-latest', input: 'hello' })
    assert.equal(judged.results[0]?.flagged, false)
  })

  test('images, speech, transcription, completions', async () => {
    const images = await sandbox.images.generate({ model: 'gpt-image-2', prompt: 'a boat' })
    assert.ok(Buffer.from(images.data?.[0]?.b64_json ?? '', 'base64').length > 8)
    const speech = await sandbox.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'hello' })
    const sound = Buffer.from(await speech.arrayBuffer())
    assert.ok(sound.length > 40)
    const heard = await sandbox.audio.transcriptions.create({ model: 'ear', file: await toFile(sound, 'a.mp3') })
    assert.equal(typeof heard.text, 'string')
    const told = await sandbox.completions.create({ model: 'kimi-k2', prompt: 'once' })
    assert.match(told.choices[0]?.text ?? '', /once/)
  })

  test('a live call that Kimi would refuse is adjusted, and said so', async () => {
    stage.kimi.forget()
    const { data, response } = await live.chat.completions
      .create({ model: 'kimi-k2', messages: [{ role: 'user', content: 'ping' }], temperature: 0.7, max_tokens: 512 })
      .withResponse()
    assert.equal(data.choices[0]?.message.content, 'pong')
    assert.match(response.headers.get('x-drover-warnings') ?? '', /temperature/)
    const sent = JSON.parse(String(completionsAsked(stage.kimi)[0])) as Record<string, unknown>
    assert.ok(sent['temperature'] === undefined || sent['temperature'] === 1)
    const running = live.chat.completions.stream({
      model: 'kimi-k2',
      messages: [{ role: 'user', content: 'ping' }],
      temperature: 0.7,
    })
    assert.equal(await running.finalContent(), 'pong')
  })
})
