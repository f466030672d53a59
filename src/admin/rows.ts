/** Rows that the admin operations read and write. The first schema: organisation, project, member, account, key, trail, call. */

import type { TrailEntry } from '#base/trail-entry.ts'
import type { Role } from '#identity/role.ts'
import type { KeyFacts } from '#policy/key-facts.ts'

export type Billing = 'prepaid' | 'postpaid' | 'unlimited'

export type OrganisationRow = {
  readonly id: string
  readonly name: string
  readonly createdMs: number
  /** Whether its people run this server; absent = no. */
  readonly operator?: boolean
}
export type ProjectRow = {
  readonly id: string
  readonly organisation: string
  readonly name: string
  readonly createdMs: number
  /** Since when it takes no keys and has none that work. */
  readonly archivedMs: number | null
  /** Regions that the calls of its keys may go to; absent or `null` = those of the server. */
  readonly regions?: readonly string[] | null
}
/** A person who has to do with an organisation; `removedMs` = no more. */
export type MemberRow = {
  readonly id: string
  readonly organisation: string
  readonly mail: string | null
  readonly role: Role
  readonly createdMs: number
  readonly removedMs: number | null
  /** Who signs in as this member; absent or `null` = nobody yet. */
  readonly person?: string | null
}
/** Each organisation has exactly one account. */
export type AccountRow = {
  readonly id: string
  readonly organisation: string
  readonly name: string
  readonly billing: Billing
  readonly plan: string | null
  /** Its customer chose the plan itself; absent: the operator did, it was paid for, or nobody knows. */
  readonly choseItsPlan?: true
  readonly createdMs: number
  /** Given where a postpaid account is made: how far below zero it may go. */
  readonly creditLimitNanoUsd?: bigint
}

/** What the relay knows of a key, and what it is known by. */
export type KeyRow = KeyFacts & {
  /** HMAC-SHA-256 of the whole key under the server's pepper, hex. Never leaves the store but for the snapshot. */
  readonly digest: string
  /** The member who made it, and has seen its secret; absent or `null` = nobody knows. */
  readonly maker?: string | null
}

/** A row of the trail. */
export type TrailRow = TrailEntry

/** What the trail looks like to someone who checks it. `brokenAt` is the position of the first row that does not fit. */
export type TrailVerdict =
  | { readonly ok: true; readonly rows: number }
  | { readonly ok: false; readonly rows: number; readonly brokenAt: number; readonly why: string }
