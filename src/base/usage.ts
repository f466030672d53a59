/**
 * What a call consumed, in tokens, as the books see it: `input` includes the cached and cache-write tokens,
 * `output` includes the reasoning tokens, whatever way the provider counts them. `null` is unknown, never zero.
 */

/**
 * Where a figure comes from: the provider's final word, the provider's word so far (stream cut), counted by Drover
 * from the text that was delivered, or estimated from sizes.
 */
export type UsageSource = 'reported' | 'partial' | 'counted' | 'estimated'

export type Usage = {
  readonly input: number | null
  readonly output: number | null
  readonly cachedInput: number | null
  /** The sound within `cachedInput`: some providers bill it at a rate of its own. */
  readonly cachedAudioInput?: number | null
  /** All cache writes; the two that follow split it by lifetime where the provider does. */
  readonly cacheWrite: number | null
  readonly cacheWrite5m: number | null
  readonly cacheWrite1h: number | null
  readonly reasoning: number | null
  /** Sound and pictures of the input, without what of them came out of the cache where the provider tells it. */
  readonly audioInput: number | null
  readonly audioOutput: number | null
  readonly imageInput: number | null
  readonly imageOutput: number | null
  /** Things billed by the piece: images, searches, seconds, pages; keyed by the price row's name for them. */
  readonly items: Readonly<Record<string, number>> | null
  /** The tier that served the call, as the provider says (`default`, `flex`, `priority`, `batch`). */
  readonly serviceTier: string | null
  readonly source: UsageSource
}

export const unknownUsage: Usage = Object.freeze({
  input: null,
  output: null,
  cachedInput: null,
  cacheWrite: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  reasoning: null,
  audioInput: null,
  audioOutput: null,
  imageInput: null,
  imageOutput: null,
  items: null,
  serviceTier: null,
  source: 'reported',
})

/** A count from untrusted JSON: an integer in [0, 2^53) is kept. Anything else, and one below zero, says nothing: it is unknown. */
export const countOf = (value: unknown): number | null =>
  // Of a zero with a sign zero is made.
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? Math.abs(value) : null

/** More tokens or pieces than any call can have had, by orders of magnitude: the largest windows hold some millions. */
const believedMax = 1_000_000_000

const believed = (count: number | null): number | null =>
  count === null || !(count >= 0 && count <= believedMax) ? null : count

/**
 * A usage with the given figures, everything else unknown. Every usage that a provider tells is made here, so that a figure which nobody can
 * mean (below zero, or more than any call can have had) is unknown wherever it was read: no sum of money comes of it that the books
 * cannot hold, and that nobody owes.
 */
export const usageOf = (figures: Partial<Usage>): Usage => {
  const usage = { ...unknownUsage, ...figures }
  const { cachedAudioInput } = usage
  const items = Object.entries(usage.items ?? {}).filter(([, count]) => believed(count) !== null)
  return {
    ...usage,
    input: believed(usage.input),
    output: believed(usage.output),
    cachedInput: believed(usage.cachedInput),
    ...(cachedAudioInput === undefined ? {} : { cachedAudioInput: believed(cachedAudioInput) }),
    cacheWrite: believed(usage.cacheWrite),
    cacheWrite5m: believed(usage.cacheWrite5m),
    cacheWrite1h: believed(usage.cacheWrite1h),
    reasoning: believed(usage.reasoning),
    audioInput: believed(usage.audioInput),
    audioOutput: believed(usage.audioOutput),
    imageInput: believed(usage.imageInput),
    imageOutput: believed(usage.imageOutput),
    items: items.length === 0 ? null : Object.fromEntries(items),
  }
}

/** The sum of what is known, held at the largest safe integer; `null` where nothing is. */
export const addCounts = (...counts: readonly (number | null)[]): number | null =>
  counts.reduce<number | null>(
    (sum, count) => (count === null ? sum : Math.min((sum ?? 0) + count, Number.MAX_SAFE_INTEGER)),
    null,
  )
