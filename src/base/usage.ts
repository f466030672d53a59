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

/** A usage with the given figures, everything else unknown. */
export const usageOf = (figures: Partial<Usage>): Usage => ({ ...unknownUsage, ...figures })

/**
 * A count from untrusted JSON: a finite integer in [0, 2^53) is kept, a negative one is clamped to zero (providers
 * have sent -1 for "nothing"), and anything else is unknown.
 */
export const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) ? Math.max(0, value) : null

/** More tokens or pieces than any call can have had, by orders of magnitude: the largest windows hold some millions. */
const believedMax = 1_000_000_000

const believed = (count: number | null | undefined): number | null =>
  count === undefined || count === null || count > believedMax ? null : count

/**
 * A provider's figures without those that nobody can mean: they are unknown, so that no sum of money comes of them that the books cannot
 * hold, and that nobody owes.
 */
export const believable = (usage: Usage): Usage => {
  const { items, cachedAudioInput, ...rest } = usage
  const pieces = Object.entries(items ?? {}).filter(([, count]) => count <= believedMax)
  return {
    ...rest,
    input: believed(rest.input),
    output: believed(rest.output),
    cachedInput: believed(rest.cachedInput),
    ...(cachedAudioInput === undefined ? {} : { cachedAudioInput: believed(cachedAudioInput) }),
    cacheWrite: believed(rest.cacheWrite),
    cacheWrite5m: believed(rest.cacheWrite5m),
    cacheWrite1h: believed(rest.cacheWrite1h),
    reasoning: believed(rest.reasoning),
    audioInput: believed(rest.audioInput),
    audioOutput: believed(rest.audioOutput),
    imageInput: believed(rest.imageInput),
    imageOutput: believed(rest.imageOutput),
    items: items === null ? null : Object.fromEntries(pieces),
  }
}

/** The sum of what is known, held at the largest safe integer; `null` where nothing is. */
export const addCounts = (...counts: readonly (number | null)[]): number | null =>
  counts.reduce<number | null>(
    (sum, count) => (count === null ? sum : Math.min((sum ?? 0) + count, Number.MAX_SAFE_INTEGER)),
    null,
  )
