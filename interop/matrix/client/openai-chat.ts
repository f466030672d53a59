import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import type { ChatCompletionMessage, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { z } from 'zod'
import type { Driver, Figures, Told, Wish } from '../driver.ts'
import { cityOf, faultBy } from '../driver.ts'
import { png, weatherOf, weatherTool } from '../script.ts'

export const boat = z.object({ name: z.string(), sails: z.int() })

const tool = { type: 'function' as const, function: weatherTool }

const firstMessages = ({ prompt, system, image }: Wish): ChatCompletionMessageParam[] => [
  ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
  {
    role: 'user',
    content:
      image === true
        ? [
            { type: 'text', text: prompt },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          ]
        : prompt,
  },
]

const figuresOf = (usage: OpenAI.CompletionUsage | null | undefined): Figures => ({
  input: usage?.prompt_tokens ?? null,
  cached: usage?.prompt_tokens_details?.cached_tokens ?? null,
  output: usage?.completion_tokens ?? null,
  reasoning: usage?.completion_tokens_details?.reasoning_tokens ?? null,
})

/** What providers add to a message, and what their documents tell callers to send back. */
type Added = { reasoning_content?: string; reasoning_details?: unknown[] }
type Said = ChatCompletionMessage & Added

const toldOf = (message: Said, rest: Pick<Told, 'pieces' | 'finish' | 'usage'>): Omit<Told, 'next'> => ({
  ...rest,
  text: message.content ?? '',
  calls: (message.tool_calls ?? []).map((call) =>
    call.type === 'function'
      ? { name: call.function.name, city: cityOf(call.function.arguments) }
      : { name: call.custom.name, city: '' },
  ),
  thought: message.reasoning_content ?? '',
})

/** The stream helper puts text and calls together; of what it does not know it keeps the last piece only, so that is gathered here. */
const streamed = async (client: OpenAI, body: object, wish: Wish) => {
  const running = client.chat.completions.stream(
    { ...(body as OpenAI.ChatCompletionCreateParamsStreaming), stream_options: { include_usage: true } },
    { signal: wish.signal ?? null },
  )
  let pieces = 0
  let thought = ''
  const details: unknown[] = []
  for await (const chunk of running) {
    const delta = chunk.choices[0]?.delta as (Added & { content?: string | null }) | undefined
    if (delta?.content) {
      pieces += 1
      wish.onPiece?.()
    }
    thought += delta?.reasoning_content ?? ''
    details.push(...(delta?.reasoning_details ?? []))
  }
  const completion = await running.finalChatCompletion()
  const [choice] = completion.choices
  if (choice === undefined) throw new Error('no choice came')
  const message: Said = { ...choice.message }
  if (thought !== '') message.reasoning_content = thought
  if (details.length > 0) message.reasoning_details = details
  return { message, pieces, finish: choice.finish_reason, usage: figuresOf(completion.usage) }
}

const whole = async (client: OpenAI, body: object, { signal }: Wish) => {
  const completion = await client.chat.completions.create(body as OpenAI.ChatCompletionCreateParamsNonStreaming, {
    signal: signal ?? null,
  })
  const [choice] = completion.choices
  if (choice === undefined) throw new Error('no choice came')
  return {
    message: choice.message as Said,
    pieces: 1,
    finish: choice.finish_reason,
    usage: figuresOf(completion.usage),
  }
}

const ask = async (client: OpenAI, wish: Wish, messages: ChatCompletionMessageParam[]): Promise<Told> => {
  const body = {
    model: wish.model,
    messages,
    ...(wish.tool === true ? { tools: [tool] } : {}),
    ...(wish.think === true ? { reasoning_effort: 'medium' } : {}),
  }
  if (wish.schema === true) {
    const format = { response_format: zodResponseFormat(boat, 'boat') }
    const parsed = await client.chat.completions.parse({ model: wish.model, messages, ...format })
    const [choice] = parsed.choices
    const rest = { pieces: 1, finish: choice?.finish_reason ?? null, usage: figuresOf(parsed.usage) }
    return { ...toldOf(choice?.message as Said, rest), parsed: choice?.message.parsed }
  }
  const { message, ...rest } = await (wish.stream === true ? streamed : whole)(client, body, wish)
  const next = (results: readonly string[]): Promise<Told> =>
    ask(client, wish, [
      ...messages,
      message,
      ...(message.tool_calls ?? []).map((call, index) => ({
        role: 'tool' as const,
        tool_call_id: call.id,
        content: results[index] ?? '',
      })),
    ])
  return { ...toldOf(message, rest), next }
}

const runTools = async (client: OpenAI, wish: Wish) => {
  const cities: string[] = []
  const runner = client.chat.completions.runTools({
    model: wish.model,
    messages: firstMessages(wish),
    tools: [
      {
        type: 'function',
        function: {
          ...weatherTool,
          parameters: { ...weatherTool.parameters, required: [...weatherTool.parameters.required] },
          parse: (text: string) => JSON.parse(text) as { city: string },
          function: ({ city }: { city: string }) => {
            cities.push(city)
            return weatherOf[city] ?? '?'
          },
        },
      },
    ],
  })
  return { text: (await runner.finalContent()) ?? '', cities }
}

/** What OpenAI's SDKs raise, by status. */
export const openaiKinds: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  402: 'APIError',
  404: 'NotFoundError',
  429: 'RateLimitError',
  502: 'InternalServerError',
  503: 'InternalServerError',
}

export const openaiChat: Driver = {
  name: 'openai-chat',
  title: '`openai` for JavaScript, chat',
  front: 'chat',
  words: { stop: 'stop', length: 'length' },
  kinds: openaiKinds,
  retries: true,
  lacks: {},
  open: ({ url, key, retriesMax }) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: retriesMax })
    return {
      ask: (wish) => ask(client, wish, firstMessages(wish)),
      runTools: (wish) => runTools(client, wish),
    }
  },
  faultOf: (thrown) => faultBy(thrown, ({ status }) => status),
}
