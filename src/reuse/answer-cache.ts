/**
 * Answers that are given again to the same call, for as long as its key or the call itself allows; and calls that are the same at
 * the same time, of which one runs. In memory, bounded in bytes; what it holds is one account's own.
 */

import type { Clock } from '#base/clock.ts'
import type { AnswerTaker } from './answer-taker.ts'
import { takeAnswer } from './answer-taker.ts'
import type { AnswerHead } from './keeper.ts'

/** All answers together; the longest unused goes first. */
const totalBytesMax = 67_108_864
const answersMax = 20_000
/** A call waits this long for one like it, and then runs by itself. */
const waitMsMax = 20_000
/** Calls that wait for one; more run by themselves. */
const waitersMax = 1_000

export type CachedAnswer = {
  /** The call that was answered so. */
  readonly call: string
  readonly head: AnswerHead
  /** As they were delivered: a stream is given again as a stream. */
  readonly pieces: readonly Uint8Array[]
  readonly keptMs: number
}

export type CacheLook =
  | { readonly kind: 'hit'; readonly answer: CachedAnswer }
  | { readonly kind: 'miss'; readonly taker: AnswerTaker }

export type CacheQuestion = {
  /** A digest of the account and of all that decides the answer. */
  readonly key: string
  readonly call: string
  readonly lifetimeMs: number
  readonly signal: AbortSignal
}

export type AnswerCache = {
  /** Waits for a call of the same key that runs. Rejects with the signal's reason when the caller leaves. */
  readonly look: (question: CacheQuestion) => Promise<CacheLook>
}

type Entry = CachedAnswer & { readonly sizeBytes: number; readonly untilMs: number }
type Flight = { readonly ended: Promise<void>; waiters: number }

const pieceBytes = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0)

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

/** Answers by their keys, the longest unused first. */
const makeShelf = (clock: Clock) => {
  const entries = new Map<string, Entry>()
  let totalBytes = 0
  const drop = (key: string): void => {
    totalBytes -= entries.get(key)?.sizeBytes ?? 0
    entries.delete(key)
  }
  return {
    find: (key: string): CachedAnswer | null => {
      const entry = entries.get(key)
      if (entry === undefined) return null
      drop(key)
      if (entry.untilMs <= clock.monotonicMs()) return null
      // Put back at the end: it has just been used.
      entries.set(key, entry)
      totalBytes += entry.sizeBytes
      return entry
    },
    put: (key: string, answer: CachedAnswer, lifetimeMs: number): void => {
      drop(key)
      const sizeBytes = pieceBytes(answer.pieces)
      entries.set(key, { ...answer, sizeBytes, untilMs: clock.monotonicMs() + lifetimeMs })
      totalBytes += sizeBytes
      for (const oldest of entries.keys()) {
        if (totalBytes <= totalBytesMax && entries.size <= answersMax) break
        drop(oldest)
      }
    },
  }
}

/** Empty at first. */
export const answerCache = (clock: Clock): AnswerCache => {
  const shelf = makeShelf(clock)
  const flights = new Map<string, Flight>()

  const takerFor = ({ key, call, lifetimeMs }: CacheQuestion, landing: () => void): AnswerTaker =>
    takeAnswer((taken) => {
      if (taken !== null) shelf.put(key, { call, ...taken, keptMs: clock.nowMs() }, lifetimeMs)
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
      const { key, signal } = question
      const untilMs = clock.monotonicMs() + waitMsMax
      for (;;) {
        const answer = shelf.find(key)
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
