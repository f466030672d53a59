/** Whether nodes count together now. While the counter is away no call waits for it: it is asked beside the calls until it answers. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { JointCounter } from '#policy/port.ts'

/** So many calls in a row may wait in vain before none waits any more. */
const lateMax = 3
const askEveryMs = 250
const beginMaxMs = 1000
/** A counter that had lost everything is left alone for so long, until the other nodes have told it what they know as well. */
const learnsMs = 2 * askEveryMs

/** A trip that took longer than a call may wait. */
export class LateTrip extends Error {
  constructor(waitedMs: number) {
    super(`no answer within ${waitedMs} ms`)
    this.name = 'LateTrip'
  }
}

export type StandingOptions = {
  readonly counter: JointCounter
  /** A trip is not waited for longer. */
  readonly tripMaxMs: number
  /** Tells the counter what it has missed, and whether it had lost what it knew; counting together begins when that is done. */
  readonly restore: () => Promise<boolean>
  readonly clock: Clock
  readonly log: Log
}

export type Standing = {
  readonly isTogether: () => boolean
  /** The trip's answer. @throws LateTrip when there is none in time; whatever becomes of the trip later goes to `late`. */
  readonly within: <T>(trip: Promise<T>, late: (answer: T) => void) => Promise<T>
  readonly failed: (thrown: unknown) => void
  readonly answered: () => void
  /** Since when, and why, every node counts alone; `null` = they count together. */
  readonly trouble: () => { readonly sinceMs: number; readonly why: string } | null
  /** Asks for the first time; resolves when nodes count together, or after a second without. */
  readonly begin: () => Promise<void>
  readonly close: () => void
}

const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown)
  // A connection that is tried at several addresses fails with a list, whose own message is empty.
  const [first] = thrown instanceof AggregateError ? (thrown.errors as unknown[]) : []
  return first instanceof Error ? first.message : thrown.message || thrown.name
}

export const makeStanding = ({ counter, tripMaxMs, restore, clock, log }: StandingOptions): Standing => {
  let trouble: { sinceMs: number; why: string } | null = { sinceMs: clock.monotonicMs(), why: 'not asked yet' }
  let lateInRow = 0
  let closed = false
  let cancel = (): void => {}
  const begun = Promise.withResolvers<void>()

  const within = <T>(trip: Promise<T>, late: (answer: T) => void): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let isLate = false
    // A process that was held up finds the timer due and the answer there: the answer has the first word, hence the second timer.
    let stop = clock.after(tripMaxMs, () => {
      stop = clock.after(0, () => {
        isLate = true
        reject(new LateTrip(tripMaxMs))
      })
    })
    trip.then(
      (answer) => {
        stop()
        if (isLate) late(answer)
        else resolve(answer)
      },
      (thrown: unknown) => {
        stop()
        reject(thrown)
      },
    )
    return promise
  }

  const ask = async (): Promise<void> => {
    try {
      await within(counter.ask(), () => {})
      const hadLost = await restore()
      if (closed) return
      if (hadLost) {
        cancel = clock.after(learnsMs, () => void ask())
        return
      }
      const awayMs = trouble === null ? 0 : Math.round(clock.monotonicMs() - trouble.sinceMs)
      trouble = null
      lateInRow = 0
      begun.resolve()
      log.info('nodes count their limits together', { awayMs })
    } catch (thrown) {
      if (closed) return
      trouble = { sinceMs: trouble?.sinceMs ?? clock.monotonicMs(), why: reasonOf(thrown) }
      cancel = clock.after(askEveryMs, () => void ask())
    }
  }

  return {
    isTogether: () => trouble === null,
    within,
    failed: (thrown) => {
      lateInRow += 1
      if (trouble !== null || (thrown instanceof LateTrip && lateInRow < lateMax)) return
      trouble = { sinceMs: clock.monotonicMs(), why: reasonOf(thrown) }
      log.warn('the common counter of limits is away: each node enforces its share', { why: trouble.why })
      cancel = clock.after(askEveryMs, () => void ask())
    },
    answered: () => {
      lateInRow = 0
    },
    trouble: () => trouble,
    begin: async () => {
      const stop = clock.after(beginMaxMs, begun.resolve)
      await Promise.all([ask(), begun.promise])
      stop()
      if (trouble === null) return
      log.warn('the common counter of limits does not answer: each node enforces its share', { why: trouble.why })
    },
    close: () => {
      closed = true
      cancel()
    },
  }
}
