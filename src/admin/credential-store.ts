/** What administration needs kept of the provider credentials that accounts bring. Re-exported by `port.ts`. */

import type { TrailRow } from './rows.ts'

export type OwnCredentialRow = {
  readonly account: string
  /** Its name in drover.yaml. */
  readonly provider: string
  /** The credential under the server's key, bound to its account and provider. */
  readonly sealed: Uint8Array
  /** The last characters, for people; empty where they would say too much. */
  readonly ending: string
  /** The relay fee: parts of ten thousand of what a call would have cost. */
  readonly feeBasisPoints: number
  readonly createdMs: number
}

/** Of one account or of all; `after` = the row that the page before ended with. */
export type OwnCredentialPage = {
  readonly limit: number
  readonly after: { readonly account: string; readonly provider: string } | null
  readonly account: string | null
}

export type CredentialStore = {
  /** By account, then by provider. */
  readonly ownCredentials: (page: OwnCredentialPage) => Promise<readonly OwnCredentialRow[]>
  /** Puts it in the place of the one that the account has for the provider, if any. */
  readonly setOwnCredential: (row: OwnCredentialRow, trail: TrailRow) => Promise<void>
  /** Gives whether there was one. */
  readonly removeOwnCredential: (
    which: { readonly account: string; readonly provider: string },
    trail: TrailRow,
  ) => Promise<boolean>
}
