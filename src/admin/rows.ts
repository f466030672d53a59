/** Rows that the admin operations read and write. The first schema: organisation, project, member, account, key, trail, call. */

export type Billing = 'prepaid' | 'postpaid' | 'unlimited'
export type Role = 'owner' | 'admin' | 'billing' | 'developer' | 'viewer' | 'auditor'

export type OrganisationRow = { readonly id: string; readonly name: string; readonly createdMs: number }
export type ProjectRow = {
  readonly id: string
  readonly organisation: string
  readonly name: string
  readonly createdMs: number
}
export type MemberRow = {
  readonly id: string
  readonly organisation: string
  readonly mail: string | null
  readonly role: Role
  readonly createdMs: number
}
/** Each organisation has exactly one account. */
export type AccountRow = {
  readonly id: string
  readonly organisation: string
  readonly name: string
  readonly billing: Billing
  readonly plan: string | null
  readonly createdMs: number
}

export type KeyRow = {
  readonly id: string
  readonly name: string
  readonly organisation: string
  readonly project: string | null
  readonly account: string
  readonly purpose: 'model' | 'admin'
  readonly test: boolean
  readonly environment: string | null
  readonly models: readonly string[] | null
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  readonly concurrency: number | null
  readonly addresses: readonly string[] | null
  readonly defaultProvider: string | null
  readonly usageCost: boolean
  readonly budgetNanoUsd: bigint | null
  readonly budgetPeriod: 'day' | 'week' | 'month' | null
  readonly createdMs: number
  readonly expiresMs: number | null
  readonly revokedMs: number | null
  readonly ending: string
  /** HMAC-SHA-256 of the whole key under the server's pepper, hex. Never leaves the store but for the snapshot. */
  readonly digest: string
}

/** Who did what, with the values before and after; secrets masked. Written in the transaction of the change. */
export type TrailRow = {
  readonly id: string
  readonly timeMs: number
  /** `key:key_…`, `local` (the command line on this machine), `system`. */
  readonly actor: string
  readonly operation: string
  readonly object: string
  readonly before: string | null
  readonly after: string | null
  readonly requestId: string | null
}
