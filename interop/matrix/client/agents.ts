/** OpenAI's Agents SDK: its runner calls the tools by itself, so that a conversation is one run. */

import type { Model, RunContext } from '@openai/agents'
import {
  Agent,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  run,
  setTracingDisabled,
  tool,
  user,
} from '@openai/agents'
import OpenAI from 'openai'
import { z } from 'zod'
import type { Driver, OpenOptions, Session, Told, Wish } from '../driver.ts'
import { faultBy } from '../driver.ts'
import { png, weatherOf, weatherTool } from '../script.ts'
import { boat, openaiKinds } from './openai-chat.ts'

type Maker = (options: OpenOptions, model: string) => Model

const agentOf = (model: Model, wish: Wish, cities: string[]) =>
  new Agent({
    name: 'pilot',
    model,
    ...(wish.system === undefined ? {} : { instructions: wish.system }),
    ...(wish.schema === true ? { outputType: boat } : {}),
    modelSettings: {
      ...(wish.think === true ? { reasoning: { effort: 'medium', summary: 'auto' }, store: false } : {}),
      ...(wish.think === true ? { providerData: { include: ['reasoning.encrypted_content'] } } : {}),
    },
    tools:
      wish.tool === true
        ? [
            tool({
              name: weatherTool.name,
              description: weatherTool.description,
              parameters: z.object({ city: z.string() }),
              execute: ({ city }) => {
                cities.push(city)
                return weatherOf[city] ?? '?'
              },
            }),
          ]
        : [],
  })

const inputOf = ({ prompt, image }: Wish) =>
  image === true
    ? [
        user([
          { type: 'input_text', text: prompt },
          { type: 'input_image', image: `data:image/png;base64,${png}` },
        ]),
      ]
    : prompt

type Ran = {
  readonly finalOutput?: unknown
  readonly runContext: RunContext<unknown>
  readonly newItems: readonly { readonly type: string; readonly rawItem?: unknown }[]
}

const thoughtOf = ({ newItems }: Ran): string =>
  newItems
    .flatMap((item) =>
      item.type === 'reasoning_item'
        ? [item.rawItem as { content?: { text?: string }[]; rawContent?: { text?: string }[] }]
        : [],
    )
    .flatMap(({ content = [], rawContent = [] }) => [...content, ...rawContent].map(({ text = '' }) => text))
    .join('')

const sum = (details: readonly Record<string, number>[], name: string): number | null => {
  const figures = details.flatMap((one) => one[name] ?? [])
  return figures.length === 0 ? null : figures.reduce((total, figure) => total + figure, 0)
}

const toldOf = (ran: Ran, pieces: number, cities: readonly string[]): Told => {
  const { usage } = ran.runContext
  const { finalOutput } = ran
  return {
    text: typeof finalOutput === 'string' ? finalOutput : JSON.stringify(finalOutput),
    pieces,
    calls: cities.map((city) => ({ name: weatherTool.name, city })),
    finish: null,
    usage: {
      input: usage.inputTokens,
      cached: sum(usage.inputTokensDetails, 'cached_tokens'),
      output: usage.outputTokens,
      reasoning: sum(usage.outputTokensDetails, 'reasoning_tokens'),
    },
    thought: thoughtOf(ran),
    parsed: finalOutput,
  }
}

const ask = async (model: Model, wish: Wish): Promise<Told> => {
  setTracingDisabled(true)
  const cities: string[] = []
  const agent = agentOf(model, wish, cities)
  const options = wish.signal === undefined ? {} : { signal: wish.signal }
  if (wish.stream !== true) return toldOf((await run(agent, inputOf(wish), options)) as Ran, 1, cities)
  const running = await run(agent, inputOf(wish), { ...options, stream: true })
  let pieces = 0
  for await (const event of running) {
    if (event.type !== 'raw_model_stream_event' || event.data.type !== 'output_text_delta') continue
    pieces += 1
    wish.onPiece?.()
  }
  await running.completed
  if (running.error != null) throw running.error
  return toldOf(running as Ran, pieces, cities)
}

const driverOf = (own: Pick<Driver, 'name' | 'title' | 'front' | 'lacks' | 'loses'>, make: Maker): Driver => ({
  ...own,
  words: { stop: null, length: null },
  kinds: openaiKinds,
  retries: true,
  open: (options): Session => ({
    ask: (wish) => ask(make(options, wish.model), wish),
    runTools: async (wish) => {
      const { text, calls } = await ask(make(options, wish.model), { ...wish, stream: true })
      return { text, cities: calls.map(({ city }) => city) }
    },
  }),
  faultOf: (thrown) => faultBy(thrown, ({ status }) => status),
})

const clientOf = ({ url, key, retriesMax }: OpenOptions): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: retriesMax })

const unread = { why: 'it reads `reasoning`, and not the `reasoning_content` of DeepSeek, Kimi and Drover' }

export const agentsDrivers: readonly Driver[] = [
  driverOf(
    {
      ...{ name: 'agents-chat', title: '`@openai/agents`, chat', front: 'chat', lacks: {} },
      loses: { 'thinking over turns': unread, 'thinking, streaming': unread },
    },
    (options, model) => new OpenAIChatCompletionsModel(clientOf(options), model),
  ),
  driverOf(
    {
      ...{ name: 'agents-responses', title: '`@openai/agents`, responses', front: 'responses' },
      lacks: { 'stop reason': 'it raises where an answer ended for its length' },
    },
    (options, model) => new OpenAIResponsesModel(clientOf(options), model),
  ),
]
