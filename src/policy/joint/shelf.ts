/** The limits that a node counts together with others, by name; those that nothing is known of any more are forgotten as new ones come. */

import assert from 'node:assert/strict'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { Ticket } from '#policy/port.ts'
import type { JointBucket } from './bucket.ts'
import { isForgettable, openBucket } from './bucket.ts'

export type JointShelf = {
  /** The ticket's bucket, made where there is none. */
  readonly of: (ticket: Ticket) => JointBucket
  /** @throws Problem `overloaded` when more limits would be counted than are allowed. */
  readonly makeRoom: (tickets: readonly Ticket[]) => void
  readonly all: () => readonly JointBucket[]
  /** Buckets with something that goes back or has to be told. */
  readonly tend: (bucket: JointBucket) => void
  readonly untend: (bucket: JointBucket) => void
  readonly tended: () => readonly JointBucket[]
  readonly hasTended: () => boolean
}

const bucketsDefault = 1_000_000
/** Old buckets looked at when a new one is made: two or more, so that the sweep is faster than the growth. */
const sweptPerNew = 4

export const makeJointShelf = ({
  clock,
  bucketsMax = bucketsDefault,
}: {
  readonly clock: Clock
  readonly bucketsMax?: number
}): JointShelf => {
  const buckets = new Map<string, JointBucket>()
  const tended = new Set<JointBucket>()

  const sweep = (looks: number): void => {
    const nowMs = clock.monotonicMs()
    let left = looks
    for (const [name, bucket] of buckets) {
      if (left === 0) return
      left -= 1
      buckets.delete(name)
      if (tended.has(bucket) || !isForgettable(bucket, nowMs)) buckets.set(name, bucket)
    }
  }

  return {
    of: (ticket) => {
      const known = buckets.get(ticket.bucket)
      assert(known === undefined || known.ticket.kind === ticket.kind, `${ticket.bucket} is a bucket of another kind`)
      if (known !== undefined) return known
      const made = openBucket(ticket, clock.monotonicMs())
      buckets.set(ticket.bucket, made)
      return made
    },
    makeRoom: (tickets) => {
      const added = tickets.filter(({ bucket }) => !buckets.has(bucket)).length
      if (added === 0) return
      sweep(added * sweptPerNew)
      if (buckets.size + added <= bucketsMax) return
      throw new Problem('overloaded', {
        message: `${bucketsMax} limits are being counted already, and none of them can be forgotten yet.`,
        retryAfterMs: 1000,
      })
    },
    all: () => [...buckets.values()],
    tend: (bucket) => {
      tended.add(bucket)
    },
    untend: (bucket) => {
      tended.delete(bucket)
    },
    tended: () => [...tended],
    hasTended: () => tended.size > 0,
  }
}
