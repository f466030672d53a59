/** Trips of calls to the joint counter, for what their node does not have at hand. */

import assert from 'node:assert/strict'
import type { Clock } from '#base/clock.ts'
import type { Draw, Drawn, JointCounter, LimitState, Taken, Ticket } from '#policy/port.ts'
import type { JointBucket } from './bucket.ts'
import { aheadOf, amountOf, drawOf, hear, isBusy, leave, noteRefusal, stateOf, undraw } from './bucket.ts'
import type { JointShelf } from './shelf.ts'
import type { Standing } from './standing.ts'

/** A ticket and its bucket. */
export type Found = { readonly ticket: Ticket; readonly bucket: JointBucket }

export type TripOptions = {
  readonly counter: JointCounter
  readonly standing: Standing
  readonly shelf: JointShelf
  readonly newSlot: () => string
  readonly clock: Clock
}

export type Trips = {
  /** Takes all that is asked for or none; `null` = there was no answer. What comes ahead is kept. */
  readonly go: (lacking: readonly Found[], nodes: number) => Promise<Drawn | null>
  /** Waits for the trips that others have under way, where they may bring what is lacking: whether all were answered; `null` = none are. */
  readonly others: (lacking: readonly Found[], nodes: number) => Promise<boolean> | null
}

/** States of a call's limits, as they are known now. */
export const statesOf = (found: readonly Found[], nowMs: number): readonly LimitState[] =>
  found.map(({ ticket, bucket }) => {
    bucket.ticket = ticket
    return stateOf(bucket, nowMs)
  })

/** The refusal that lasts longest: to wait for another would be to come back in vain. */
export const longestRefusal = (
  lacking: readonly Found[],
  { parts }: Drawn,
): Omit<Extract<Taken, { ok: false }>, 'states'> => {
  let worst: { readonly ticket: Ticket; readonly waitMs: number } | null = null
  for (const [place, { ticket }] of lacking.entries()) {
    const waitMs = parts[place]?.waitMs ?? null
    if (waitMs === null) return { ok: false, refused: ticket, retryAfterMs: null }
    if (waitMs > (worst?.waitMs ?? 0)) worst = { ticket, waitMs }
  }
  assert(worst !== null, 'a trip was refused, and no bucket says why')
  return { ok: false, refused: worst.ticket, retryAfterMs: worst.waitMs }
}

/** Keeps what came ahead, and holds the slot of the call. */
const keep = (bucket: JointBucket, { ahead, slots }: Pick<Draw, 'ahead' | 'slots'>, nowMs: number): void => {
  if (bucket.stock === 0 && bucket.free.length === 0) bucket.keptSinceMs = nowMs
  bucket.refused = null
  if (bucket.ticket.kind === 'rate') {
    bucket.stock += ahead
    return
  }
  const [own, ...more] = slots
  if (own !== undefined) bucket.held.push(own)
  bucket.free.push(...more.slice(0, ahead))
}

export const makeTrips = ({ counter, standing, shelf, newSlot, clock }: TripOptions): Trips => {
  const draw = ({ ticket, bucket }: Found, nodes: number, breaks: number): Draw => {
    bucket.ticket = ticket
    const ahead = aheadOf(bucket, nodes)
    const slots = ticket.kind === 'concurrency' ? Array.from({ length: 1 + ahead }, newSlot) : []
    return drawOf(bucket, amountOf(ticket), { ahead, slots, kept: [], nodes, nowMs: clock.monotonicMs(), breaks })
  }

  /** What a trip gave that nobody waits for any more goes back. */
  const returnLate = (draws: readonly Draw[], drawn: Drawn): void => {
    if (!drawn.ok) return
    for (const [place, { ticket, amount, slots }] of draws.entries()) {
      const bucket = shelf.of(ticket)
      const taken = (amount ?? 0) + (drawn.parts[place]?.ahead ?? 0)
      if (ticket.kind === 'rate') bucket.correction -= taken
      else leave(bucket, slots.slice(0, taken))
      shelf.tend(bucket)
    }
  }

  const travel = async (lacking: readonly Found[], nodes: number): Promise<Drawn | null> => {
    const breaks = counter.breaks()
    const draws = lacking.map((one) => draw(one, nodes, breaks))
    let drawn: Drawn
    try {
      drawn = await standing.within(counter.draw(draws, nodes), (late) => returnLate(draws, late))
    } catch (thrown) {
      for (const [place, { bucket }] of lacking.entries()) undraw(bucket, draws[place] as Draw)
      standing.failed(thrown)
      return null
    }
    standing.answered()
    const nowMs = clock.monotonicMs()
    // What was asked again elsewhere may be of one that knows less than this node does.
    const isHeard = counter.breaks() === breaks
    for (const [place, { ticket, bucket }] of lacking.entries()) {
      const part = drawn.parts[place]
      assert(part !== undefined, 'a draw without an answer')
      bucket.ticket = ticket
      if (isHeard) hear(bucket, part, { nowMs, breaks })
      if (drawn.ok) keep(bucket, { ahead: part.ahead, slots: draws[place]?.slots ?? [] }, nowMs)
      else if (part.waitMs !== 0) noteRefusal(bucket, part.waitMs, nowMs)
    }
    return drawn
  }

  return {
    go: async (lacking, nodes) => {
      const travelling = travel(lacking, nodes)
      const answered = travelling.then((drawn) => drawn !== null)
      const first = lacking.filter(({ bucket }) => bucket.asking === null)
      for (const { bucket } of lacking) bucket.trips += 1
      for (const { bucket } of first) bucket.asking = answered
      try {
        return await travelling
      } finally {
        for (const { bucket } of lacking) bucket.trips -= 1
        for (const { bucket } of first) bucket.asking = null
      }
    },
    others: (lacking, nodes) => {
      if (!lacking.every(({ ticket }) => isBusy(ticket, nodes))) return null
      const asked = lacking.flatMap(({ bucket }) => (bucket.asking === null ? [] : [bucket.asking]))
      if (asked.length === 0) return null
      for (const { ticket, bucket } of lacking) bucket.waiting += amountOf(ticket)
      return Promise.all(asked).then((answers) => {
        for (const { ticket, bucket } of lacking) bucket.waiting -= amountOf(ticket)
        return answers.every(Boolean)
      })
    },
  }
}
