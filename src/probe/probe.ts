/** A probe as data: what it asks, when it passes, what follows when it does not. Judgements are pure. */

import type { Ask, Exchange } from './exchange.ts'
import type { Judgement } from './judgement.ts'

export type Level = 'blocking' | 'warning' | 'info'
export type Mode = 'plain' | 'stream'
export type Wire = 'openai' | 'anthropic' | 'gemini'

/** What Drover can do where the endpoint deviates: repair it on the way, nothing (the client must change), or nobody can. */
export type Remedy = { readonly by: 'shim' | 'client' | 'impossible' | 'relay'; readonly how: string }

/** Which call sites of a manifest depend on a probe: all, those that stream, or those that use one of these parameters. */
export type Dependence =
  | 'every'
  | 'streams'
  | { readonly parameters: readonly string[] }
  | { readonly endpoints: readonly string[] }

/** What the endpoint can be told to do, so that its refusals can be seen; empty = it cannot be told. */
export type Provocations = {
  readonly rateLimited?: string
  readonly overloaded?: string
  readonly noCredit?: string
  readonly cutMidStream?: string
  readonly tooLong?: string
}

/** What is known when a probe asks. */
export type Facts = {
  readonly model: string
  readonly stream: boolean
  /** Which repeat this is, from 0. */
  readonly round: number
  /** Differs from run to run, so that nothing answers from a cache. */
  readonly nonce: string
  /** The field that bounds the output here; `null` = none is taken. */
  readonly limitField: string | null
  /** The model thinks before it speaks, and what it thinks counts as output. */
  readonly thinks: boolean
  /** Tokens of input and output together; `null` = unknown. */
  readonly contextTokens: number | null
  readonly hasReference: boolean
  readonly hasOtherKey: boolean
  readonly isSecure: boolean
  /** An image on the web that the vendor can load; `null` = none was given. */
  readonly imageUrl: string | null
  readonly parallel: number
  readonly provoke: Provocations
}

/** Asks of one round go out together; the next round sees what came back. An empty round ends the probe. */
export type Round = (facts: Facts, had: readonly Exchange[]) => readonly Ask[]

export type Probe = {
  /** Stable: reports, profiles and baselines name it. */
  readonly id: string
  readonly title: string
  readonly group: string
  readonly wire: Wire
  readonly level: Level
  readonly modes: readonly Mode[]
  /** When it passes, in one sentence. */
  readonly rule: string
  readonly remedy: Remedy
  /** Deviations that are known, with the vendors that have them. */
  readonly known: readonly string[]
  readonly dependents: Dependence
  readonly rounds: readonly Round[]
  /** How often it is run in each mode unless the person says otherwise; 1. */
  readonly repeats?: number
  /** Share of the repeats that must hold; 1. */
  readonly shareMin?: number
  /** Runs while no other probe does. */
  readonly alone?: true
  /** Wants to see refusals as they come: a 429 or 503 is not repeated. */
  readonly seesRefusals?: true
  /** Judges calls that never came back, too, instead of counting as not run. */
  readonly countsAbsence?: true
  /** What rounds after the first may cost beyond the first, as calls of the same size. */
  readonly laterCalls?: number
  readonly judge: (had: readonly Exchange[], facts: Facts) => Judgement
}
