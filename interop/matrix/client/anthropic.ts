import Anthropic from '@anthropic-ai/sdk'
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod'
import type { Message, MessageParam } from '@anthropic-ai/sdk/resources/messages'
import { z } from 'zod'
import type { Driver, Told, Wish } from '../driver.ts'
import { cityOf, faultBy } from '../driver.ts'
import { png, weatherOf, weatherTool } from '../script.ts'
import { boat } from './openai-chat.ts'

const outputMax = 4_000

const tool = {
  name: weatherTool.name,
  description: weatherTool.description,
  input_schema: { ...weatherTool.parameters, required: [...weatherTool.parameters.required] },
}

const firstMessages = ({ prompt, image }: Wish): MessageParam[] => [
  {
    role: 'user',
    content:
      image === true
        ? [
            { type: 'text', text: prompt },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
          ]
        : prompt,
  },
]

const sum = (...figures: readonly (number | null | undefined)[]): number | null =>
  figures.reduce<number | null>((total, figure) => (figure == null ? total : (total ?? 0) + figure), null)

const toldOf = (message: Message, pieces: number): Omit<Told, 'next'> => {
  const { usage } = message
  const details = (usage as { output_tokens_details?: { thinking_tokens?: number } | null }).output_tokens_details
  return {
    text: message.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    pieces,
    calls: message.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ name: block.name, city: cityOf(block.input) }] : [],
    ),
    finish: message.stop_reason,
    usage: {
      input: sum(usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens),
      cached: usage.cache_read_input_tokens,
      output: usage.output_tokens,
      reasoning: details?.thinking_tokens ?? null,
    },
    thought: message.content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
  }
}

const answered = async (client: Anthropic, body: object, wish: Wish): Promise<{ message: Message; pieces: number }> => {
  const options = wish.signal === undefined ? {} : { signal: wish.signal }
  const asked = body as Anthropic.MessageCreateParamsNonStreaming
  if (wish.stream !== true) return { message: await client.messages.create(asked, options), pieces: 1 }
  let pieces = 0
  const running = client.messages.stream(asked, options).on('text', () => {
    pieces += 1
    wish.onPiece?.()
  })
  return { message: await running.finalMessage(), pieces }
}

const ask = async (client: Anthropic, wish: Wish, messages: MessageParam[]): Promise<Told> => {
  const body = {
    model: wish.model,
    max_tokens: outputMax,
    messages,
    ...(wish.system === undefined ? {} : { system: wish.system }),
    ...(wish.tool === true ? { tools: [tool] } : {}),
    ...(wish.think === true ? { thinking: { type: 'enabled' as const, budget_tokens: 2_000 } } : {}),
  }
  if (wish.schema === true) {
    const parsed = await client.messages.parse({ ...body, output_config: { format: zodOutputFormat(boat) } })
    return { ...toldOf(parsed, 1), parsed: parsed.parsed_output }
  }
  const { message, pieces } = await answered(client, body, wish)
  const calls = message.content.filter((block) => block.type === 'tool_use')
  const next = (results: readonly string[]): Promise<Told> =>
    ask(client, wish, [
      ...messages,
      { role: 'assistant', content: message.content },
      {
        role: 'user',
        content: calls.map(({ id }, index) => ({
          type: 'tool_result' as const,
          tool_use_id: id,
          content: results[index] ?? '',
        })),
      },
    ])
  return { ...toldOf(message, pieces), next }
}

const runTools = async (client: Anthropic, wish: Wish) => {
  const cities: string[] = []
  const message = await client.beta.messages.toolRunner({
    model: wish.model,
    max_tokens: outputMax,
    messages: firstMessages(wish) as Anthropic.Beta.BetaMessageParam[],
    tools: [
      betaZodTool({
        name: weatherTool.name,
        description: weatherTool.description,
        inputSchema: z.object({ city: z.string() }),
        run: ({ city }) => {
          cities.push(city)
          return weatherOf[city] ?? '?'
        },
      }),
    ],
  })
  return { text: message.content.map((block) => (block.type === 'text' ? block.text : '')).join(''), cities }
}

export const anthropic: Driver = {
  name: 'anthropic',
  title: '`@anthropic-ai/sdk` for JavaScript',
  front: 'messages',
  words: { stop: 'end_turn', length: 'max_tokens' },
  kinds: {
    400: 'BadRequestError',
    401: 'AuthenticationError',
    402: 'PaymentRequiredError',
    404: 'NotFoundError',
    429: 'RateLimitError',
    502: 'InternalServerError',
    503: 'ServiceUnavailableError',
  },
  retries: true,
  lacks: {},
  open: ({ url, key, retriesMax }) => {
    const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: retriesMax })
    return {
      ask: (wish) => ask(client, wish, firstMessages(wish)),
      runTools: (wish) => runTools(client, wish),
    }
  },
  faultOf: (thrown) => faultBy(thrown, ({ status }) => status),
}
