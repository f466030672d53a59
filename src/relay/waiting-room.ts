/**
 * Calls that a limit with a queue would refuse wait here instead: in turn between keys, first come first served within one, for as
 * long and as many as the limit says. What they have no room for any more is refused as it would be without a queue.
 */

import type { Clock } from '#base/clock.ts'
import type { Limiter, QueueBound, Taken, Ticket } from '#policy/port.ts'
import { CallerLeft } from './attempt.ts'
import type { Line, Waiter } from './waiting-line.ts'
import { makeLine } from './waiting-line.ts'

/** Where nobody tells when there is room again, it is looked after this long. */
const lookEveryMs = 1_000

export type TakeOrder = {
  readonly tickets: readonly Ticket[]
  /** Whose turn it is: the key. */
  readonly flow: string
  /** Monotonic time by which the caller must be let in; infinity = only the limit's own bound holds. */
  readonly untilMs: number
  readonly signal: AbortSignal
}

export type Admission = {
  readonly taken: Taken
  /** `null` = it did not wait. */
  readonly queuedMs: number | null
  /** Why it was not let wait, or not any longer. */
  readonly refused: 'full' | 'late' | null
}

export type WaitingRoom = {
  /** All tickets or none; waits where the limit that refuses has a queue. Rejects with CallerLeft. */
  readonly take: (order: TakeOrder) => Promise<Admission>
  readonly giveBack: Limiter['giveBack']
  /** Calls that wait now. */
  readonly waiting: () => number
}

type Outcome = { readonly taken: Taken; readonly refused: 'full' | 'late' | null }
type Waiting = Waiter & { readonly tickets: readonly Ticket[]; readonly settle: (outcome: Outcome) => void }
type Queue = {
  readonly line: Line<Waiting>
  /** What the limiter said last to whoever was first. */
  refusal: Extract<Taken, { ok: false }>
  pumping: boolean
  cancel: () => void
}

const undo = (tickets: readonly Ticket[]) =>
  tickets.map((ticket) => ({ ticket, used: ticket.kind === 'rate' ? 0 : null }))

/** A wait that is known to be longer than there is time for is not begun. */
const canWait = ({ retryAfterMs, refused }: Extract<Taken, { ok: false }>, leftMs: number): boolean =>
  refused.queue !== undefined && retryAfterMs !== null && (refused.kind === 'concurrency' || retryAfterMs <= leftMs)

type Rooms = { readonly limiter: Limiter; readonly clock: Clock }

/** Queues by the bucket of the limit that refuses; one that nobody waits in is none. */
const makeQueues = ({ limiter, clock }: Rooms) => {
  const queues = new Map<string, Queue>()

  /** Lets in whoever is first for as long as there is room; then looks again when there may be. */
  const pump = async (bucket: string, queue: Queue): Promise<void> => {
    if (queue.pumping) return
    queue.pumping = true
    queue.cancel()
    try {
      for (let first = queue.line.first(); first !== null; first = queue.line.first()) {
        const taken = await limiter.take(first.tickets)
        const isThere = queue.line.has(first)
        if (!isThere) {
          if (taken.ok) await limiter.giveBack(undo(first.tickets))
          continue
        }
        if (!taken.ok && taken.refused.bucket === bucket && taken.retryAfterMs !== null) {
          queue.refusal = taken
          const againMs = taken.refused.kind === 'concurrency' ? lookEveryMs : taken.retryAfterMs
          queue.cancel = clock.after(againMs, () => wake(bucket))
          return
        }
        queue.line.serve(first)
        first.settle({ taken, refused: null })
      }
      queues.delete(bucket)
    } finally {
      queue.pumping = false
    }
  }
  const wake = (bucket: string): void => {
    const queue = queues.get(bucket)
    if (queue === undefined) return
    // A limiter that fails answers those who wait as it would have answered without a queue.
    pump(bucket, queue).catch((thrown: unknown) => {
      for (const waiter of queue.line.all()) waiter.fail(thrown)
      queues.delete(bucket)
    })
  }
  const queueFor = (bucket: string, refusal: Extract<Taken, { ok: false }>): Queue => {
    const known = queues.get(bucket)
    if (known !== undefined) return known
    const made: Queue = { line: makeLine(), refusal, pumping: false, cancel: () => {} }
    queues.set(bucket, made)
    return made
  }
  const leave = (bucket: string, queue: Queue, waiter: Waiting): void => {
    queue.line.remove(waiter)
    if (queue.line.size() > 0 || queue.pumping) return
    queue.cancel()
    queues.delete(bucket)
  }

  return {
    wake,
    queueFor,
    leave,
    of: (bucket: string): Queue | undefined => queues.get(bucket),
    size: (): number => [...queues.values()].reduce((sum, { line }) => sum + line.size(), 0),
  }
}

/** One queue for each limit that lets calls wait; each is dropped when its last caller has left. */
export const makeWaitingRoom = ({ limiter, clock }: Rooms): WaitingRoom => {
  const queues = makeQueues({ limiter, clock })

  /** One stay in the queue of a limit. */
  const stay = (order: TakeOrder, refusal: Extract<Taken, { ok: false }>, bound: QueueBound): Promise<Outcome> => {
    const { bucket } = refusal.refused
    const queue = queues.queueFor(bucket, refusal)
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    const waiter: Waiting = { flow: order.flow, tickets: order.tickets, settle: resolve, fail: reject }
    const displaced = queue.line.join(waiter, bound.waitingMax)
    if (displaced === waiter) return Promise.resolve({ taken: queue.refusal, refused: 'full' })
    displaced?.settle({ taken: queue.refusal, refused: 'full' })
    const nowMs = clock.monotonicMs()
    const late = clock.after(Math.max(0, Math.min(order.untilMs, nowMs + bound.waitMaxMs) - nowMs), () => {
      queues.leave(bucket, queue, waiter)
      resolve({ taken: queue.refusal, refused: 'late' })
    })
    const left = (): void => {
      queues.leave(bucket, queue, waiter)
      reject(new CallerLeft())
    }
    order.signal.addEventListener('abort', left, { once: true })
    if (order.signal.aborted) left()
    else queues.wake(bucket)
    return promise.finally(() => {
      late()
      order.signal.removeEventListener('abort', left)
    })
  }

  /** The queue that others wait in already: whoever comes now comes after them. */
  const standing = ({ tickets }: TakeOrder): Extract<Taken, { ok: false }> | null => {
    for (const ticket of tickets) {
      const queue = ticket.queue === undefined ? undefined : queues.of(ticket.bucket)
      if (queue !== undefined) return { ...queue.refusal, refused: ticket }
    }
    return null
  }

  return {
    take: async (order) => {
      const beganMs = clock.monotonicMs()
      let waited = false
      let taken: Taken = standing(order) ?? (await limiter.take(order.tickets))
      while (!taken.ok) {
        const { queue: bound } = taken.refused
        const nowMs = clock.monotonicMs()
        const leftMs = bound === undefined ? 0 : Math.min(order.untilMs, beganMs + bound.waitMaxMs) - nowMs
        if (bound === undefined || leftMs <= 0 || !canWait(taken, leftMs)) break
        const outcome = await stay(order, taken, { ...bound, waitMaxMs: leftMs })
        waited = true
        taken = outcome.taken
        if (outcome.refused !== null)
          return { taken, queuedMs: clock.monotonicMs() - beganMs, refused: outcome.refused }
      }
      return { taken, queuedMs: waited ? clock.monotonicMs() - beganMs : null, refused: null }
    },
    giveBack: async (returned) => {
      await limiter.giveBack(returned)
      for (const { ticket } of returned) queues.wake(ticket.bucket)
    },
    waiting: queues.size,
  }
}
