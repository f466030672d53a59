/** Answers in memory, by account: when there is no more room, those give up some that have more than an equal share of it. */

import type { Clock } from '#base/clock.ts'
import type { AnswerHead } from './keeper.ts'

/** All answers together. */
const totalBytesMax = 67_108_864
/** An answer takes this much at least, so that there are never more than 20,000 of them. */
const answerBytesMin = 3_356
/** Room is made down to this, many answers at once: looking through the accounts for each answer would cost more than it gives. */
const keptBytesMax = Math.floor(totalBytesMax * 0.99)

export type CachedAnswer = {
  /** The call that was answered so. */
  readonly call: string
  readonly head: AnswerHead
  /** As they were delivered: a stream is given again as a stream. */
  readonly pieces: readonly Uint8Array[]
  readonly keptMs: number
}

type Entry = CachedAnswer & { readonly sizeBytes: number; readonly untilMs: number }
/** The answers of an account, the longest unused first. */
type Own = { readonly entries: Map<string, Entry>; sizeBytes: number }

export type Place = { readonly account: string; readonly key: string; readonly lifetimeMs: number }

export type CachedAnswers = {
  /** An answer that has had its time is none. */
  readonly find: (account: string, key: string) => CachedAnswer | null
  readonly put: (place: Place, answer: CachedAnswer) => void
}

const sizeOf = (pieces: readonly Uint8Array[]): number =>
  Math.max(
    answerBytesMin,
    pieces.reduce((sum, piece) => sum + piece.length, 0),
  )

export const cachedAnswers = (clock: Clock): CachedAnswers => {
  const accounts = new Map<string, Own>()
  let totalBytes = 0
  const take = (account: string, own: Own, key: string): void => {
    const sizeBytes = own.entries.get(key)?.sizeBytes ?? 0
    if (!own.entries.delete(key)) return
    own.sizeBytes -= sizeBytes
    totalBytes -= sizeBytes
    if (own.entries.size === 0) accounts.delete(account)
  }
  const add = (account: string, key: string, entry: Entry): void => {
    const own = accounts.get(account) ?? { entries: new Map<string, Entry>(), sizeBytes: 0 }
    accounts.set(account, own)
    own.entries.set(key, entry)
    own.sizeBytes += entry.sizeBytes
    totalBytes += entry.sizeBytes
  }
  /** Of equal shares none is larger than what is kept: one pass over the accounts is enough. */
  const makeRoom = (): void => {
    const shareBytes = keptBytesMax / accounts.size
    for (const [account, own] of accounts)
      for (const key of own.entries.keys()) {
        if (totalBytes <= keptBytesMax) return
        if (own.sizeBytes <= shareBytes) break
        take(account, own, key)
      }
  }
  return {
    find: (account, key) => {
      const own = accounts.get(account)
      const entry = own?.entries.get(key)
      if (own === undefined || entry === undefined) return null
      take(account, own, key)
      if (entry.untilMs <= clock.monotonicMs()) return null
      // Put back at the end: it has just been used.
      add(account, key, entry)
      return entry
    },
    put: ({ account, key, lifetimeMs }, answer) => {
      const own = accounts.get(account)
      if (own !== undefined) take(account, own, key)
      add(account, key, { ...answer, sizeBytes: sizeOf(answer.pieces), untilMs: clock.monotonicMs() + lifetimeMs })
      if (totalBytes > totalBytesMax) makeRoom()
    },
  }
}
