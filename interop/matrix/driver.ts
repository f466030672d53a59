/** What the matrix asks of a client, whatever the client calls it. */

import type { Behind, Keys } from './stage.ts'

export const features = [
  'text',
  'stream',
  'system',
  'image',
  'tool',
  'tool, streaming',
  'parallel tools',
  'structured output',
  'thinking over turns',
  'thinking, streaming',
  'stop reason',
  'usage',
  'errors',
  'cancel',
  'tool runner',
  'broken answers',
] as const

export type Feature = (typeof features)[number]

export type Wish = {
  readonly model: string
  readonly prompt: string
  readonly stream?: boolean
  readonly system?: string
  readonly image?: boolean
  /** Offers the tool `weather`. */
  readonly tool?: boolean
  /** Wants an answer by the schema of a boat, parsed by the SDK. */
  readonly schema?: boolean
  readonly think?: boolean
  readonly signal?: AbortSignal
  /** Told of every piece of text as it comes. */
  readonly onPiece?: () => void
}

export type Figures = {
  /** With what came from a cache. `null` = the client does not tell. */
  readonly input: number | null
  readonly cached: number | null
  readonly output: number | null
  readonly reasoning: number | null
}

export type Told = {
  readonly text: string
  /** How many pieces of text came; 1 for a whole answer. */
  readonly pieces: number
  readonly calls: readonly { readonly name: string; readonly city: string }[]
  /** In the client's own word; `null` = it does not tell. */
  readonly finish: string | null
  readonly usage: Figures
  readonly thought: string
  readonly parsed?: unknown
  /** Sends results of the calls back, in their order, the way the client's documents say; absent: the client does it by itself. */
  readonly next?: (results: readonly string[]) => Promise<Told>
}

export type Session = {
  readonly ask: (wish: Wish) => Promise<Told>
  /** The client's own loop of calls; gives the last text and the cities that were asked for. */
  readonly runTools?: (wish: Wish) => Promise<{ readonly text: string; readonly cities: readonly string[] }>
}

export type Fault = { readonly kind: string; readonly status: number | null; readonly message: string }

export type Loss = {
  readonly why: string
  /** Absent: behind all. */
  readonly behind?: readonly Behind[]
}

export type Driver = {
  /** In names of models. */
  readonly name: string
  readonly title: string
  readonly front: 'chat' | 'responses' | 'messages' | 'google'
  /** The client's words for the end of an answer. */
  readonly words: { readonly stop: string | null; readonly length: string | null }
  /** The classes that it raises, by status; absent: it has one class, with the status on it. */
  readonly kinds: Readonly<Record<number, string>>
  /** Whether it repeats by itself what may be repeated. */
  readonly retries: boolean
  /** What the client has no way to ask for, with why: not played. */
  readonly lacks: Readonly<Partial<Record<Feature, string>>>
  /** What the client itself loses, whoever answers, with why: played, and it must be lost. */
  readonly loses?: Readonly<Partial<Record<Feature, Loss>>>
  readonly open: (options: OpenOptions) => Session
  readonly faultOf: (thrown: unknown) => Fault
}

export type OpenOptions = {
  /** Of the relay, without a path. */
  readonly url: string
  readonly key: Keys[keyof Keys]
  readonly retriesMax: number
}

/** A fault whose class says it all. */
export const faultBy = (thrown: unknown, statusOf: (fault: Record<string, unknown>) => unknown): Fault => {
  if (!(thrown instanceof Error)) return { kind: typeof thrown, status: null, message: String(thrown) }
  const status = statusOf(thrown as unknown as Record<string, unknown>)
  return {
    kind: thrown.constructor.name,
    status: typeof status === 'number' ? status : null,
    message: thrown.message,
  }
}

export const cityOf = (input: unknown): string => {
  const value: unknown = typeof input === 'string' ? JSON.parse(input) : input
  return String((value as { city?: unknown } | null)?.city)
}
