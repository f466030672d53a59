/** What is known of every target for as long as the process lives: its breaker, how fast it answers, what is under way there. */

import type { Breaker, BreakerSettings, BreakerState, FailureKind } from './breaker.ts'
import { afterFailure, afterSuccess, closedBreaker, rampAt, stateAt } from './breaker.ts'
import type { PeakAverage } from './peak-average.ts'
import { withSample } from './peak-average.ts'

/** Streams and whole answers are timed apart: the first part of a whole answer is its end. */
export type Timing = 'stream' | 'whole'

export type HealthView = {
  readonly state: BreakerState
  /** Half-open, and a call is finding out. */
  readonly probing: boolean
  /** Monotonic; `null` = not open. */
  readonly openUntilMs: number | null
  /** What it may take of its weight, 0.1 to 1. */
  readonly ramp: number
  /** Failures in a row. */
  readonly failures: number
  readonly trips: number
  readonly inFlight: number
  /** Time to the first part; `null` = never measured. */
  readonly latencyMs: number | null
  readonly tokensPerSecond: number | null
}

export type Changed = 'opened' | 'closed' | null

export type HealthTable = {
  readonly view: (target: string, timing: Timing, nowMs: number) => HealthView
  /** A call begins there; `true` = it is the probe of a half-open target. */
  readonly began: (target: string, nowMs: number) => boolean
  readonly ended: (target: string, wasProbe: boolean) => void
  readonly firstPart: (target: string, timing: Timing, sample: Sample) => void
  /** Its first part came: a probe has found out what it was for. */
  readonly answered: (target: string, nowMs: number) => Changed
  readonly succeeded: (target: string, nowMs: number) => Changed
  readonly failed: (target: string, failure: Failure) => Changed
  readonly produced: (target: string, tokensPerSecond: number) => void
}

export type Sample = { readonly latencyMs: number; readonly nowMs: number }
export type Failure = {
  readonly kind: FailureKind
  readonly settings: BreakerSettings
  readonly nowMs: number
}

type Entry = {
  breaker: Breaker
  probing: boolean
  inFlight: number
  latency: Partial<Record<Timing, PeakAverage>>
  tokensPerSecond: number | null
}

/** Targets remembered at most; of more the oldest is forgotten. */
const targetsMax = 10_000
/** How much one answer moves the average of what a target produces. */
const paceWeight = 0.2

/** Knows nothing at first; every target begins closed. */
export const healthTable = (): HealthTable => {
  const entries = new Map<string, Entry>()
  const entryOf = (target: string): Entry => {
    const known = entries.get(target)
    if (known !== undefined) return known
    const [oldest] = entries.keys()
    if (entries.size >= targetsMax && oldest !== undefined) entries.delete(oldest)
    const entry: Entry = { breaker: closedBreaker, probing: false, inFlight: 0, latency: {}, tokensPerSecond: null }
    entries.set(target, entry)
    return entry
  }
  return {
    view: (target, timing, nowMs) => {
      const entry = entries.get(target)
      const breaker = entry?.breaker ?? closedBreaker
      return {
        state: stateAt(breaker, nowMs),
        probing: entry?.probing ?? false,
        openUntilMs: breaker.openUntilMs,
        ramp: rampAt(breaker, nowMs),
        failures: breaker.failures + breaker.localFailures,
        trips: breaker.trips,
        inFlight: entry?.inFlight ?? 0,
        latencyMs: entry?.latency[timing]?.valueMs ?? null,
        tokensPerSecond: entry?.tokensPerSecond ?? null,
      }
    },
    began: (target, nowMs) => {
      const entry = entryOf(target)
      entry.inFlight += 1
      if (entry.probing || stateAt(entry.breaker, nowMs) !== 'half-open') return false
      entry.probing = true
      return true
    },
    ended: (target, wasProbe) => {
      const entry = entryOf(target)
      entry.inFlight = Math.max(0, entry.inFlight - 1)
      // A probe whose caller left has found out nothing: the next call may.
      if (wasProbe) entry.probing = false
    },
    firstPart: (target, timing, { latencyMs, nowMs }) => {
      const entry = entryOf(target)
      entry.latency[timing] = withSample(entry.latency[timing] ?? null, latencyMs, nowMs)
    },
    answered: (target, nowMs) => {
      const entry = entryOf(target)
      if (entry.breaker.openUntilMs === null) return null
      entry.breaker = afterSuccess(entry.breaker, nowMs)
      entry.probing = false
      return 'closed'
    },
    succeeded: (target, nowMs) => {
      const entry = entryOf(target)
      const wasOpen = entry.breaker.openUntilMs !== null
      entry.breaker = afterSuccess(entry.breaker, nowMs)
      entry.probing = false
      return wasOpen ? 'closed' : null
    },
    failed: (target, { kind, settings, nowMs }) => {
      const entry = entryOf(target)
      const { trips } = entry.breaker
      entry.breaker = afterFailure(entry.breaker, { nowMs, kind, settings })
      if (entry.breaker.trips === trips) return null
      entry.probing = false
      return 'opened'
    },
    produced: (target, tokensPerSecond) => {
      const entry = entryOf(target)
      const before = entry.tokensPerSecond
      entry.tokensPerSecond =
        before === null ? tokensPerSecond : before * (1 - paceWeight) + tokensPerSecond * paceWeight
    },
  }
}
