/**
 * Answers that are given again to the same call, for as long as its key or the call itself allows; and calls that are the same at
 * the same time, of which one runs. In memory, bounded in bytes; what it holds is one account's own.
 */

import type { Clock } from '#base/clock.ts'
import type { AnswerTaker } from './answer-taker.ts'
import { takeAnswer } from './answer-taker.ts'
import type { CachedAnswer } from './cached-answers.ts'
import { cachedAnswers } from './cached-answers.ts'

/** A call waits this long for one like it, and then runs by itself. */
const waitMsMax = 20_000
/** Calls that wait for one; more run by themselves. */
const waitersMax = 1_000

export type CacheLook =
  | { readonly kind: 'hit'; readonly answer: CachedAnswer }
  | { readonly kind: 'miss'; readonly taker: AnswerTaker }

export type CacheQuestion = {
  /** A digest of the account and of all that decides the answer. */
  readonly key: string
  /** Whose answer it is: the room is shared out among those that have answers here. */
  readonly account: string
  readonly call: string
  readonly lifetimeMs: number
  readonly signal: AbortSignal
}

export type AnswerCache = {
  /** Waits for a call of the same key that runs. Rejects with the signal's reason when the caller leaves. */
  readonly look: (question: CacheQuestion) => Promise<CacheLook>
}

type Flight = { readonly ended: Promise<void>; waiters: number }

/** Resolves when the flight has ended, or at the deadline; rejects when the caller leaves. */
const landed = (flight: Flight, { clock, untilMs, signal }: { clock: Clock; untilMs: number; signal: AbortSignal }) =>
  new Promise<void>((resolve, reject) => {
    const leave = (): void => {
      cancel()
      reject(signal.reason)
    }
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', leave)
      resolve()
    }
    const cancel = clock.after(Math.max(0, untilMs - clock.monotonicMs()), done)
    signal.addEventListener('abort', leave, { once: true })
    flight.ended.then(done, done)
  })

/** Empty at first. */
export const answerCache = (clock: Clock): AnswerCache => {
  const answers = cachedAnswers(clock)
  const flights = new Map<string, Flight>()

  const takerFor = ({ key, account, call, lifetimeMs }: CacheQuestion, landing: () => void): AnswerTaker =>
    takeAnswer((taken) => {
      if (taken !== null) answers.put({ account, key, lifetimeMs }, { call, ...taken, keptMs: clock.nowMs() })
      landing()
    })
  const lead = (question: CacheQuestion): CacheLook => {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const flight: Flight = { ended, waiters: 0 }
    flights.set(question.key, flight)
    const landing = (): void => {
      if (flights.get(question.key) === flight) flights.delete(question.key)
      resolve()
    }
    return { kind: 'miss', taker: takerFor(question, landing) }
  }
  return {
    look: async (question) => {
      const { account, key, signal } = question
      const untilMs = clock.monotonicMs() + waitMsMax
      for (;;) {
        const answer = answers.find(account, key)
        if (answer !== null) return { kind: 'hit', answer }
        const flight = flights.get(key)
        if (flight === undefined) return lead(question)
        const isLate = clock.monotonicMs() >= untilMs || flight.waiters >= waitersMax
        if (isLate) return { kind: 'miss', taker: takerFor(question, () => {}) }
        flight.waiters += 1
        await landed(flight, { clock, untilMs, signal }).finally(() => {
          flight.waiters -= 1
        })
      }
    },
  }
}
