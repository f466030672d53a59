/** What the hot path knows, frozen: a call keeps the one it began with. A change copies only the table that changed. */

import type { Secret } from '#base/log.ts'
import type { ParameterRules } from '#base/parameter-rule.ts'
import type { PriceRule } from '#base/price-rule.ts'
import type { TokenKeeper } from '#http/token-keeper.ts'
import type { Transport } from '#http/transport.ts'
import type { AccountFacts, BudgetFacts } from '#ledger/port.ts'
import type { ModelTable } from '#policy/choose.ts'
import type { Guard } from '#policy/guard.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { LimitFacts } from '#policy/limit.ts'
import type { Plans } from '#policy/plan.ts'
import type { DataRule } from '#policy/region.ts'
import type { Provider, Vendor } from '#provider/vendor.ts'
import type { MonthVolumes } from './month-volumes.ts'

/** A provider with the way to it. */
export type Upstream = {
  readonly provider: Provider
  readonly vendor: Vendor
  readonly transport: Transport
  /** What each of the provider's credentials is remembered by; never the credential. */
  readonly credentialDigests: readonly string[]
  /** What credentials were exchanged for, as long as the way to it lasts. */
  readonly tokens: (nowMs: number) => TokenKeeper
  /** Whose credential it is, and what the relay takes for carrying it; absent = the operator's. */
  readonly own?: { readonly account: string; readonly feeBasisPoints: number }
}

/** A provider's credential that an account has brought. */
export type OwnCredential = {
  readonly account: string
  readonly provider: string
  /** `null` = it cannot be read any more. The operator's is not sent in its place: that would cost the account the whole price. */
  readonly credential: Secret | null
  /** The relay fee: parts of ten thousand of what the call would have cost. */
  readonly feeBasisPoints: number
}

/** By account, then by provider. */
export type OwnCredentials = ReadonlyMap<string, ReadonlyMap<string, OwnCredential>>

/** A model that came of a job of fine-tuning. */
export type BoundModel = {
  /** As its provider calls it. */
  readonly id: string
  readonly holder: string
  readonly provider: string
  /** The model that it came of, as its caller named it. */
  readonly base: string
  readonly createdMs: number
}

/** Tables that are small and change seldom: replaced whole. */
export type CustomerTables = {
  /** By the id of whose they are. */
  readonly budgets: ReadonlyMap<string, readonly BudgetFacts[]>
  readonly plans: Plans
  /** Of providers, that accounts have brought. */
  readonly credentials: OwnCredentials
  /** Models that came of fine-tuning, by id; absent = none. */
  readonly models?: ReadonlyMap<string, readonly BoundModel[]>
}

/** The rules of all accounts, and what their conditions are held against. */
export type PriceRules = { readonly rules: readonly PriceRule[]; readonly volumes: MonthVolumes }

export type Snapshot = {
  /** By digest. */
  readonly keys: ReadonlyMap<string, KeyFacts>
  /** By id; an account that is not here yet is asked of the books. */
  readonly accounts: ReadonlyMap<string, AccountFacts>
  /** What was set for customers. */
  readonly customers: CustomerTables
  /** What live keys may call. */
  readonly live: ModelTable
  /** What test keys may call: every id, all of them served by the sandbox. */
  readonly test: ModelTable
  /** Markups and discounts. */
  readonly pricing: PriceRules
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** The catalog's parameter rules of a vendor's model; empty where it says none. */
  readonly rulesOf: (vendor: string, model: string) => ParameterRules
  /** The catalog's id of a vendor's model by any of its names; `null` = it knows none. */
  readonly modelIdOf: (vendor: string, name: string) => string | null
  /** Regions that calls may go to; `null` = any. */
  readonly regionsAllowed: readonly string[] | null
  readonly dataRules?: readonly DataRule[]
  readonly limits: readonly LimitFacts[]
  /** In the order in which they are asked. */
  readonly guards: readonly Guard[]
  readonly environment: string
  /** HMAC of a key under the server's pepper, hex. */
  readonly digestKey: (key: string) => string
  /** Whether request and response bodies are kept on the record. */
  readonly keepBodies: boolean
  /** Whether digests of bodies are kept on the record, for receipts. */
  readonly keepDigests: boolean
}

/** Holds the current snapshot; the only place where it is replaced. */
export type SnapshotHolder = {
  readonly current: () => Snapshot
  readonly replace: (change: Partial<Snapshot>) => void
}

export const snapshotHolder = (first: Snapshot): SnapshotHolder => {
  let current: Snapshot = Object.freeze(first)
  return {
    current: () => current,
    replace: (change) => {
      current = Object.freeze({ ...current, ...change })
    },
  }
}
