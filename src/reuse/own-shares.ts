/** How much of what is kept for a day is whose: counted by the hour, by this process, since what is kept does not say whose it is. */

import type { Clock } from '#base/clock.ts'

export type Share = { readonly answers: number; readonly sizeBytes: number }

export type OwnShares = {
  /** Of the last day. */
  readonly of: (account: string) => Share
  /** Adds to the hour that began then; below zero takes away. */
  readonly add: (account: string, share: Partial<Share>, atMs: number) => void
  /** Forgets what is older than a day. */
  readonly sweep: () => void
}

/** What those may take for whom nothing is ever charged. */
export const roomOf = (most: number, isFree: boolean): number => (isFree ? most / 4 : most)

export type Taking = { readonly taken: number; readonly own: number; readonly isFree: boolean }

/** The last quarter of the room is for accounts that have less than a quarter of it: none can fill it for all others. */
export const isFull = (most: number, { taken, own, isFree }: Taking): boolean =>
  taken >= roomOf(most, isFree) || (taken >= (most * 3) / 4 && own >= most / 4)

const hourMs = 3_600_000
/** An answer is kept for a day from some minute of its first hour on. */
const hoursKept = 25

export const ownShares = (clock: Pick<Clock, 'nowMs'>): OwnShares => {
  const accounts = new Map<string, Map<number, Share>>()
  const isOld = (hour: number): boolean => hour + hoursKept <= Math.floor(clock.nowMs() / hourMs)
  return {
    of: (account) => {
      let [answers, sizeBytes] = [0, 0]
      for (const [hour, share] of accounts.get(account) ?? [])
        if (!isOld(hour)) {
          answers += share.answers
          sizeBytes += share.sizeBytes
        }
      return { answers, sizeBytes }
    },
    add: (account, { answers = 0, sizeBytes = 0 }, atMs) => {
      const hours = accounts.get(account) ?? new Map<number, Share>()
      accounts.set(account, hours)
      const hour = Math.floor(atMs / hourMs)
      const before = hours.get(hour) ?? { answers: 0, sizeBytes: 0 }
      hours.set(hour, { answers: before.answers + answers, sizeBytes: before.sizeBytes + sizeBytes })
    },
    sweep: () => {
      for (const [account, hours] of accounts) {
        for (const hour of hours.keys()) if (isOld(hour)) hours.delete(hour)
        if (hours.size === 0) accounts.delete(account)
      }
    },
  }
}
