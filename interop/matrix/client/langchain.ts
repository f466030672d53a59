import { ChatAnthropic } from '@langchain/anthropic'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import type { AIMessage, AIMessageChunk, BaseMessage, UsageMetadata } from '@langchain/core/messages'
import { HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { z } from 'zod'
import type { Driver, OpenOptions, Session, Told, Wish } from '../driver.ts'
import { faultBy } from '../driver.ts'
import { png, weatherTool } from '../script.ts'
import { boat, openaiKinds } from './openai-chat.ts'

const weather = tool(() => '', {
  name: weatherTool.name,
  description: weatherTool.description,
  schema: z.object({ city: z.string() }),
})

const firstMessages = ({ prompt, system, image }: Wish): BaseMessage[] => [
  ...(system === undefined ? [] : [new SystemMessage(system)]),
  new HumanMessage({
    content:
      image === true
        ? [
            { type: 'text', text: prompt },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          ]
        : prompt,
  }),
]

const finishOf = ({ response_metadata: meta, additional_kwargs: more }: AIMessage): string | null => {
  const reason = (meta['incomplete_details'] as { reason?: string } | null | undefined)?.reason
  const said: unknown = reason ?? meta['finish_reason'] ?? meta['stop_reason'] ?? more['stop_reason'] ?? meta['status']
  return typeof said === 'string' ? said : null
}

/** Thought is a block of the content in LangChain's own words, whatever the provider calls it. */
const thoughtOf = (message: AIMessage): string =>
  message.contentBlocks.map((block) => (block.type === 'reasoning' ? String(block['reasoning']) : '')).join('')

const toldOf = (message: AIMessage, pieces: number): Omit<Told, 'next'> => {
  const usage = message.usage_metadata as UsageMetadata | undefined
  return {
    text: message.text,
    pieces,
    calls: (message.tool_calls ?? []).map(({ name, args }) => ({ name, city: String(args['city']) })),
    finish: finishOf(message),
    usage: {
      input: usage?.input_tokens ?? null,
      cached: usage?.input_token_details?.cache_read ?? null,
      output: usage?.output_tokens ?? null,
      reasoning: usage?.output_token_details?.reasoning ?? null,
    },
    thought: thoughtOf(message),
  }
}

type Model = ChatOpenAI | ChatAnthropic

const heardFrom = async (model: Model, wish: Wish, messages: BaseMessage[]) => {
  const bound = wish.tool === true ? model.bindTools([weather]) : model
  const options = wish.signal === undefined ? {} : { signal: wish.signal }
  if (wish.stream !== true) return { message: (await bound.invoke(messages, options)) as AIMessage, pieces: 1 }
  let pieces = 0
  let message: AIMessageChunk | undefined
  for await (const chunk of await bound.stream(messages, options)) {
    message = message === undefined ? chunk : message.concat(chunk)
    if (chunk.text === '') continue
    pieces += 1
    wish.onPiece?.()
  }
  if (message === undefined) throw new Error('nothing came')
  return { message: message as unknown as AIMessage, pieces }
}

const ask = async (model: Model, wish: Wish, messages: BaseMessage[]): Promise<Told> => {
  if (wish.schema === true) {
    const shaped = (model as BaseChatModel).withStructuredOutput(boat, { method: 'jsonSchema', includeRaw: true })
    const { raw, parsed } = (await shaped.invoke(messages)) as { raw: BaseMessage; parsed: unknown }
    return { ...toldOf(raw as AIMessage, 1), parsed }
  }
  const { message, pieces } = await heardFrom(model, wish, messages)
  const next = (results: readonly string[]): Promise<Told> =>
    ask(model, wish, [
      ...messages,
      message,
      ...(message.tool_calls ?? []).map(
        ({ id }, index) => new ToolMessage({ tool_call_id: id ?? '', content: results[index] ?? '' }),
      ),
    ])
  return { ...toldOf(message, pieces), next }
}

type Maker = (options: OpenOptions, wish: Wish) => Model

const driverOf = (own: Omit<Driver, 'open' | 'faultOf' | 'retries'>, make: Maker): Driver => ({
  ...own,
  retries: true,
  open: (options): Session => ({ ask: (wish) => ask(make(options, wish), wish, firstMessages(wish)) }),
  faultOf: (thrown) => faultBy(thrown, ({ status }) => status),
})

const noRunner = { 'tool runner': 'LangChain runs tools in agents, which are a package of their own' }

const openai =
  (useResponsesApi: boolean): Maker =>
  ({ url, key, retriesMax }, { model, think }) =>
    new ChatOpenAI({
      model,
      apiKey: key,
      maxRetries: retriesMax,
      configuration: { baseURL: `${url}/v1` },
      useResponsesApi,
      ...(think === true ? { reasoning: { effort: 'medium', summary: 'auto' } } : {}),
      ...(useResponsesApi && think === true ? { zdrEnabled: true } : {}),
    })

export const langchainDrivers: readonly Driver[] = [
  driverOf(
    {
      ...{ name: 'langchain-openai', title: 'LangChain.js, `ChatOpenAI`', front: 'chat' },
      words: { stop: 'stop', length: 'length' },
      kinds: openaiKinds,
      lacks: noRunner,
    },
    openai(false),
  ),
  driverOf(
    {
      ...{ name: 'langchain-responses', title: 'LangChain.js, `ChatOpenAI`, responses', front: 'responses' },
      words: { stop: 'completed', length: 'max_output_tokens' },
      kinds: openaiKinds,
      lacks: noRunner,
    },
    openai(true),
  ),
  driverOf(
    {
      ...{ name: 'langchain-anthropic', title: 'LangChain.js, `ChatAnthropic`', front: 'messages' },
      loses: {
        usage: {
          why: 'of streams it takes the input from the first event, where only Anthropic knows it, and adds up figures that are totals',
        },
      },
      words: { stop: 'end_turn', length: 'max_tokens' },
      kinds: openaiKinds,
      lacks: noRunner,
    },
    ({ url, key, retriesMax }, { model, think }) =>
      new ChatAnthropic({
        model,
        apiKey: key,
        anthropicApiUrl: url,
        maxRetries: retriesMax,
        maxTokens: 4_000,
        ...(think === true ? { thinking: { type: 'enabled', budget_tokens: 2_000 } } : {}),
      }),
  ),
]
