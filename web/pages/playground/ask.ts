/** What is asked in the playground, and the body that it is on the wire. */

export type Ask = {
  readonly system: string
  readonly message: string
  readonly maxTokens: number
  readonly temperature: number | null
  /** `data:` addresses, or addresses in the network. */
  readonly images: readonly string[]
  /** As OpenAI's `tools`; `null` = none. */
  readonly tools: readonly unknown[] | null
  /** A JSON schema that the answer has to have; `null` = free text. */
  readonly schema: object | null
}

const contentOf = ({ message, images }: Ask): unknown =>
  images.length === 0
    ? message
    : [{ type: 'text', text: message }, ...images.map((url) => ({ type: 'image_url', image_url: { url } }))]

/** The body of the call, also for whoever copies it as code. */
export const bodyOf = (ask: Ask, model: string): Readonly<Record<string, unknown>> => ({
  model,
  stream: true,
  stream_options: { include_usage: true },
  max_tokens: ask.maxTokens,
  ...(ask.temperature === null ? {} : { temperature: ask.temperature }),
  ...(ask.tools === null ? {} : { tools: ask.tools }),
  ...(ask.schema === null
    ? {}
    : { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: ask.schema } } }),
  messages: [
    ...(ask.system === '' ? [] : [{ role: 'system', content: ask.system }]),
    { role: 'user', content: contentOf(ask) },
  ],
})

export type Read<T> = { readonly value: T } | { readonly fault: string }

/** JSON of a text field: nothing for an empty one, else what it must be. The parser's own words say where it is wrong. */
export const readJson = <T>(text: string, is: (value: unknown) => value is T): Read<T | null> => {
  if (text.trim() === '') return { value: null }
  try {
    const value: unknown = JSON.parse(text)
    return is(value) ? { value } : { fault: '' }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }
  }
}

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)
export const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
