import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { HumanMessage, SystemMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { z } from 'zod'
import type { Stage } from './stage.ts'
import { startStage } from './stage.ts'

describe('LangChain for JavaScript', () => {
  let stage: Stage
  before(async () => {
    stage = await startStage()
  })
  after(() => stage.close())

  const modelFor = (apiKey: string, more: object = {}): ChatOpenAI =>
    new ChatOpenAI({ model: 'kimi-k2', apiKey, maxRetries: 0, configuration: { baseURL: stage.baseUrl }, ...more })

  test('a chat, whole and streamed', async () => {
    const model = modelFor(stage.testKey, { temperature: 0.7, maxTokens: 512 })
    const messages = [new SystemMessage('be brief'), new HumanMessage('hello from a chain')]
    const answer = await model.invoke(messages)
    assert.equal(answer.text, 'hello from a chain')
    assert.ok(((answer.usage_metadata as { total_tokens?: number } | undefined)?.total_tokens ?? 0) > 0)
    const pieces: string[] = []
    for await (const chunk of await model.stream(messages)) pieces.push(chunk.text)
    assert.equal(pieces.join(''), 'hello from a chain')
    assert.ok(pieces.length >= 4)
  })

  test('tools and structured output', async () => {
    const weather = tool(({ city }: { city: string }) => `rain in ${city}`, {
      name: 'weather',
      description: 'The weather of a city.',
      schema: z.object({ city: z.string() }),
    })
    const answer = await modelFor(stage.testKey).bindTools([weather]).invoke('use the tool')
    assert.equal(answer.tool_calls?.[0]?.name, 'weather')
    const shape = z.object({ name: z.string(), sails: z.number() })
    const boat = await modelFor(stage.testKey).withStructuredOutput(shape, { method: 'jsonSchema' }).invoke('a boat')
    assert.ok(shape.safeParse(boat).success)
  })

  test('embeddings', async () => {
    const embeddings = new OpenAIEmbeddings({
      model: 'text-embedding-3-small',
      apiKey: stage.testKey,
      configuration: { baseURL: stage.baseUrl },
    })
    const vectors = await embeddings.embedDocuments(['a', 'b'])
    assert.equal(vectors.length, 2)
    assert.ok(vectors[0]?.every((value) => Number.isFinite(value)))
  })

  test('a wrong key, and a strict Kimi', async () => {
    await assert.rejects(modelFor('hs-live-wrong').invoke('hi'), /Incorrect API key provided/)
    const answer = await modelFor(stage.liveKey, { temperature: 0.7 }).invoke('ping')
    assert.equal(answer.text, 'pong')
  })
})
