/**
 * The circuit breaker of one target, as a value: closed, open for a rest that grows with every trip, half-open for one
 * probe, then closed again with a share that grows back. Pure: the same outcomes at the same times give the same state.
 */

/** `upstream`: the target's own failure; `local`: no name, no connection, no handshake: the way to it, or the network here. */
export type FailureKind = 'upstream' | 'local'

export type BreakerSettings = {
  /** Failures in a row that open it. */
  readonly failuresMax: number
  /** The first rest; the second trip rests twice as long, and so on, up to `restMsMax`. */
  readonly restMs: number
}

export type BreakerState = 'closed' | 'open' | 'half-open'

type Slot = { readonly startMs: number; readonly calls: number; readonly failures: number }

export type Breaker = {
  /** Failures in a row, of each kind. */
  readonly failures: number
  readonly localFailures: number
  /** How often it has opened without having been well for `forgetTripsMs` since. */
  readonly trips: number
  /** Monotonic; `null` = closed. */
  readonly openUntilMs: number | null
  /** When it was closed after a trip: its share grows from then; `null` = it never was open. */
  readonly recoveredMs: number | null
  /** The last 30 s in slots. */
  readonly slots: readonly Slot[]
}

export const restMsMax = 300_000
/** After recovery the share of a target grows from a tenth to the whole over this time. */
export const slowStartMs = 30_000
const shareFirst = 0.1
const slotMs = 5_000
const slotsMax = 6
/** Over this many calls of the last 30 s, this share of failures opens it, in a row or not. */
const callsMin = 20
const failureShareMax = 0.5
/** Well for this long: the next trip rests as if it were the first. */
const forgetTripsMs = 300_000

export const closedBreaker: Breaker = Object.freeze({
  failures: 0,
  localFailures: 0,
  trips: 0,
  openUntilMs: null,
  recoveredMs: null,
  slots: [],
})

const counted = (slots: readonly Slot[], nowMs: number, failed: boolean): readonly Slot[] => {
  const recent = slots.filter((slot) => nowMs - slot.startMs < slotMs * slotsMax)
  const last = recent.at(-1)
  const failures = failed ? 1 : 0
  if (last === undefined || nowMs - last.startMs >= slotMs) return [...recent, { startMs: nowMs, calls: 1, failures }]
  return [...recent.slice(0, -1), { ...last, calls: last.calls + 1, failures: last.failures + failures }]
}

const isOutlier = (slots: readonly Slot[]): boolean => {
  const calls = slots.reduce((sum, slot) => sum + slot.calls, 0)
  const failures = slots.reduce((sum, slot) => sum + slot.failures, 0)
  return calls >= callsMin && failures >= calls * failureShareMax
}

/** An open breaker whose rest is over is half-open: one call may find out. */
export const stateAt = ({ openUntilMs }: Breaker, nowMs: number): BreakerState => {
  if (openUntilMs === null) return 'closed'
  return nowMs < openUntilMs ? 'open' : 'half-open'
}

/** What a target may take of its weight now, from 0.1 to 1. */
export const rampAt = ({ recoveredMs }: Breaker, nowMs: number): number => {
  if (recoveredMs === null) return 1
  return Math.min(1, shareFirst + (1 - shareFirst) * ((nowMs - recoveredMs) / slowStartMs))
}

/** A success closes it, whatever it was. */
export const afterSuccess = (breaker: Breaker, nowMs: number): Breaker => {
  const wasOpen = breaker.openUntilMs !== null
  const wellMs = breaker.recoveredMs === null ? 0 : nowMs - breaker.recoveredMs
  return {
    failures: 0,
    localFailures: 0,
    trips: wellMs > forgetTripsMs ? 0 : breaker.trips,
    openUntilMs: null,
    recoveredMs: wasOpen ? nowMs : breaker.recoveredMs,
    slots: counted(wasOpen ? [] : breaker.slots, nowMs, false),
  }
}

const opened = (breaker: Breaker, nowMs: number, { restMs }: BreakerSettings): Breaker => ({
  ...breaker,
  trips: breaker.trips + 1,
  openUntilMs: nowMs + Math.min(restMsMax, restMs * 2 ** Math.min(breaker.trips, 16)),
  slots: [],
})

/** A failed probe opens it again for longer; while it is open, failures of calls that began before change nothing. */
export const afterFailure = (
  breaker: Breaker,
  at: { readonly nowMs: number; readonly kind: FailureKind; readonly settings: BreakerSettings },
): Breaker => {
  const { nowMs, kind, settings } = at
  const state = stateAt(breaker, nowMs)
  if (state === 'open') return breaker
  const next: Breaker = {
    ...breaker,
    failures: breaker.failures + (kind === 'upstream' ? 1 : 0),
    localFailures: breaker.localFailures + (kind === 'local' ? 1 : 0),
    slots: counted(breaker.slots, nowMs, true),
  }
  const worst = Math.max(next.failures, next.localFailures)
  return state === 'half-open' || worst >= settings.failuresMax || isOutlier(next.slots)
    ? opened(next, nowMs, settings)
    : next
}
