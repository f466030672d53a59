/** Time that only passes when nobody has anything left to do: things happen one after the other, in an order that the seed decides. */

import type { Clock } from '#base/clock.ts'

type Event = { readonly atMs: number; readonly number: number; run: (() => void) | null }

export type Time = {
  readonly nowMs: () => number
  /** Once after so long; the returned function cancels. */
  readonly after: (delayMs: number, run: () => void) => () => void
  readonly wait: (delayMs: number) => Promise<void>
  /** Lets things happen until this time; `checked` after each of them that is over, with all that it has set going. Gives how many there were. */
  readonly until: (endMs: number, checked: () => void) => Promise<number>
}

/** A turn of the loop asks the system for news, which costs more than most of what happens: so many things happen in one. */
const perTurn = 64

/** Earlier ones first, and of one time in the order in which they were set. */
const isBefore = (one: Event, other: Event): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number)

class Queue {
  readonly #heap: Event[] = []

  get first(): Event | undefined {
    return this.#heap[0]
  }

  add(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(event, heap[above] as Event)) break
      heap[at] = heap[above] as Event
      at = above
    }
    heap[at] = event
  }

  take(): Event | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || last === first) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Event, heap[below] as Event)) below += 1
      if (!isBefore(heap[below] as Event, last)) break
      heap[at] = heap[below] as Event
      at = below
    }
    heap[at] = last
    return first
  }
}

export const makeTime = (): Time => {
  const queue = new Queue()
  let nowMs = 0
  let number = 0
  const after: Time['after'] = (delayMs, run) => {
    const event: Event = { atMs: nowMs + Math.max(0, delayMs), number: number++, run }
    queue.add(event)
    return () => {
      event.run = null
    }
  }
  /** The next event that was not cancelled, where it is due by then. */
  const takeUntil = (endMs: number): { readonly atMs: number; readonly run: () => void } | null => {
    for (let next = queue.first; next !== undefined && next.atMs <= endMs; next = queue.first) {
      queue.take()
      const { atMs, run } = next
      if (run !== null) return { atMs, run }
    }
    return null
  }
  return {
    nowMs: () => nowMs,
    after,
    wait: (delayMs) => new Promise((resolve) => void after(delayMs, resolve)),
    until: (endMs, checked) =>
      new Promise((resolve, reject) => {
        let happened = 0
        let isOver = false
        let isChecked = true
        const next = (): void => {
          const event = takeUntil(endMs)
          if (event === null) {
            isOver = true
            nowMs = endMs
            resolve(happened)
            return
          }
          nowMs = event.atMs
          happened += 1
          isChecked = false
          event.run()
        }
        // Everything here is made of promises: before an immediate runs, all those of the one before have gone as far as they can.
        const once = (): void => {
          if (isOver) return
          try {
            if (!isChecked) checked()
            isChecked = true
            next()
          } catch (fault) {
            isOver = true
            reject(fault)
          }
        }
        const turn = (): void => {
          for (let left = perTurn; left > 0; left -= 1) setImmediate(once)
          setImmediate(() => isOver || turn())
        }
        turn()
      }),
  }
}

/** The clocks of a node: its wall clock may go wrong by so much, and its timers die with it. */
export const clockOf = (
  time: Time,
  {
    startMs,
    wrongMs,
    isAlive,
  }: { readonly startMs: number; readonly wrongMs: () => number; readonly isAlive: () => boolean },
): Clock => ({
  nowMs: () => startMs + Math.floor(time.nowMs()) + wrongMs(),
  monotonicMs: () => time.nowMs(),
  after: (delayMs, callback) => time.after(delayMs, () => isAlive() && callback()),
})
