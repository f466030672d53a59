/** What the path of a call needs from outside: everything here is given by main.ts, and everything stored answers with a Promise. */

import type { CallRecord } from '#base/call-record.ts'
import type { AccountFacts } from '#ledger/port.ts'
import type { KeyFacts } from '#policy/key-facts.ts'

export type { KeyFacts } from '#policy/key-facts.ts'

export type CallLog = {
  /**
   * Keeps a record; resolves when it is durable as the store is configured. Idempotent by call id. Bounded: rejects with
   * Problem `store_unavailable` when `queueLengthMax` records wait.
   */
  readonly append: (record: CallRecord) => Promise<void>
  readonly call: (id: string) => Promise<CallRecord | null>
}

export type KeySpend = {
  /** What calls under a key were charged, ever; calls of the last second or so may be missing. */
  readonly spentNanoUsd: (key: string, nowMs: number) => Promise<bigint>
}

export type AccountSource = {
  /** All accounts that may call or once could: read at start and when told of a change. */
  readonly loadAccounts: () => Promise<readonly AccountFacts[]>
}

/** What an account's calls to a family of models came to, before discounts. */
export type Volume = { readonly account: string; readonly family: string; readonly baseNanoUsd: bigint }

/** What a month came to so far, for rules that depend on it. */
export type VolumeSource = {
  /** Of the calls in the log that arrived since then, by whole days (UTC). */
  readonly volumesSince: (dayMs: number) => Promise<readonly Volume[]>
}

export type KeySource = {
  /** All keys that are not long gone, by digest: read at start and when told of a change. */
  readonly load: () => Promise<ReadonlyMap<string, KeyFacts>>
}

/** Deletes what was kept for a while, the oldest first, at most `limit` of them; gives how many went. */
export type OldCalls = {
  /** Records of calls with their bodies; what the figures of usage do not hold yet stays. */
  readonly forgetCalls: (olderThanMs: number, limit: number) => Promise<number>
  readonly forgetBodies: (olderThanMs: number, limit: number) => Promise<number>
}
