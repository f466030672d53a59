import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, embedMany, generateImage, generateText, isStepCount, Output, streamText, tool } from 'ai'
import { z } from 'zod'
import type { Stage } from './stage.ts'
import { startStage } from './stage.ts'

describe('ai with @ai-sdk/openai-compatible', () => {
  let stage: Stage
  const providerFor = (apiKey: string) =>
    createOpenAICompatible({
      name: 'drover',
      baseURL: stage.baseUrl,
      apiKey,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })
  before(async () => {
    stage = await startStage()
  })
  after(() => stage.close())

  test('text, whole and streamed', async () => {
    const drover = providerFor(stage.testKey)
    const whole = await generateText({ model: drover('kimi-k2'), prompt: 'four words and more', temperature: 0.7 })
    assert.equal(whole.text, 'four words and more')
    assert.ok((whole.usage.totalTokens ?? 0) > 0)
    assert.equal(whole.finishReason, 'stop')
    const running = streamText({ model: drover('claude-sonnet-4.5'), prompt: 'four words and more' })
    const pieces: string[] = []
    for await (const piece of running.textStream) pieces.push(piece)
    assert.equal(pieces.join(''), 'four words and more')
    assert.ok(pieces.length >= 4)
    assert.ok(((await running.usage).totalTokens ?? 0) > 0)
  })

  test('a tool, called and answered', async () => {
    const cities: string[] = []
    const weather = tool({
      description: 'The weather of a city.',
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => {
        cities.push(city)
        return 'rain'
      },
    })
    const answer = await generateText({
      model: providerFor(stage.testKey)('kimi-k2'),
      prompt: 'use the tool',
      tools: { weather },
      stopWhen: isStepCount(2),
    })
    assert.equal(cities.length, 1)
    assert.equal(answer.steps.length, 2)
    assert.equal(answer.steps[0]?.finishReason, 'tool-calls')
  })

  test('an object by schema', async () => {
    const schema = z.object({ name: z.string(), sails: z.number() })
    const answer = await generateText({
      model: providerFor(stage.testKey)('kimi-k2'),
      prompt: 'describe a boat',
      output: Output.object({ schema }),
    })
    assert.ok(schema.safeParse(answer.output).success)
  })

  test('embeddings and images', async () => {
    const drover = providerFor(stage.testKey)
    const { embeddings } = await embedMany({
      model: drover.embeddingModel('text-embedding-3-small'),
      values: ['a', 'b', 'c'],
    })
    assert.equal(embeddings.length, 3)
    const { image } = await generateImage({ model: drover.imageModel('gpt-image-2'), prompt: 'a boat' })
    assert.ok(image.uint8Array.length > 8)
  })

  test('errors carry the status and our words', async () => {
    const attempt = generateText({ model: providerFor('hs-live-wrong')('kimi-k2'), prompt: 'hi', maxRetries: 0 })
    const fault: unknown = await attempt.then(
      () => null,
      (raised: unknown) => raised,
    )
    assert.ok(APICallError.isInstance(fault))
    assert.equal(fault.statusCode, 401)
    assert.match(fault.message, /Incorrect API key provided/)
    assert.equal(fault.isRetryable, false)
  })

  test('a strict Kimi behind it', async () => {
    const answer = await generateText({
      model: providerFor(stage.liveKey)('kimi-k2'),
      prompt: 'ping',
      temperature: 0.7,
    })
    assert.equal(answer.text, 'pong')
    const running = streamText({ model: providerFor(stage.liveKey)('kimi-k2'), prompt: 'ping', temperature: 0.7 })
    assert.equal(await running.text, 'pong')
    assert.ok(((await running.usage).outputTokens ?? 0) > 0, 'usage that Kimi keeps inside a choice arrives')
  })
})
