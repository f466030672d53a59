/** Vercel's `ai` with its own providers: one driver for each of them. */

import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModel, LanguageModelUsage, ModelMessage, ToolSet } from 'ai'
import { APICallError, generateText, isStepCount, Output, RetryError, streamText, tool } from 'ai'
import { z } from 'zod'
import type { Driver, Fault, OpenOptions, Session, Told, Wish } from '../driver.ts'
import { cityOf, faultBy } from '../driver.ts'
import { png, weatherOf, weatherTool } from '../script.ts'
import { boat } from './openai-chat.ts'

type Provider = {
  readonly model: (name: string) => LanguageModel
  readonly thinks: NonNullable<Parameters<typeof generateText>[0]['providerOptions']>
  readonly retriesMax: number
}

const inputSchema = z.object({ city: z.string() })
const weather = tool({ description: weatherTool.description, inputSchema })

const firstMessages = ({ prompt, image }: Wish): ModelMessage[] => [
  {
    role: 'user',
    content: [
      { type: 'text', text: prompt },
      ...(image === true ? [{ type: 'file' as const, data: png, mediaType: 'image/png' }] : []),
    ],
  },
]

const figuresOf = ({ inputTokens, outputTokens, inputTokenDetails, outputTokenDetails }: LanguageModelUsage) => ({
  input: inputTokens ?? null,
  cached: inputTokenDetails.cacheReadTokens ?? null,
  output: outputTokens ?? null,
  reasoning: outputTokenDetails.reasoningTokens ?? null,
})

const settingsOf = (provider: Provider, wish: Wish, messages: ModelMessage[]) => ({
  model: provider.model(wish.model),
  messages,
  maxRetries: provider.retriesMax,
  ...(wish.system === undefined ? {} : { instructions: wish.system }),
  ...(wish.tool === true ? { tools: { weather: weather as unknown as ToolSet[string] } } : {}),
  ...(wish.think === true ? { providerOptions: provider.thinks } : {}),
  ...(wish.signal === undefined ? {} : { abortSignal: wish.signal }),
})

type Heard = {
  readonly text: string
  readonly pieces: number
  readonly toolCalls: readonly { readonly toolCallId: string; readonly toolName: string; readonly input: unknown }[]
  readonly finishReason: string
  readonly usage: LanguageModelUsage
  readonly reasoningText: string | undefined
  readonly responseMessages: readonly ModelMessage[]
}

/** A stream tells its errors as parts: its documents say to look for them. */
const streamed = async (provider: Provider, wish: Wish, messages: ModelMessage[]): Promise<Heard> => {
  const running = streamText({ ...settingsOf(provider, wish, messages), onError: () => undefined })
  let pieces = 0
  for await (const part of running.fullStream) {
    if (part.type === 'error') throw part.error
    if (part.type === 'abort') throw new Error('it was left')
    if (part.type !== 'text-delta') continue
    pieces += 1
    wish.onPiece?.()
  }
  const step = await running.finalStep
  return {
    text: step.text,
    pieces,
    toolCalls: step.toolCalls,
    finishReason: step.finishReason,
    usage: step.usage,
    reasoningText: step.reasoningText,
    responseMessages: await running.responseMessages,
  }
}

const whole = async (provider: Provider, wish: Wish, messages: ModelMessage[]): Promise<Heard> => {
  const answer = await generateText(settingsOf(provider, wish, messages))
  const { finalStep: step, responseMessages } = answer
  const { text, toolCalls, finishReason, usage, reasoningText } = step
  return { text, pieces: 1, toolCalls, finishReason, usage, reasoningText, responseMessages }
}

const ask = async (provider: Provider, wish: Wish, messages: ModelMessage[]): Promise<Told> => {
  if (wish.schema === true) {
    const settings = settingsOf(provider, wish, messages)
    const { output, text, finishReason, usage } = await generateText({
      ...settings,
      output: Output.object({ schema: boat }),
    })
    return {
      ...{ text, pieces: 1, calls: [], finish: finishReason, thought: '' },
      usage: figuresOf(usage),
      parsed: output,
    }
  }
  const heard = await (wish.stream === true ? streamed : whole)(provider, wish, messages)
  const next = (results: readonly string[]): Promise<Told> =>
    ask(provider, wish, [
      ...messages,
      ...heard.responseMessages,
      {
        role: 'tool',
        content: heard.toolCalls.map(({ toolCallId, toolName }, index) => ({
          type: 'tool-result' as const,
          toolCallId,
          toolName,
          output: { type: 'text' as const, value: results[index] ?? '' },
        })),
      },
    ])
  return {
    text: heard.text,
    pieces: heard.pieces,
    calls: heard.toolCalls.map(({ toolName, input }) => ({ name: toolName, city: cityOf(input) })),
    finish: heard.finishReason,
    usage: figuresOf(heard.usage),
    thought: heard.reasoningText ?? '',
    next,
  }
}

const runTools = async (provider: Provider, wish: Wish) => {
  const cities: string[] = []
  const running = tool({
    description: weatherTool.description,
    inputSchema,
    execute: ({ city }) => {
      cities.push(city)
      return weatherOf[city] ?? '?'
    },
  })
  const { text } = await generateText({
    ...settingsOf(provider, wish, firstMessages(wish)),
    tools: { weather: running },
    stopWhen: isStepCount(3),
  })
  return { text, cities }
}

/** After its repeats it raises an error that holds the others. */
const faultOf = (thrown: unknown): Fault =>
  faultBy(RetryError.isInstance(thrown) ? thrown.lastError : thrown, ({ statusCode }) => statusCode)

type Maker = (options: OpenOptions) => Omit<Provider, 'retriesMax'>

const driverOf = (own: Pick<Driver, 'name' | 'title' | 'front' | 'loses'>, make: Maker): Driver => ({
  ...own,
  words: { stop: 'stop', length: 'length' },
  kinds: { 0: APICallError.name },
  retries: true,
  lacks: {},
  open: (options): Session => {
    const provider = { ...make(options), retriesMax: options.retriesMax }
    return {
      ask: (wish) => ask(provider, wish, firstMessages(wish)),
      runTools: (wish) => runTools(provider, wish),
    }
  },
  faultOf,
})

const noThought = { why: 'its chat has no field for thought' }

export const aiDrivers: readonly Driver[] = [
  driverOf({ name: 'ai-compatible', title: '`ai` with `@ai-sdk/openai-compatible`', front: 'chat' }, ({ url, key }) => {
    const provider = createOpenAICompatible({
      name: 'drover',
      baseURL: `${url}/v1`,
      apiKey: key,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })
    return { model: (name) => provider(name), thinks: { drover: { reasoningEffort: 'medium' } } }
  }),
  driverOf(
    {
      ...{ name: 'ai-openai-chat', title: '`ai` with `@ai-sdk/openai`, chat', front: 'chat' },
      loses: { 'thinking over turns': noThought, 'thinking, streaming': noThought },
    },
    ({ url, key }) => {
      const provider = createOpenAI({ baseURL: `${url}/v1`, apiKey: key })
      const thinks = { openai: { reasoningEffort: 'medium', forceReasoning: true } }
      return { model: (name) => provider.chat(name), thinks }
    },
  ),
  driverOf(
    { name: 'ai-openai-responses', title: '`ai` with `@ai-sdk/openai`, responses', front: 'responses' },
    ({ url, key }) => {
      const provider = createOpenAI({ baseURL: `${url}/v1`, apiKey: key })
      const thinks = {
        openai: { reasoningEffort: 'medium', reasoningSummary: 'auto', forceReasoning: true, store: false },
      }
      return { model: (name) => provider.responses(name), thinks }
    },
  ),
  driverOf({ name: 'ai-anthropic', title: '`ai` with `@ai-sdk/anthropic`', front: 'messages' }, ({ url, key }) => {
    const provider = createAnthropic({ baseURL: `${url}/v1`, apiKey: key })
    const thinks = { anthropic: { thinking: { type: 'enabled', budgetTokens: 2_000 } } }
    return { model: (name) => provider(name), thinks }
  }),
  driverOf({ name: 'ai-google', title: '`ai` with `@ai-sdk/google`', front: 'google' }, ({ url, key }) => {
    const provider = createGoogle({ baseURL: `${url}/v1beta`, apiKey: key })
    return { model: (name) => provider(name), thinks: { google: { thinkingConfig: { includeThoughts: true } } } }
  }),
]
