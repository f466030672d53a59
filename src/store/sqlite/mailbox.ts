/** Calls on their way to the worker and not yet answered: bounded in number and in time. */

import type { Clock } from '#base/clock.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Execute } from '#store/operations/index.ts'
import type { Answered, Asked } from './message.ts'
import { uncarried } from './message.ts'

type Pending = {
  readonly resolve: (value: unknown) => void
  readonly reject: (problem: Problem) => void
  readonly askedMs: number
}

export type MailboxSettings = {
  readonly clock: Clock
  /** Calls that may wait for an answer; one more is refused. */
  readonly queueLengthMax: number
  /** A call that has waited this long is given up: whether it was kept is then unknown. */
  readonly answerTimeoutMs: number
  /** Hands calls to the worker, all of one turn of the loop at once. */
  readonly post: (asked: readonly Asked[]) => void
}

export type Mailbox = {
  readonly execute: Execute
  readonly answer: (answers: readonly Answered[]) => void
  /** Hands over what is here, and rejects whatever comes from now on. */
  readonly refuse: (problem: Problem) => void
  /** Rejects everything that waits and whatever comes from now on. */
  readonly fail: (problem: Problem) => void
  /** Gives up what has waited too long; tells how many calls that were. */
  readonly expire: () => number
  readonly waiting: () => number
}

const full = (queueLengthMax: number): Problem =>
  new Problem('store_unavailable', {
    message: `The store is behind: ${queueLengthMax} operations wait for it already.`,
    retryAfterMs: 1000,
  })

const tooLate = (answerTimeoutMs: number): Problem =>
  new Problem('store_unavailable', {
    message: `The store did not answer within ${answerTimeoutMs} ms. It may still keep what it was given.`,
    retryAfterMs: 1000,
  })

export const makeMailbox = (settings: MailboxSettings): Mailbox => {
  const { clock, queueLengthMax, answerTimeoutMs, post } = settings
  // In the order of asking, which `expire` relies on.
  const pending = new Map<number, Pending>()
  let unsent: Asked[] = []
  let lastNumber = 0
  let failure: Problem | null = null

  const settle = (number: number, how: (waiting: Pending) => void): void => {
    const waiting = pending.get(number)
    if (waiting === undefined) return
    pending.delete(number)
    how(waiting)
  }

  const send = (): void => {
    const asked = unsent
    unsent = []
    if (asked.length === 0) return
    try {
      post(asked)
    } catch (error) {
      // Something in it cannot be copied to another thread: a fault of the asker's, which must not stop the others.
      for (const { number } of asked) settle(number, (waiting) => waiting.reject(asProblem(error)))
    }
  }

  const execute: Execute = (name, input) =>
    new Promise((resolve, reject) => {
      if (failure !== null) return reject(failure)
      if (pending.size >= queueLengthMax) return reject(full(queueLengthMax))
      lastNumber += 1
      pending.set(lastNumber, { resolve: resolve as Pending['resolve'], reject, askedMs: clock.monotonicMs() })
      if (unsent.length === 0) setImmediate(send)
      unsent.push({ number: lastNumber, name, input })
    })

  const answer = (answers: readonly Answered[]): void => {
    for (const answered of answers)
      settle(answered.number, (waiting) => {
        if (answered.ok) waiting.resolve(answered.value)
        else waiting.reject(uncarried(answered.problem))
      })
  }

  const refuse = (problem: Problem): void => {
    send()
    failure ??= problem
  }

  const fail = (problem: Problem): void => {
    failure ??= problem
    for (const { reject } of pending.values()) reject(problem)
    pending.clear()
    unsent = []
  }

  const expire = (): number => {
    const before = clock.monotonicMs() - answerTimeoutMs
    let count = 0
    for (const [number, { askedMs, reject }] of pending) {
      if (askedMs > before) break
      pending.delete(number)
      reject(tooLate(answerTimeoutMs))
      count += 1
    }
    return count
  }

  return { execute, answer, refuse, fail, expire, waiting: () => pending.size }
}
