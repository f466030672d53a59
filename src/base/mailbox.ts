/** Questions on their way to another thread or process and not yet answered: bounded in number and in time. */

import type { CarriedProblem } from './carried-problem.ts'
import { uncarried } from './carried-problem.ts'
import type { Clock } from './clock.ts'
import { asProblem, Problem } from './problem.ts'

export type Asked = { readonly number: number; readonly name: string; readonly input: unknown }

export type Answered =
  | { readonly number: number; readonly ok: true; readonly value: unknown }
  | { readonly number: number; readonly ok: false; readonly problem: CarriedProblem }

/**
 * Asks the other side for something by its name. Rejects with its Problem, or with `store_unavailable` where it is behind: `late` is then told
 * what it answers after all.
 */
export type Ask = (name: string, input: unknown, late?: (value: unknown) => void) => Promise<unknown>

type Pending = {
  readonly resolve: (value: unknown) => void
  readonly reject: (problem: Problem) => void
  readonly askedMs: number
  readonly late: ((value: unknown) => void) | undefined
}

export type MailboxSettings = {
  readonly clock: Clock
  /** Questions that may wait for an answer, those among them whose late answer is wanted; one more is refused. */
  readonly queueLengthMax: number
  /** One that has waited this long is given up: whether it was heard is then unknown. */
  readonly answerTimeoutMs: number
  /** What is asked, for messages: `The store`. */
  readonly whom: string
  /** Hands questions to the other side, all of one turn of the loop at once. */
  readonly post: (asked: readonly Asked[]) => void
  /** Questions that nobody is in a hurry about go along with the next one that somebody is, or after `waitMs`; absent = all go at once. */
  readonly unhurried?: { readonly names: ReadonlySet<string>; readonly waitMs: number }
}

export type Mailbox = {
  readonly ask: Ask
  readonly answer: (answers: readonly Answered[]) => void
  /** Hands over what is here, and rejects whatever comes from now on. */
  readonly refuse: (problem: Problem) => void
  /** Rejects everything that waits and whatever comes from now on. */
  readonly fail: (problem: Problem) => void
  /** Gives up what has waited too long; tells how many that were. */
  readonly expire: () => number
  readonly waiting: () => number
}

const full = (whom: string, queueLengthMax: number): Problem =>
  new Problem('store_unavailable', {
    message: `${whom} is behind: ${queueLengthMax} operations wait for it already.`,
    retryAfterMs: 1000,
  })

const tooLate = (whom: string, answerTimeoutMs: number): Problem =>
  new Problem('store_unavailable', {
    message: `${whom} did not answer within ${answerTimeoutMs} ms. It may still keep what it was given.`,
    retryAfterMs: 1000,
  })

/** A mailbox with nothing in it. */
export const makeMailbox = (settings: MailboxSettings): Mailbox => {
  const { clock, whom, queueLengthMax, answerTimeoutMs, post, unhurried } = settings
  // In the order of asking, which `expire` relies on.
  const pending = new Map<number, Pending>()
  const givenUp = new Map<number, (value: unknown) => void>()
  let unsent: Asked[] = []
  let isSending = false
  let isWaiting = false
  let lastNumber = 0
  let failure: Problem | null = null

  const settle = (number: number, how: (waiting: Pending) => void): void => {
    const waiting = pending.get(number)
    if (waiting === undefined) return
    pending.delete(number)
    how(waiting)
  }
  const hearLate = (answered: Answered): void => {
    const late = givenUp.get(answered.number)
    givenUp.delete(answered.number)
    if (answered.ok) late?.(answered.value)
  }

  const send = (): void => {
    const asked = unsent
    unsent = []
    isSending = false
    if (asked.length === 0) return
    try {
      post(asked)
    } catch (error) {
      // Something in it cannot be copied to another thread: a fault of the asker's, which must not stop the others.
      for (const { number } of asked) settle(number, (waiting) => waiting.reject(asProblem(error)))
    }
  }

  const sendSoon = (name: string): void => {
    if (isSending) return
    if (unhurried?.names.has(name) !== true) {
      isSending = true
      setImmediate(send)
    } else if (!isWaiting) {
      isWaiting = true
      clock.after(unhurried.waitMs, () => {
        isWaiting = false
        send()
      })
    }
  }

  const ask: Ask = (name, input, late) =>
    new Promise((resolve, reject) => {
      if (failure !== null) return reject(failure)
      if (pending.size + givenUp.size >= queueLengthMax) return reject(full(whom, queueLengthMax))
      lastNumber += 1
      pending.set(lastNumber, { resolve, reject, askedMs: clock.monotonicMs(), late })
      unsent.push({ number: lastNumber, name, input })
      sendSoon(name)
    })

  const answer = (answers: readonly Answered[]): void => {
    for (const answered of answers) {
      hearLate(answered)
      settle(answered.number, (waiting) => {
        if (answered.ok) waiting.resolve(answered.value)
        else waiting.reject(uncarried(answered.problem))
      })
    }
  }

  const refuse = (problem: Problem): void => {
    send()
    failure ??= problem
  }

  const fail = (problem: Problem): void => {
    failure ??= problem
    for (const { reject } of pending.values()) reject(problem)
    pending.clear()
    givenUp.clear()
    unsent = []
  }

  const expire = (): number => {
    const before = clock.monotonicMs() - answerTimeoutMs
    let count = 0
    for (const [number, { askedMs, reject, late }] of pending) {
      if (askedMs > before) break
      pending.delete(number)
      if (late !== undefined) givenUp.set(number, late)
      reject(tooLate(whom, answerTimeoutMs))
      count += 1
    }
    return count
  }

  return { ask, answer, refuse, fail, expire, waiting: () => pending.size }
}
