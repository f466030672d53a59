/** One chat through the relay's own endpoint, read as it streams. */

import { problemOf } from '#actions/api.ts'

export type Ask = {
  readonly key: string
  readonly model: string
  readonly system: string
  readonly message: string
  readonly maxTokens: number
  readonly temperature: number | null
}

export type Outcome = {
  readonly text: string
  readonly callId: string | null
  readonly firstMs: number | null
  readonly totalMs: number | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly costNanoUsd: string | null
}

export const nothingYet: Outcome = {
  text: '',
  callId: null,
  firstMs: null,
  totalMs: null,
  inputTokens: null,
  outputTokens: null,
  costNanoUsd: null,
}

type Chunk = {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[]
  readonly usage?: {
    readonly prompt_tokens?: number
    readonly completion_tokens?: number
    readonly cost_nano_usd?: string
  } | null
  readonly error?: { readonly message?: string }
}

/** The body of the call, also for whoever copies it as code. */
export const bodyOf = ({ model, system, message, maxTokens, temperature }: Omit<Ask, 'key'>): object => ({
  model,
  stream: true,
  stream_options: { include_usage: true },
  usage: { include: true },
  max_tokens: maxTokens,
  ...(temperature === null ? {} : { temperature }),
  messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), { role: 'user', content: message }],
})

/** Lines of a stream of events, each once its end has come. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(bytes, { stream: true })
    const lines = rest.split(/\r?\n/)
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** What one piece adds to what there is. */
const grown = (before: Outcome, chunk: Chunk, elapsedMs: number): Outcome => {
  const text = chunk.choices?.[0]?.delta?.content ?? ''
  const { usage } = chunk
  return {
    ...before,
    text: before.text + text,
    firstMs: before.firstMs ?? (text === '' ? null : elapsedMs),
    inputTokens: usage?.prompt_tokens ?? before.inputTokens,
    outputTokens: usage?.completion_tokens ?? before.outputTokens,
    costNanoUsd: usage?.cost_nano_usd ?? before.costNanoUsd,
  }
}

/**
 * Asks one model; `show` is called with each state of the answer.
 * @throws ApiProblem, or Error where the stream says one; AbortError where `signal` was aborted.
 */
export const runChat = async (ask: Ask, signal: AbortSignal, show: (outcome: Outcome) => void): Promise<void> => {
  const startedMs = performance.now()
  const elapsed = (): number => performance.now() - startedMs
  const response = await fetch('/v1/chat/completions', {
    method: 'POST',
    credentials: 'omit',
    signal,
    headers: { authorization: `Bearer ${ask.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(bodyOf(ask)),
  })
  if (!response.ok || response.body === null) throw await problemOf(response)
  let outcome: Outcome = { ...nothingYet, callId: response.headers.get('x-request-id') }
  for await (const line of linesOf(response.body)) {
    if (!line.startsWith('data:')) continue
    const data = line.slice('data:'.length).trim()
    if (data === '[DONE]') break
    const chunk = JSON.parse(data) as Chunk
    if (chunk.error !== undefined) throw new Error(chunk.error.message ?? 'The stream ended with an error.')
    outcome = grown(outcome, chunk, elapsed())
    show(outcome)
  }
  show({ ...outcome, totalMs: elapsed() })
}
