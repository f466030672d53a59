/** One chat through the relay's own endpoint, read as it streams. */

import { problemOf } from '#actions/api.ts'
import type { Ask } from './ask.ts'
import { bodyOf } from './ask.ts'

export type Run = { readonly key: string; readonly model: string; readonly ask: Ask }

/** A tool that the model wants called; its arguments as they have come so far. */
export type ToolCall = { readonly name: string; readonly text: string }

export type Outcome = {
  readonly text: string
  readonly tools: readonly ToolCall[]
  readonly callId: string | null
  readonly firstMs: number | null
  readonly totalMs: number | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly costNanoUsd: string | null
}

export const nothingYet: Outcome = {
  text: '',
  tools: [],
  callId: null,
  firstMs: null,
  totalMs: null,
  inputTokens: null,
  outputTokens: null,
  costNanoUsd: null,
}

type ToolPiece = {
  readonly index?: number
  readonly function?: { readonly name?: string; readonly arguments?: string }
}
type Delta = { readonly content?: string | null; readonly tool_calls?: readonly ToolPiece[] | null }
type Chunk = {
  readonly choices?: readonly { readonly delta?: Delta }[]
  readonly usage?: {
    readonly prompt_tokens?: number
    readonly completion_tokens?: number
    readonly cost_nano_usd?: string
  } | null
  readonly error?: { readonly message?: string }
}

/** Arguments come in pieces, each with the place of its call. */
const withTools = (before: readonly ToolCall[], pieces: readonly ToolPiece[]): readonly ToolCall[] =>
  pieces.reduce((tools, piece) => {
    const place = piece.index ?? tools.length
    const known = tools[place] ?? { name: '', text: '' }
    const name = known.name + (piece.function?.name ?? '')
    const text = known.text + (piece.function?.arguments ?? '')
    return [...tools.slice(0, place), { name, text }, ...tools.slice(place + 1)]
  }, before)

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
  const delta = chunk.choices?.[0]?.delta
  const text = delta?.content ?? ''
  const pieces = delta?.tool_calls ?? []
  const { usage } = chunk
  return {
    ...before,
    text: before.text + text,
    tools: withTools(before.tools, pieces),
    firstMs: before.firstMs ?? (text === '' && pieces.length === 0 ? null : elapsedMs),
    inputTokens: usage?.prompt_tokens ?? before.inputTokens,
    outputTokens: usage?.completion_tokens ?? before.outputTokens,
    costNanoUsd: usage?.cost_nano_usd ?? before.costNanoUsd,
  }
}

/**
 * Asks one model; `show` is called with each state of the answer.
 * @throws ApiProblem, or Error where the stream says one; AbortError where `signal` was aborted.
 */
export const runChat = async (
  { key, model, ask }: Run,
  signal: AbortSignal,
  show: (outcome: Outcome) => void,
): Promise<void> => {
  const startedMs = performance.now()
  const elapsed = (): number => performance.now() - startedMs
  const response = await fetch('/v1/chat/completions', {
    method: 'POST',
    credentials: 'omit',
    signal,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...bodyOf(ask, model), usage: { include: true } }),
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
