import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import type { ParsedResponse, Response, ResponseInputItem } from 'openai/resources/responses/responses'
import type { Driver, Told, Wish } from '../driver.ts'
import { cityOf, faultBy } from '../driver.ts'
import { png, weatherTool } from '../script.ts'
import { boat, openaiKinds } from './openai-chat.ts'

const tool = { type: 'function' as const, ...weatherTool, strict: true }

const firstInput = ({ prompt, image }: Wish): ResponseInputItem[] => [
  {
    role: 'user',
    content:
      image === true
        ? [
            { type: 'input_text', text: prompt },
            { type: 'input_image', image_url: `data:image/png;base64,${png}`, detail: 'auto' },
          ]
        : prompt,
  },
]

const finishOf = ({ status, incomplete_details }: Response): string | null =>
  status === 'incomplete' ? (incomplete_details?.reason ?? null) : (status ?? null)

const thoughtOf = ({ output }: Response): string =>
  output
    .flatMap((item) =>
      item.type === 'reasoning' ? [...item.summary, ...(item.content ?? [])].map(({ text }) => text) : [],
    )
    .join('')

const toldOf = (response: Response | ParsedResponse<unknown>, pieces: number): Omit<Told, 'next'> => ({
  text: response.output_text,
  pieces,
  calls: response.output.flatMap((item) =>
    item.type === 'function_call' ? [{ name: item.name, city: cityOf(item.arguments) }] : [],
  ),
  finish: finishOf(response),
  usage: {
    input: response.usage?.input_tokens ?? null,
    cached: response.usage?.input_tokens_details?.cached_tokens ?? null,
    output: response.usage?.output_tokens ?? null,
    reasoning: response.usage?.output_tokens_details?.reasoning_tokens ?? null,
  },
  thought: thoughtOf(response),
})

const answered = async (client: OpenAI, body: object, wish: Wish): Promise<{ response: Response; pieces: number }> => {
  const options = { signal: wish.signal ?? null }
  if (wish.stream !== true) return { response: (await client.responses.create(body, options)) as Response, pieces: 1 }
  const running = client.responses.stream(body as Parameters<typeof client.responses.stream>[0], options)
  let pieces = 0
  for await (const event of running) {
    if (event.type !== 'response.output_text.delta') continue
    pieces += 1
    wish.onPiece?.()
  }
  return { response: await running.finalResponse(), pieces }
}

const ask = async (client: OpenAI, wish: Wish, input: ResponseInputItem[]): Promise<Told> => {
  const body = {
    model: wish.model,
    input,
    store: false,
    ...(wish.system === undefined ? {} : { instructions: wish.system }),
    ...(wish.tool === true ? { tools: [tool] } : {}),
    ...(wish.think === true
      ? { reasoning: { effort: 'medium', summary: 'auto' }, include: ['reasoning.encrypted_content'] }
      : {}),
  }
  if (wish.schema === true) {
    const text = { format: zodTextFormat(boat, 'boat') }
    const parsed = await client.responses.parse({ model: wish.model, input, text })
    return { ...toldOf(parsed, 1), parsed: parsed.output_parsed }
  }
  const { response, pieces } = await answered(client, body, wish)
  const next = (results: readonly string[]): Promise<Told> =>
    ask(client, wish, [
      ...input,
      ...(response.output as ResponseInputItem[]),
      ...response.output
        .filter((item) => item.type === 'function_call')
        .map((item, index) => ({
          type: 'function_call_output' as const,
          call_id: item.call_id,
          output: results[index] ?? '',
        })),
    ])
  return { ...toldOf(response, pieces), next }
}

export const openaiResponses: Driver = {
  name: 'openai-responses',
  title: '`openai` for JavaScript, responses',
  front: 'responses',
  words: { stop: 'completed', length: 'max_output_tokens' },
  kinds: openaiKinds,
  retries: true,
  lacks: { 'tool runner': 'the SDK has none for responses' },
  open: ({ url, key, retriesMax }) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: retriesMax })
    return { ask: (wish) => ask(client, wish, firstInput(wish)) }
  },
  faultOf: (thrown) => faultBy(thrown, ({ status }) => status),
}
