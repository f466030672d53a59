/** What administration needs kept of redeem codes and of people who sign up. Re-exported by `port.ts`. */

import type { PersonRow } from '#identity/port.ts'
import type { SignupRules } from '#ledger/signup.ts'
import type { AccountRow, MemberRow, OrganisationRow, ProjectRow, TrailRow } from './rows.ts'
import type { Upgrade } from './upgrade.ts'

export type CodeBatch = {
  readonly id: string
  readonly name: string
  readonly kind: 'paid' | 'promo'
  readonly amountNanoUsd: bigint
  readonly scope: readonly string[] | null
  /** When a code can be redeemed no more. */
  readonly expiresMs: number | null
  /** How long the credit lasts once redeemed. */
  readonly creditLastsMs: number | null
  readonly onePerAccount: boolean
  readonly createdMs: number
  readonly voidedMs: number | null
}

/** With how many of its codes have been made and redeemed. */
export type CountedBatch = CodeBatch & { readonly codes: number; readonly redeemed: number }

export type Redemption = {
  /** HMAC of the code. */
  readonly digest: string
  readonly account: string
  /** The lot that is granted; its id is new. */
  readonly lot: string
  readonly priority: number
  readonly nowMs: number
}

export type Redeemed =
  | { readonly ok: true; readonly batch: CodeBatch; readonly expiresMs: number | null; readonly plan: string | null }
  | { readonly ok: false; readonly reason: 'unknown' | 'redeemed' | 'expired' | 'voided' | 'once' }
  /** Too many codes that there are not were tried for this account. */
  | { readonly ok: false; readonly reason: 'guessing'; readonly retryMs: number }

export type CodeStore = {
  /** Rejects with Problem `conflict` where the batch's name is taken. */
  readonly createCodes: (batch: CodeBatch, digests: readonly string[], trail: TrailRow) => Promise<void>
  readonly codeBatches: () => Promise<readonly CountedBatch[]>
  /** Codes that are not redeemed cannot be any more. Gives the batch; `null` = there is none. */
  readonly voidCodes: (handle: string, atMs: number, trail: TrailRow) => Promise<CodeBatch | null>
  /** Credit and redemption, both or neither; of any number at once, one succeeds. */
  readonly redeemCode: (redemption: Redemption, trail: TrailRow, upgrade?: Upgrade) => Promise<Redeemed>
}

export type SignupState = 'unverified' | 'waiting' | 'released' | 'refused'

/** `mail`, `address` and `fingerprint` are digests. */
export type SignupRow = {
  readonly id: string
  readonly account: string
  readonly state: SignupState
  readonly reason: string | null
  readonly plan: string | null
  readonly creditNanoUsd: bigint
  readonly creditLastsMs: number | null
  readonly mail: string
  /** Empty where everybody has an address at it. */
  readonly domain: string
  readonly address: string | null
  readonly fingerprint: string | null
  readonly createdMs: number
  readonly verifiedMs: number | null
  readonly releaseMs: number | null
  readonly lot: string | null
}

export type NewSignup = {
  readonly rows: { readonly organisation: OrganisationRow; readonly project: ProjectRow; readonly account: AccountRow }
  readonly owner: MemberRow
  /** Who signs in as the owner; absent = nobody yet. */
  readonly person?: PersonRow
  readonly signup: SignupRow
  readonly rules: SignupRules
}

export type SignupStore = {
  /** Makes organisation, account, owner and sign-up; the rules decide on the counts of that instant. */
  readonly signUp: (request: NewSignup, trail: TrailRow) => Promise<SignupRow>
  readonly signup: (id: string) => Promise<SignupRow | null>
  /** Of an account that signed up by itself. */
  readonly signupOf: (account: string) => Promise<SignupRow | null>
  readonly signups: (page: { readonly limit: number; readonly after: string | null }) => Promise<readonly SignupRow[]>
  /** The rules decide anew. One whose address is verified already stays as it is. */
  readonly verifySignup: (
    request: { readonly id: string; readonly nowMs: number; readonly rules: SignupRules },
    trail: TrailRow,
  ) => Promise<SignupRow>
  /** A person decides: the credit is given at once, or never. Rejects with Problem `conflict` for one that has been given. */
  readonly decideSignup: (
    request: { readonly id: string; readonly nowMs: number; readonly refuse: string | null },
    trail: TrailRow,
  ) => Promise<SignupRow>
}
