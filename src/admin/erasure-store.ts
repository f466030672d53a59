/** What is kept of a person or a customer, for them to have, and its taking away. */

import type { KeyRow, TrailRow } from './rows.ts'

/** Rows as texts, whole numbers and nulls, by the name of what they are; never a secret, a digest or a body. */
export type SubjectFile = Readonly<
  Record<string, readonly Readonly<Record<string, string | number | boolean | null>>[]>
>

/** Where a walk through the log of calls has come to. */
export type ErasedCalls = { readonly calls: number; readonly after: string | null }

export type ErasedPerson = {
  readonly person: string
  readonly mails: readonly string[]
  readonly digests: readonly string[]
}

export type ErasureStore = {
  /** `null` = there is no such person. */
  readonly personFile: (person: string) => Promise<SubjectFile | null>
  readonly organisationFile: (organisation: string) => Promise<SubjectFile | null>
  /**
   * Closes the person where that has not been done, and takes away what closing leaves, also from memberships and sign-ups that
   * nothing but one of the addresses leads to; gives the keys that ended. `digests`: of the addresses, as sign-ups keep them.
   * @throws Problem `conflict` for the last owner of an organisation.
   */
  readonly erasePerson: (erased: ErasedPerson, nowMs: number, trail: TrailRow) => Promise<readonly KeyRow[]>
  /** Ends all keys, and takes away what the books do not need; gives the keys, for the relay to know. */
  readonly eraseOrganisation: (organisation: string, nowMs: number, trail: TrailRow) => Promise<readonly KeyRow[]>
  /** Looks at the next calls of the log, whoever's they are, and takes the words out of those of the account. `after` `null` = from the beginning, and: that was the end. */
  readonly eraseCalls: (account: string, after: string | null) => Promise<ErasedCalls>
}
