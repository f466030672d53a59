/**
 * What people want to see of a migration beside its tests: turns by call site, by delivery and by the length of the prompt, and who met which arm. Whole numbers that add
 * up in any order. They explain; nothing is decided on them.
 */

import { hash } from 'node:crypto'
import type { Arm, Observation } from './observation.ts'
import { hasFailed, isSample, isShown } from './observation.ts'

/** The last three have turns that deviate alone: whose answer names another model, ends for a reason that its format does not know, or comes without usage. */
export const dimensions = ['call_site', 'delivery', 'prompt', 'other_model', 'unknown_finish', 'missing_usage'] as const
export type Dimension = (typeof dimensions)[number]
export const deviations = ['other_model', 'unknown_finish', 'missing_usage'] as const satisfies readonly Dimension[]

export type StratumSums = {
  readonly turns: number
  readonly failed: number
  /** Of those that failed: where the caller met the failure. */
  readonly shown: number
  /** Turns whose tokens are known, and their tokens. */
  readonly counted: number
  readonly inputTokens: bigint
  readonly outputTokens: bigint
  /** Turns that came to a first part, and the time to it in all. */
  readonly timed: number
  readonly ttftMs: bigint
}

/**
 * Who was met, as the smallest of their digests: as many as there are up to `callersMax`, beyond that enough to tell the number within 4 %. The smallest of two such lists
 * together are those of both.
 */
export type Callers = readonly number[]
export const callersMax = 1_024

export type Strata = {
  /** By `stratumKey`. */
  readonly sums: ReadonlyMap<string, StratumSums>
  readonly callers: Readonly<Record<Arm, Callers>>
}

export type StratumName = { readonly dimension: Dimension; readonly value: string; readonly arm: Arm }

/** Call sites that are told apart; of more the rest are one. */
export const callSitesMax = 200
/** And of what deviates, so that a provider which says another word each time fills nothing. */
export const deviationsMax = 20
const saidCharactersMax = 80
export const otherValues = '(others)'
export const noSite = '(none)'

/** Names a stratum among the others of its epoch. */
export const stratumKey = ({ dimension, value, arm }: StratumName): string => `${dimension}/${arm}/${value}`

/** The inverse of `stratumKey`. */
export const stratumOfKey = (key: string): StratumName => {
  const [dimension = '', arm = '', ...value] = key.split('/')
  return { dimension: dimension as Dimension, arm: arm as Arm, value: value.join('/') }
}

/** Upper bounds of the lengths of prompts, in tokens, and what each is called. */
const promptBounds: readonly (readonly [tokensMax: number, name: string])[] = [
  [1_000, 'to 1k'],
  [4_000, '1k to 4k'],
  [16_000, '4k to 16k'],
  [64_000, '16k to 64k'],
]
const longestPrompts = 'over 64k'

const promptSizeOf = (tokens: number | null): string =>
  tokens === null ? 'unknown' : (promptBounds.find(([most]) => tokens <= most)?.[1] ?? longestPrompts)

export const noStratum: StratumSums = {
  turns: 0,
  failed: 0,
  shown: 0,
  counted: 0,
  inputTokens: 0n,
  outputTokens: 0n,
  timed: 0,
  ttftMs: 0n,
}

export const noStrata: Strata = { sums: new Map(), callers: { baseline: [], candidate: [] } }

/** The sums of both. */
export const joinStratum = (one: StratumSums, other: StratumSums): StratumSums => ({
  turns: one.turns + other.turns,
  failed: one.failed + other.failed,
  shown: one.shown + other.shown,
  counted: one.counted + other.counted,
  inputTokens: one.inputTokens + other.inputTokens,
  outputTokens: one.outputTokens + other.outputTokens,
  timed: one.timed + other.timed,
  ttftMs: one.ttftMs + other.ttftMs,
})

/** Those of all of them together: each person once. */
export const joinStrata = (all: readonly Strata[]): Strata => {
  const sums = new Map<string, StratumSums>()
  for (const one of all) for (const [key, sum] of one.sums) sums.set(key, joinStratum(sums.get(key) ?? noStratum, sum))
  const met = (arm: Arm): Callers =>
    joinCallers(
      [],
      all.flatMap(({ callers }) => callers[arm]),
    )
  return { sums, callers: { baseline: met('baseline'), candidate: met('candidate') } }
}

/** Of 48 bits. */
const digestOf = (caller: string): number => Number.parseInt(hash('sha256', caller).slice(0, 12), 16)
const digestRange = 2 ** 48

/** Those of both, the smallest. */
export const joinCallers = (one: Callers, other: Callers): Callers =>
  [...new Set([...one, ...other])].sort((a, b) => a - b).slice(0, callersMax)

/** How many they are: exact below `callersMax`. */
export const callerCount = (callers: Callers): number => {
  const last = callers.at(-1)
  if (callers.length < callersMax || last === undefined) return callers.length
  return Math.round((callersMax - 1) / (last / digestRange))
}

const sumsOf = (turn: Observation): StratumSums => {
  const { input, output } = turn.tokens
  const isCounted = turn.outcome === 'ok' && input !== null && output !== null
  const isTimed = turn.outcome === 'ok' && turn.ttftMs !== null
  return {
    turns: 1,
    failed: hasFailed(turn) ? 1 : 0,
    shown: isShown(turn) ? 1 : 0,
    counted: isCounted ? 1 : 0,
    inputTokens: isCounted ? BigInt(input) : 0n,
    outputTokens: isCounted ? BigInt(output) : 0n,
    timed: isTimed ? 1 : 0,
    ttftMs: isTimed ? BigInt(turn.ttftMs) : 0n,
  }
}

/** Values by which turns are told apart already. */
export type KnownValues = Readonly<Partial<Record<Dimension, ReadonlySet<string>>>>

/** As many values of each kind as there may be; the rest are one. */
const bounded = (values: KnownValues) => {
  const known = new Map(dimensions.map((dimension) => [dimension, new Set(values[dimension])]))
  return (dimension: Dimension, value: string): string => {
    const have = known.get(dimension)
    if (have === undefined || have.has(value)) return value
    if (have.size >= (dimension === 'call_site' ? callSitesMax : deviationsMax)) return otherValues
    have.add(value)
    return value
  }
}

/** What a provider said, fit to be shown and kept. */
const said = (text: string): string => text.replaceAll(/\p{C}/gu, '?').slice(0, saidCharactersMax)

const deliveryOf = ({ stream }: Observation): string => (stream ? 'stream' : 'whole')

/** Where a turn belongs. What deviates in an answer is its arm's alone where its arm gave it. */
const valuesOf = (turn: Observation): readonly (readonly [Dimension, string | null | undefined])[] => [
  ['call_site', turn.callSite ?? noSite],
  ['delivery', deliveryOf(turn)],
  ['prompt', promptSizeOf(turn.tokens.input)],
  ['other_model', isSample(turn) ? turn.otherModel : null],
  ['unknown_finish', isSample(turn) ? turn.unknownFinish : null],
  ['missing_usage', isSample(turn) && turn.usageMissing ? deliveryOf(turn) : null],
]

/** The strata of some turns. */
export const strataOf = (turns: readonly Observation[], known: KnownValues = {}): Strata => {
  const sums = new Map<string, StratumSums>()
  const boundedValue = bounded(known)
  const callers: Record<Arm, Set<string>> = { baseline: new Set(), candidate: new Set() }
  for (const turn of turns) {
    const { arm, caller } = turn
    const more = sumsOf(turn)
    for (const [dimension, found] of valuesOf(turn)) {
      if (found === null || found === undefined) continue
      const value = boundedValue(dimension, dimension === 'call_site' ? found : said(found))
      const key = stratumKey({ dimension, value, arm })
      sums.set(key, joinStratum(sums.get(key) ?? noStratum, more))
    }
    if (caller !== null && caller !== undefined) callers[arm].add(caller)
  }
  const met = (arm: Arm): Callers => joinCallers([...callers[arm]].map(digestOf), [])
  return { sums, callers: { baseline: met('baseline'), candidate: met('candidate') } }
}

/** As text for the store. */
export const stratumText = (sums: StratumSums): string =>
  JSON.stringify(sums, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

/** The inverse of `stratumText`. */
export const stratumOfText = (text: string): StratumSums => {
  const read = JSON.parse(text) as Readonly<Record<keyof StratumSums, number | string>>
  return {
    turns: Number(read.turns),
    failed: Number(read.failed),
    shown: Number(read.shown),
    counted: Number(read.counted),
    inputTokens: BigInt(read.inputTokens),
    outputTokens: BigInt(read.outputTokens),
    timed: Number(read.timed),
    ttftMs: BigInt(read.ttftMs),
  }
}
