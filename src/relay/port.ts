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

export type AccountSource = {
  /** All accounts that may call or once could: read at start and when told of a change. */
  readonly loadAccounts: () => Promise<readonly AccountFacts[]>
}

export type KeySource = {
  /** All keys that are not long gone, by digest: read at start and when told of a change. */
  readonly load: () => Promise<ReadonlyMap<string, KeyFacts>>
}
