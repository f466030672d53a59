/** What a node knows and has of one limit that it counts together with others. */

import type { Draw, DrawnPart, LimitState, Ticket } from '#policy/port.ts'

/** From this share of a node on a limit lends ahead: below, every call asks. */
const busyShareMin = 50
/** No node has more than this part of its share ahead. */
const aheadPart = 10
/** How long a node keeps what it has ahead: this part of the period, within the bounds. */
const keepPart = 120
const keepMsMin = 100
const keepMsMax = 5_000
const slotsKeptMs = 500
/** Units kept for so many times as long as they may be are worth nothing. */
const staleAfter = 4
/** Slots of a limit that does not lend ahead are kept just so long that whoever waits on this node can have them. */
const slotsHandedOnMs = 20
/** A refusal of a busy limit holds for so long without asking again. */
const refusalHoldsMs = 50
/** Slots that ended while the counter was away; beyond them, the end of their time frees the rest. */
const leftMax = 10_000

/** Units that were used and still count, as a node's share drains them. */
export type Tally = { debt: number; atMs: number }

/** A moment of the counter: how often the way to it had broken. */
export type Moment = { readonly nowMs: number; readonly breaks: number }

/** What the counter said of the bucket last, and when. */
export type Heard = Pick<DrawnPart, 'remaining' | 'resetMs' | 'birth'> & {
  readonly atMs: number
  readonly breaks: number
}

export type Pace = { used: number; usedBefore: number; sinceMs: number }

export type JointBucket = {
  ticket: Ticket
  /** Units of a rate that the counter has given, and no call has taken. */
  stock: number
  /** Slots of concurrency that the counter has given, and no call uses. */
  free: string[]
  /** Slots of calls under way, those among them that the counter does not know of yet. */
  readonly held: string[]
  /** Since when something of `stock` or `free` is kept. */
  keptSinceMs: number
  readonly pace: Pace
  /** Units of calls that wait for a trip which is under way. */
  waiting: number
  /** Trips under way that ask for it. */
  trips: number
  /** The one that others may wait for; tells whether there was an answer. */
  asking: Promise<boolean> | null
  /** Units to be told to the counter: more used than taken, or less. */
  correction: number
  /** Slots to be given back. */
  left: string[]
  heard: Heard | null
  refused: { readonly untilMs: number; readonly amount: number; readonly passesAtMs: number | null } | null
  /** What calls of this node used. */
  readonly own: Tally
  /** What was admitted without the counter; told when the counter is back. */
  readonly alone: Tally
  /** What has been taken of this node's share: that, and what was used before it mattered. */
  readonly share: Tally
}

export const openBucket = (ticket: Ticket, nowMs: number): JointBucket => ({
  ticket,
  stock: 0,
  free: [],
  held: [],
  keptSinceMs: nowMs,
  pace: { used: 0, usedBefore: 0, sinceMs: nowMs },
  waiting: 0,
  trips: 0,
  asking: null,
  correction: 0,
  left: [],
  heard: null,
  refused: null,
  own: { debt: 0, atMs: nowMs },
  alone: { debt: 0, atMs: nowMs },
  share: { debt: 0, atMs: nowMs },
})

export const amountOf = (ticket: Ticket): number => (ticket.kind === 'rate' ? ticket.amount : 1)

export const isBusy = (ticket: Ticket, nodes: number): boolean => ticket.limit >= busyShareMin * nodes

const keepMsOf = (ticket: Ticket): number =>
  ticket.kind === 'rate' ? Math.min(keepMsMax, Math.max(keepMsMin, ticket.periodMs / keepPart)) : slotsKeptMs

/** Adds units used, or takes some away, after what drained since. @returns what still counts. */
export const tally = (
  kept: Tally,
  units: number,
  { ticket, nodes, nowMs }: { ticket: Ticket; nodes: number; nowMs: number },
): number => {
  const drained = ticket.kind === 'rate' ? ((nowMs - kept.atMs) * ticket.limit) / nodes / ticket.periodMs : 0
  kept.debt = Math.max(0, Math.max(0, kept.debt - drained) + units)
  kept.atMs = nowMs
  return kept.debt
}

/** Counts what calls use, by windows as long as it is kept. */
export const notePace = ({ pace, ticket }: JointBucket, amount: number, nowMs: number): void => {
  const elapsedMs = nowMs - pace.sinceMs
  const windowMs = keepMsOf(ticket)
  if (elapsedMs >= windowMs) {
    pace.usedBefore = elapsedMs < 2 * windowMs ? pace.used : 0
    pace.used = 0
    pace.sinceMs = nowMs
  }
  pace.used += amount
}

/** Units to ask for besides: what calls used of late in as long as it is kept, and what those need who wait. */
export const aheadOf = ({ pace, waiting, ticket }: JointBucket, nodes: number): number => {
  if (!isBusy(ticket, nodes)) return 0
  const most = Math.floor(ticket.limit / (aheadPart * nodes))
  return Math.min(most, Math.ceil(Math.max(pace.used, pace.usedBefore) + waiting))
}

/** Milliseconds until it is whole, by what was heard last. */
export const wholeInMs = ({ heard }: JointBucket, nowMs: number): number =>
  heard === null ? 0 : Math.max(0, Math.ceil(heard.resetMs - (nowMs - heard.atMs)))

/** Units that all have used and that still count, by what was heard last. */
const debtHeard = (bucket: JointBucket, nowMs: number): number =>
  bucket.ticket.kind === 'rate' ? (wholeInMs(bucket, nowMs) * bucket.ticket.limit) / bucket.ticket.periodMs : 0

/** A rate of nothing is told from what was heard, as long as that is fresh; one that is overdrawn is refused by the counter. */
const isFresh = ({ heard, ticket }: JointBucket, nowMs: number): boolean =>
  heard !== null &&
  ticket.kind === 'rate' &&
  nowMs - heard.atMs <= keepMsOf(ticket) &&
  heard.resetMs - (nowMs - heard.atMs) <= ticket.periodMs

/** Whether the call needs no trip for this ticket. */
export const isAtHand = (bucket: JointBucket, nodes: number, nowMs: number): boolean => {
  const { ticket, stock, free } = bucket
  if (ticket.kind === 'concurrency') return free.length > 0 && ticket.limit > 0
  if (ticket.amount > 0) return stock >= ticket.amount
  return isBusy(ticket, nodes) && isFresh(bucket, nowMs)
}

/** Takes what `isAtHand`, and gives how to put it back. */
export const takeAtHand = (bucket: JointBucket): (() => void) => {
  const { ticket, free, held } = bucket
  if (ticket.kind === 'rate') {
    const { amount } = ticket
    bucket.stock -= amount
    return () => {
      bucket.stock += amount
    }
  }
  const slot = free.pop()
  if (slot !== undefined) held.push(slot)
  return () => {
    // Whichever is there: slots are alike, and this one may have been given back for another call meanwhile.
    const other = held.pop()
    if (other !== undefined) bucket.free.push(other)
  }
}

/** A refusal of a moment ago that holds for this ticket too. */
export const holdingRefusal = (bucket: JointBucket, nodes: number, nowMs: number): JointBucket['refused'] => {
  const { refused, ticket } = bucket
  if (refused === null || nowMs >= refused.untilMs || amountOf(ticket) < refused.amount) return null
  return isBusy(ticket, nodes) ? refused : null
}

export const noteRefusal = (bucket: JointBucket, waitMs: number | null, nowMs: number): void => {
  const untilMs = nowMs + Math.min(waitMs ?? refusalHoldsMs, refusalHoldsMs)
  bucket.refused = { untilMs, amount: amountOf(bucket.ticket), passesAtMs: waitMs === null ? null : nowMs + waitMs }
}

export type Drawing = Moment & {
  readonly ahead: number
  readonly slots: readonly string[]
  readonly kept: readonly string[]
  readonly nodes: number
}

/** What a trip asks of the bucket; what it tells of the past is told once. `slots` names as many as may be taken. */
export const drawOf = (
  bucket: JointBucket,
  amount: number | null,
  { ahead, slots, kept, nodes, nowMs, breaks }: Drawing,
): Draw => {
  const { ticket, left, heard } = bucket
  const now = { ticket, nodes, nowMs }
  const alone = tally(bucket.alone, 0, now)
  const correction = bucket.correction + Math.ceil(alone)
  const all = debtHeard(bucket, nowMs)
  // When all that was used together has drained, so has what this node used of it.
  const own = all === 0 ? 0 : tally(bucket.own, 0, now)
  bucket.correction = 0
  bucket.left = []
  bucket.alone.debt = 0
  tally(bucket.own, alone, now)
  const mayHaveLost = heard !== null && heard.breaks !== breaks
  const lost = { birth: heard?.birth ?? null, used: own + alone + bucket.stock, usedByAll: all + alone, mayHaveLost }
  return { ticket, amount, ahead, correction, ...lost, slots, left, kept }
}

/** A trip that came to nothing tells again what would admit too much if it were lost: units used, not units given back. */
export const undraw = (bucket: JointBucket, { correction, left }: Draw): void => {
  bucket.correction += Math.max(0, correction)
  leave(bucket, left)
}

/** Of what all have used no node can have used more. */
export const hear = (
  bucket: JointBucket,
  { remaining, resetMs, birth }: DrawnPart,
  { nowMs, breaks }: Moment,
): void => {
  const { ticket, own, heard } = bucket
  bucket.heard = { atMs: nowMs, breaks, remaining, resetMs, birth: birth ?? heard?.birth ?? null }
  if (ticket.kind === 'rate') own.debt = Math.min(own.debt, (resetMs * ticket.limit) / ticket.periodMs)
}

/** Counts units that were used more than taken (or less, where negative): those at hand are spent for it first. */
export const correct = (bucket: JointBucket, units: number): void => {
  const spent = Math.max(0, Math.min(bucket.stock, units))
  bucket.stock -= spent
  bucket.correction += units - spent
}

/** Slots to be given back with the next trip. */
export const leave = (bucket: JointBucket, slots: readonly string[]): void => {
  for (const slot of slots) if (bucket.left.length < leftMax) bucket.left.push(slot)
}

/**
 * What is kept longer than it may be goes back. Units that were kept far longer, because the counter was away, are dropped: they have
 * drained there, and to give them back would be to forget what others used since.
 */
export const release = (bucket: JointBucket, { nodes, nowMs, all }: { nodes: number; nowMs: number; all: boolean }) => {
  const { ticket } = bucket
  const isLent = ticket.kind === 'rate' || isBusy(ticket, nodes)
  const mayKeepMs = isLent ? keepMsOf(ticket) : slotsHandedOnMs
  const keptMs = nowMs - bucket.keptSinceMs
  if (!all && keptMs < mayKeepMs) return
  if (keptMs < staleAfter * mayKeepMs) bucket.correction -= bucket.stock
  bucket.stock = 0
  leave(bucket, bucket.free)
  bucket.free = []
}

/** Whether there is something to keep an eye on. */
export const isTended = ({ stock, free, correction, left }: JointBucket): boolean =>
  stock > 0 || free.length > 0 || correction !== 0 || left.length > 0

/** Whether forgetting the bucket would change nothing. */
export const isForgettable = (bucket: JointBucket, nowMs: number): boolean =>
  !isTended(bucket) &&
  bucket.held.length === 0 &&
  bucket.trips === 0 &&
  bucket.waiting === 0 &&
  wholeInMs(bucket, nowMs) === 0 &&
  bucket.alone.debt === 0

/** The limit's state as this node knows it: what was heard, drained since, with what the node has at hand. */
export const stateOf = (bucket: JointBucket, nowMs: number): LimitState => {
  const { ticket, heard, stock, free, correction } = bucket
  const elapsedMs = heard === null ? 0 : Math.max(0, nowMs - heard.atMs)
  if (ticket.kind === 'concurrency') {
    const remaining = (heard?.remaining ?? ticket.limit) + free.length
    return { ticket, remaining: Math.max(0, Math.min(ticket.limit, remaining)), resetMs: 0 }
  }
  const { limit, periodMs } = ticket
  const drained = (heard?.remaining ?? limit) + (elapsedMs * limit) / periodMs
  const remaining = Math.max(0, Math.min(limit, Math.floor(drained - correction + stock)))
  const owedMs = limit <= 0 ? 0 : ((correction - stock) * periodMs) / limit
  return { ticket, remaining, resetMs: Math.max(0, Math.ceil((heard?.resetMs ?? 0) - elapsedMs + owedMs)) }
}
