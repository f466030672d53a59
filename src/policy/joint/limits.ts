/**
 * Limits that several nodes count together. A busy limit lends units ahead, so that most of its calls need no trip to the counter; what is
 * not used goes back within a part of the period. While the counter is away each node enforces its share, and no call waits.
 */

import assert from 'node:assert/strict'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { JointCounter, Limiter, Taken, Ticket } from '#policy/port.ts'
import type { Alone } from './alone.ts'
import { makeAlone } from './alone.ts'
import { amountOf, correct, holdingRefusal, isAtHand, isTended, leave, notePace, takeAtHand, tally } from './bucket.ts'
import type { Reports } from './report.ts'
import { makeReports } from './report.ts'
import type { JointShelf } from './shelf.ts'
import { makeJointShelf } from './shelf.ts'
import type { Standing } from './standing.ts'
import { makeStanding } from './standing.ts'
import type { Found, Trips } from './trip.ts'
import { longestRefusal, makeTrips, statesOf } from './trip.ts'

export type JointLimitsOptions = {
  readonly counter: JointCounter
  /** Enforces this node's share of rates while the counter is away. */
  readonly shares: Limiter
  /** Nodes that live; at least 1. */
  readonly nodes: () => number
  /** Names this process among all that ever count there. */
  readonly owner: string
  /** A call waits no longer for a trip, and no longer than twice that in all. */
  readonly tripMaxMs: number
  readonly clock: Clock
  readonly log: Log
}

/** What has happened since the start. */
export type JointFigures = {
  /** Trips that calls waited for. */
  readonly trips: number
  /** Trips beside the calls: what was used, given back, or is still in use. */
  readonly reports: number
  /** Takes that were decided by what this node had at hand. */
  readonly atHand: number
  /** Takes that were decided by this node's share. */
  readonly alone: number
}

type Parts = {
  readonly shelf: JointShelf
  readonly standing: Standing
  readonly alone: Alone
  readonly trips: Trips
  readonly reports: Reports
}

/** Calls look so often whether the trip of another brought enough for them, then go themselves. */
const looksMax = 100

const partsOf = ({ counter, shares, nodes, owner, tripMaxMs, clock, log }: JointLimitsOptions): Parts => {
  let slots = 0
  const newSlot = (): string => {
    slots += 1
    return `${owner}.${slots}`
  }
  const shelf = makeJointShelf({ clock })
  const standing = makeStanding({ counter, tripMaxMs, restore: () => reports.all(), clock, log })
  const reports = makeReports({ counter, standing, shelf, nodes, clock })
  const alone = makeAlone({ shares, nodes, bucketOf: shelf.of, newSlot, clock })
  const trips = makeTrips({ counter, standing, shelf, newSlot, clock })
  return { shelf, standing, alone, trips, reports }
}

/** Counts at the counter while that is there, and enforces a share of each limit while it is not. */
export class JointLimits implements Limiter {
  readonly #parts: Parts
  readonly #options: JointLimitsOptions
  /** Rates that were taken from the node's share. */
  readonly #takenAlone = new WeakSet<Ticket>()
  #trips = 0
  #atHand = 0
  #alone = 0

  constructor(options: JointLimitsOptions) {
    this.#options = options
    this.#parts = partsOf(options)
  }

  /** Resolves when nodes count together, or after a second without. */
  begin(): Promise<void> {
    return this.#parts.standing.begin()
  }

  /** Since when (monotonic) and why every node enforces its share; `null` = they count together. */
  trouble(): ReturnType<Standing['trouble']> {
    return this.#parts.standing.trouble()
  }

  figures(): JointFigures {
    return { trips: this.#trips, reports: this.#parts.reports.count(), atHand: this.#atHand, alone: this.#alone }
  }

  async take(tickets: readonly Ticket[]): Promise<Taken> {
    const { nodes, tripMaxMs, clock } = this.#options
    const { shelf, standing, trips } = this.#parts
    if (tickets.length === 0) return { ok: true, states: [] }
    shelf.makeRoom(tickets)
    const untilMs = clock.monotonicMs() + tripMaxMs
    for (let looks = 0; standing.isTogether(); looks += 1) {
      const count = nodes()
      const found = tickets.map((ticket): Found => ({ ticket, bucket: shelf.of(ticket) }))
      const { lacking, refusal } = this.#look(found, count)
      if (refusal !== null) return refusal
      if (lacking.length === 0) {
        this.#atHand += 1
        this.#takeAtHand(found)
        return this.#admitted(found)
      }
      const mayWait = looks < looksMax && clock.monotonicMs() <= untilMs
      // Not awaited where there is none: calls that come at the same time must find this one's trip under way.
      const others = mayWait ? trips.others(lacking, count) : null
      if (others !== null) {
        if (await others) continue
        break
      }
      const taken = await this.#travel(found, lacking, count)
      if (taken === null) break
      return taken
    }
    return this.#takeAlone(tickets)
  }

  async giveBack(returned: Parameters<Limiter['giveBack']>[0]): Promise<void> {
    for (const { ticket, used } of returned) await this.#giveBack(ticket, used)
  }

  /** Gives back what this node has. */
  async close(): Promise<void> {
    const { standing, reports } = this.#parts
    try {
      await reports.close()
    } catch (error) {
      this.#options.log.debug('what this node had of limits was not given back', { error })
    } finally {
      standing.close()
    }
  }

  /** What the node does not have at hand, and a refusal of a moment ago that holds for it. */
  #look(
    found: readonly Found[],
    count: number,
  ): { readonly lacking: readonly Found[]; readonly refusal: Taken | null } {
    const nowMs = this.#options.clock.monotonicMs()
    for (const { ticket, bucket } of found) bucket.ticket = ticket
    const lacking = found.filter(({ bucket }) => !isAtHand(bucket, count, nowMs))
    for (const { ticket, bucket } of lacking) {
      const holding = holdingRefusal(bucket, count, nowMs)
      if (holding === null) continue
      const retryAfterMs = holding.passesAtMs === null ? null : Math.max(1, Math.ceil(holding.passesAtMs - nowMs))
      return { lacking, refusal: { ok: false, refused: ticket, retryAfterMs, states: statesOf(found, nowMs) } }
    }
    return { lacking, refusal: null }
  }

  #takeAtHand(found: readonly Found[]): () => void {
    const undoings = found.map(({ ticket, bucket }) => {
      bucket.ticket = ticket
      return takeAtHand(bucket)
    })
    return () => {
      for (const undo of undoings) undo()
    }
  }

  /** `null` = there was no answer. */
  async #travel(found: readonly Found[], lacking: readonly Found[], count: number): Promise<Taken | null> {
    const putBack = this.#takeAtHand(found.filter((one) => !lacking.includes(one)))
    this.#trips += 1
    const drawn = await this.#parts.trips.go(lacking, count)
    if (drawn?.ok === true) return this.#admitted(found)
    putBack()
    if (drawn === null) return null
    return { ...longestRefusal(lacking, drawn), states: statesOf(found, this.#options.clock.monotonicMs()) }
  }

  #admitted(found: readonly Found[]): Taken {
    const nowMs = this.#options.clock.monotonicMs()
    const { shelf, reports } = this.#parts
    const nodes = this.#options.nodes()
    for (const { ticket, bucket } of found) {
      notePace(bucket, amountOf(ticket), nowMs)
      if (ticket.kind === 'rate') tally(bucket.own, ticket.amount, { ticket, nodes, nowMs })
      this.#takenAlone.delete(ticket)
      if (isTended(bucket)) shelf.tend(bucket)
    }
    reports.arm()
    return { ok: true, states: statesOf(found, nowMs) }
  }

  async #takeAlone(tickets: readonly Ticket[]): Promise<Taken> {
    const { alone, shelf, reports } = this.#parts
    this.#alone += 1
    const taken = await alone.take(tickets)
    for (const ticket of tickets) {
      if (taken.ok) this.#takenAlone.add(ticket)
      else this.#takenAlone.delete(ticket)
      shelf.tend(shelf.of(ticket))
    }
    reports.arm()
    return taken
  }

  async #giveBack(ticket: Ticket, used: number | null): Promise<void> {
    const { shelf, standing, alone, reports } = this.#parts
    const bucket = shelf.of(ticket)
    bucket.refused = null
    if (ticket.kind === 'concurrency') {
      const slot = bucket.held.pop()
      assert(slot !== undefined, `${ticket.bucket} was given back more often than taken`)
      if (bucket.free.length === 0) bucket.keptSinceMs = this.#options.clock.monotonicMs()
      if (standing.isTogether()) bucket.free.push(slot)
      else leave(bucket, [slot])
    } else if (this.#takenAlone.has(ticket)) await alone.giveBack(ticket, used)
    else if (used !== null) {
      const nowMs = this.#options.clock.monotonicMs()
      tally(bucket.own, used - ticket.amount, { ticket, nodes: this.#options.nodes(), nowMs })
      correct(bucket, used - ticket.amount)
    }
    shelf.tend(bucket)
    reports.arm(bucket.correction >= ticket.limit)
  }
}
