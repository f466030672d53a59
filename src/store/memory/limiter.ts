/** Limits counted in memory: exact, for one node. */

import assert from 'node:assert/strict'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { Limiter, LimitState, Taken, Ticket } from '#policy/port.ts'
import type { RateBucket } from './rate-bucket.ts'
import { addTo, emptyBucket, isWhole, rateOf, remainingOf, resetMsOf, settle, waitMsFor } from './rate-bucket.ts'

export type MemoryLimiterOptions = {
  readonly clock: Clock
  /** Limits that are counted at the same time; default 1,000,000. A take that needs one more is refused as `overloaded`. */
  readonly bucketsMax?: number
}

type RateTicket = Extract<Ticket, { kind: 'rate' }>
type Bucket = { readonly kind: 'rate'; readonly rate: RateBucket } | { readonly kind: 'concurrency'; count: number }

const bucketsDefault = 1_000_000
/** Old buckets looked at when a new one is made: two or more, so that the sweep is faster than the growth. */
const sweptPerNew = 4
/** Nobody knows when a call under way will end. */
const concurrencyRetryMs = 1000

type Found = { readonly ticket: Ticket; readonly bucket: Bucket }

const stateOf = ({ ticket, bucket }: Found): LimitState =>
  bucket.kind === 'rate'
    ? { ticket, remaining: remainingOf(bucket.rate), resetMs: resetMsOf(bucket.rate) }
    : { ticket, remaining: Math.max(0, ticket.limit - bucket.count), resetMs: 0 }

/** 0 = it can be taken, else when; `null` = never. */
const waitMs = ({ ticket, bucket }: Found): number | null => {
  if (bucket.kind === 'rate') return waitMsFor(bucket.rate, (ticket as RateTicket).amount)
  if (ticket.limit <= 0) return null
  return bucket.count < ticket.limit ? 0 : concurrencyRetryMs
}

const takeFrom = ({ ticket, bucket }: Found): void => {
  if (bucket.kind === 'rate') addTo(bucket.rate, (ticket as RateTicket).amount)
  else bucket.count += 1
}

/** The refusal that lasts longest: to wait for another would be to come back in vain. */
const longest = (found: readonly Found[]): { readonly ticket: Ticket; readonly waitMs: number | null } | null => {
  let worst: { readonly ticket: Ticket; readonly waitMs: number | null } | null = null
  for (const one of found) {
    const wait = waitMs(one)
    if (wait === null) return { ticket: one.ticket, waitMs: null }
    if (wait > 0 && (worst === null || wait > (worst.waitMs ?? 0))) worst = { ticket: one.ticket, waitMs: wait }
  }
  return worst
}

/** Buckets by name, oldest first; those that hold nothing any more are forgotten as new ones come. */
const makeShelf = (bucketsMax: number) => {
  const buckets = new Map<string, Bucket>()

  const idle = (bucket: Bucket, nowUs: bigint): boolean =>
    bucket.kind === 'rate' ? isWhole(bucket.rate, nowUs) : bucket.count === 0

  const sweep = (looks: number, nowUs: bigint): void => {
    let left = looks
    for (const [name, bucket] of buckets) {
      if (left === 0) return
      left -= 1
      buckets.delete(name)
      if (!idle(bucket, nowUs)) buckets.set(name, bucket)
    }
  }

  return {
    get: (name: string): Bucket | undefined => buckets.get(name),
    set: (name: string, bucket: Bucket): void => {
      buckets.set(name, bucket)
    },
    /** Called before buckets are looked up, since it may forget any that is idle. */
    makeRoom: (tickets: readonly Ticket[], nowUs: bigint): void => {
      const added = tickets.filter(({ bucket }) => !buckets.has(bucket)).length
      if (added === 0) return
      sweep(added * sweptPerNew, nowUs)
      if (buckets.size + added <= bucketsMax) return
      throw new Problem('overloaded', {
        message: `${bucketsMax} limits are being counted already, and none of them can be forgotten yet.`,
        retryAfterMs: 1000,
      })
    },
    size: () => buckets.size,
  }
}

export type MemoryLimiter = Limiter & { /** Buckets held now. */ readonly size: () => number }

/**
 * A limiter that answers at once. Amounts are whole numbers >= 0. `take` rejects with Problem `overloaded` when it would
 * need more than `bucketsMax` buckets.
 */
export const makeMemoryLimiter = ({ clock, bucketsMax = bucketsDefault }: MemoryLimiterOptions): MemoryLimiter => {
  const shelf = makeShelf(bucketsMax)
  const nowUs = (): bigint => BigInt(Math.floor(clock.monotonicMs() * 1000))

  const bucketFor = (ticket: Ticket, now: bigint): Bucket => {
    const known = shelf.get(ticket.bucket)
    assert(known === undefined || known.kind === ticket.kind, `${ticket.bucket} is a bucket of another kind`)
    if (ticket.kind === 'concurrency') return known ?? { kind: 'concurrency', count: 0 }
    const rate = rateOf(ticket.limit, ticket.periodMs)
    if (known?.kind !== 'rate') return { kind: 'rate', rate: emptyBucket(rate, now) }
    settle(known.rate, rate, now)
    return known
  }

  const take = (tickets: readonly Ticket[]): Taken => {
    const now = nowUs()
    shelf.makeRoom(tickets, now)
    const found = tickets.map((ticket): Found => ({ ticket, bucket: bucketFor(ticket, now) }))
    const refusal = longest(found)
    if (refusal !== null)
      return { ok: false, refused: refusal.ticket, retryAfterMs: refusal.waitMs, states: found.map(stateOf) }
    for (const one of found) {
      takeFrom(one)
      shelf.set(one.ticket.bucket, one.bucket)
    }
    return { ok: true, states: found.map(stateOf) }
  }

  const giveBack = (ticket: Ticket, used: number | null): void => {
    const bucket = shelf.get(ticket.bucket)
    if (ticket.kind === 'concurrency') {
      assert(
        bucket?.kind === 'concurrency' && bucket.count > 0,
        `${ticket.bucket} was given back more often than taken`,
      )
      bucket.count -= 1
      return
    }
    if (used === null || used === ticket.amount) return
    const now = nowUs()
    const settled = bucketFor(ticket, now)
    if (settled.kind !== 'rate') return
    addTo(settled.rate, used - ticket.amount)
    // A bucket that was forgotten meanwhile was whole, and what is given back to a whole bucket is nothing.
    if (used > ticket.amount) shelf.set(ticket.bucket, settled)
  }

  return {
    take: async (tickets) => take(tickets),
    giveBack: async (returned) => {
      for (const { ticket, used } of returned) giveBack(ticket, used)
    },
    size: shelf.size,
  }
}
