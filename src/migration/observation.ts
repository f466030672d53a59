/** One turn of a conversation as a migration sees it: which arm it was sent to, and what came of it. Plain data, from the relay or from a client. */

/** Where a conversation is sent: to what has been, or to what is to be. */
export type Arm = 'baseline' | 'candidate'

export const arms: readonly Arm[] = ['baseline', 'candidate']

/**
 * How a turn ended. `rejected` = the upstream's own 4xx but 408 and 429: a fault of the caller where both arms give it, of the candidate where
 * only it does, which is why it is compared and never held against a threshold. `moved` = its first attempt failed, and another one answered, at the other arm or
 * at this one: arms are compared by first attempts.
 */
export const outcomes = [
  'ok',
  'rejected',
  'rate_limited',
  'overloaded',
  'upstream_error',
  'timeout',
  'unreachable',
  'cut',
  'empty',
  'malformed',
  'moved',
  'left',
] as const

export type Outcome = (typeof outcomes)[number]

/** Tokens of a turn as the provider reported them; `null` = it did not say. `input` includes what was cached. */
export type TurnTokens = {
  readonly input: number | null
  readonly cachedInput: number | null
  readonly output: number | null
  readonly reasoning: number | null
}

export type Observation = {
  /** Names the turn: what is told twice counts once. */
  readonly id: string
  readonly arm: Arm
  /** A digest that names the conversation; `null` = the caller gave nothing to know it by, so that the turn stands alone. */
  readonly unit: string | null
  /** Wall-clock time at which the turn was sent. Cohorts are formed by it. */
  readonly startMs: number
  readonly durationMs: number
  readonly callSite: string | null
  /** A digest that names the person for whom it was asked, or the key; absent or `null` = unknown. */
  readonly caller?: string | null
  readonly stream: boolean
  readonly outcome: Outcome
  /** Of the arm's upstream; `null` = none came. */
  readonly status: number | null
  /** To the first part of a stream; `null` = no stream, or none came. */
  readonly ttftMs: number | null
  /** Time per token of output after the first part, in thousandths of a millisecond; `null` = unknown. */
  readonly tpotMicros: number | null
  /** The longest silence between two pieces of a stream; `null` = it had no two. */
  readonly longestGapMs: number | null
  readonly tokens: TurnTokens
  /** An answer came to its end and no usage with it. */
  readonly usageMissing: boolean
  /** It ended because it reached a maximum of tokens. */
  readonly truncated: boolean
  /** Whether a tool was called; `null` = none was offered. */
  readonly toolCalled: boolean | null
  /** Whether the arguments of its tool calls are JSON that their tools' schemas allow; whoever reports may look at the first alone. `null` = none was called, or nobody looked. */
  readonly toolArgumentsValid: boolean | null
  /** Whether an answer that was asked for as JSON is JSON; `null` = it was not asked for, or nobody looked. */
  readonly jsonValid: boolean | null
  /** Whether the model declined; `null` = nobody looked. */
  readonly refused: boolean | null
  /** The model that the answer names, where it is another one than was asked for; absent or `null` = it names the same, or none, or nobody looked. */
  readonly otherModel?: string | null
  /** Why the answer ended, where that is a word that its format does not know; absent or `null` = it is known, or nobody looked. */
  readonly unknownFinish?: string | null
  /** What the operator pays for it; `null` = unknown. */
  readonly costNanoUsd: bigint | null
}

const notFailed: ReadonlySet<Outcome> = new Set(['ok', 'rejected', 'left'])

/** Whether the turn failed by a fault of its arm, whatever the caller asked. */
export const hasFailed = ({ outcome }: Pick<Observation, 'outcome'>): boolean => !notFailed.has(outcome)

/** Whether the caller met the failure: nobody else has answered. */
export const isShown = (turn: Pick<Observation, 'outcome'>): boolean => hasFailed(turn) && turn.outcome !== 'moved'

/** Whether what it took, in time and tokens, is a sample of its arm: not where the other arm answered, nothing came, or the caller went. */
export const isSample = ({ outcome }: Pick<Observation, 'outcome'>): boolean => outcome === 'ok'
