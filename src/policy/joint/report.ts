/** What a node tells the joint counter beside its calls: what was used, what it gives back, and which slots are still in use. */

import type { Clock } from '#base/clock.ts'
import type { Draw, JointCounter } from '#policy/port.ts'
import type { Drawing, JointBucket } from './bucket.ts'
import { drawOf, hear, isTended, leave, release, undraw, wholeInMs } from './bucket.ts'
import type { JointShelf } from './shelf.ts'
import type { Standing } from './standing.ts'

const tendEveryMs = 25
/** Slots in use are told of so often; the counter forgets them after three times as long. */
const renewEveryMs = 5_000
/** Buckets that one trip tells of. */
const toldMax = 200

export type ReportOptions = {
  readonly counter: JointCounter
  readonly standing: Standing
  readonly shelf: JointShelf
  readonly nodes: () => number
  readonly clock: Clock
}

export type Reports = {
  /** Sees to it that what is there to be told is told soon, or at once. */
  readonly arm: (atOnce?: boolean) => void
  /** Tells everything, also what is in use: a counter that has lost it all has it again. Gives whether it had. */
  readonly all: () => Promise<boolean>
  /** Trips made. */
  readonly count: () => number
  /** Gives everything back, where the counter is there, and ends. */
  readonly close: () => Promise<void>
}

const isToTell = ({ correction, left, alone }: JointBucket): boolean =>
  correction !== 0 || left.length > 0 || alone.debt > 0
const isInUse = ({ held, free }: JointBucket): boolean => held.length > 0 || free.length > 0

/** The draw that asks for nothing. */
const telling = (bucket: JointBucket, renewing: boolean, now: Pick<Drawing, 'nodes' | 'nowMs' | 'breaks'>): Draw => {
  const kept = renewing ? [...bucket.held, ...bucket.free] : []
  return drawOf(bucket, null, { ahead: 0, slots: [], kept, ...now })
}

export const makeReports = ({ counter, standing, shelf, nodes, clock }: ReportOptions): Reports => {
  let count = 0
  let cancelTending: (() => void) | null = null
  let cancelRenewal = (): void => {}

  const tell = async (buckets: readonly JointBucket[], renewing: boolean): Promise<boolean> => {
    const breaks = counter.breaks()
    const now = { nodes: nodes(), nowMs: clock.monotonicMs(), breaks }
    const draws = buckets.map((bucket) => telling(bucket, renewing, now))
    count += 1
    for (const bucket of buckets) bucket.trips += 1
    try {
      const { parts } = await standing.within(counter.draw(draws, nodes()), () => {})
      const nowMs = clock.monotonicMs()
      let hadLost = false
      for (const [place, part] of parts.entries()) {
        const known = draws[place]?.birth ?? null
        hadLost ||= known !== null && part.birth !== null && part.birth !== known
        if (counter.breaks() === breaks) hear(buckets[place] as JointBucket, part, { nowMs, breaks })
      }
      return hadLost
    } catch (thrown) {
      for (const [place, told] of draws.entries()) undraw(buckets[place] as JointBucket, told)
      throw thrown
    } finally {
      for (const bucket of buckets) bucket.trips -= 1
    }
  }
  const report = async (buckets: readonly JointBucket[], renewing: boolean): Promise<boolean> => {
    let hadLost = false
    for (let from = 0; from < buckets.length; from += toldMax)
      hadLost = (await tell(buckets.slice(from, from + toldMax), renewing)) || hadLost
    return hadLost
  }

  const tend = async (): Promise<void> => {
    const told: JointBucket[] = []
    for (const bucket of shelf.tended()) {
      release(bucket, { nodes: nodes(), nowMs: clock.monotonicMs(), all: false })
      if (isToTell(bucket)) told.push(bucket)
      if (bucket.stock === 0 && bucket.free.length === 0) shelf.untend(bucket)
    }
    try {
      await report(told, false)
    } catch (thrown) {
      for (const bucket of told) shelf.tend(bucket)
      standing.failed(thrown)
    }
  }
  const arm = (atOnce = false): void => {
    if (atOnce) {
      cancelTending?.()
      cancelTending = null
    }
    if (cancelTending !== null || !standing.isTogether() || !shelf.hasTended()) return
    cancelTending = clock.after(atOnce ? 0 : tendEveryMs, () => {
      void tend().finally(() => {
        cancelTending = null
        arm()
      })
    })
  }
  const renew = (): void => {
    cancelRenewal = clock.after(renewEveryMs, () => {
      if (standing.isTogether()) report(shelf.all().filter(isInUse), true).catch(standing.failed)
      arm()
      renew()
    })
  }
  renew()

  return {
    arm,
    all: () => {
      const nowMs = clock.monotonicMs()
      // Units lent before the counter was away are not spent after it: the node's share has counted them as used.
      for (const bucket of shelf.all()) release(bucket, { nodes: nodes(), nowMs, all: true })
      const counts = (bucket: JointBucket): boolean => wholeInMs(bucket, nowMs) > 0
      return report(
        shelf.all().filter((bucket) => isToTell(bucket) || isInUse(bucket) || counts(bucket)),
        true,
      )
    },
    count: () => count,
    close: async () => {
      cancelTending?.()
      cancelRenewal()
      if (!standing.isTogether()) return
      for (const bucket of shelf.all()) {
        release(bucket, { nodes: nodes(), nowMs: clock.monotonicMs(), all: true })
        leave(bucket, bucket.held)
      }
      await report(shelf.all().filter(isTended), false)
    },
  }
}
