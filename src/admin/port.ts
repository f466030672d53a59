/** What administration needs kept. Every change takes its trail row and writes both or neither. */

import type { CallRecord } from '#base/call-record.ts'
import type { TrailLink } from '#base/trail-chain.ts'
import type { NewPriceEntry, PriceBookSource, PriceEntry, PriceProposal, ProposalSource } from '#catalog/port.ts'
import type { AccountState, Balance, Grant, Receipt, Rerated, RerateRequest, Verdict } from '#ledger/port.ts'
import type { Delivery, Outbox } from '#notify/port.ts'
import type { PriceRecall, UsageStore } from '#report/port.ts'
import type { CustomerStore } from './customer-store.ts'
import type { AccountRow, KeyRow, OrganisationRow, ProjectRow, TrailRow, TrailVerdict } from './rows.ts'
import type { Upgrade } from './upgrade.ts'

export type { AppliedKind, AppliedRow, AppliedSetting, AppliedStore } from './applied-store.ts'
export type {
  CodeBatch,
  CountedBatch,
  NewSignup,
  Redeemed,
  Redemption,
  SignupRow,
  SignupState,
} from './code-store.ts'
export type { OwnCredentialPage, OwnCredentialRow } from './credential-store.ts'
export type {
  AccountChange,
  AccountClosed,
  CrossingPage,
  CustomerStore,
  EndedWithKeys,
  LotPage,
  OwnedPage,
} from './customer-store.ts'
export type { ErasedCalls, ErasedPerson, ErasureStore, SubjectFile } from './erasure-store.ts'
export type { NodeFacts, NodePorts } from './node-store.ts'
export type {
  AccountRow,
  Billing,
  KeyRow,
  MemberRow,
  OrganisationRow,
  ProjectRow,
  TrailRow,
  TrailVerdict,
} from './rows.ts'
export type { Upgrade } from './upgrade.ts'

export type Page = {
  /** At most this many rows, 1 to 1,000. */
  readonly limit: number
  /** The id that the page before ended with. */
  readonly after: string | null
}

/** Which calls of the log; `null` = whichever. */
export type CallFilter = {
  readonly limit: number
  /** Only calls newer than this one, for following. */
  readonly afterId: string | null
  /** Only calls older than this one, for paging back; not together with `afterId`. */
  readonly beforeId: string | null
  readonly key: string | null
  readonly account: string | null
  readonly model: string | null
  readonly provider: string | null
  /** What the caller saw, from one status to another. */
  readonly status: readonly [number, number] | null
  readonly end: string | null
  readonly error: string | null
  /** `name=value` */
  readonly tag: string | null
  readonly conversation: string | null
  readonly callSite: string | null
  /** When calls came; the end is exclusive. */
  readonly fromMs: number | null
  readonly toMs: number | null
}

/** Every call, the newest first. */
export const everyCall = (limit: number): CallFilter => ({
  limit,
  afterId: null,
  beforeId: null,
  key: null,
  account: null,
  model: null,
  provider: null,
  status: null,
  end: null,
  error: null,
  tag: null,
  conversation: null,
  callSite: null,
  fromMs: null,
  toMs: null,
})

export type CallPage = {
  /** Oldest first. */
  readonly calls: readonly CallRecord[]
  /** Older calls may match too: they come before this one. `null` = the log has been looked through. */
  readonly before: string | null
}

export type FirstStart = {
  readonly organisation: OrganisationRow
  readonly project: ProjectRow
  readonly account: AccountRow
  readonly keys: readonly KeyRow[]
  readonly trail: TrailRow
}

/** The price book, and calls rated anew. */
export type PriceStore = PriceBookSource &
  ProposalSource & {
    readonly addPriceEntries: (entries: readonly NewPriceEntry[], trail: TrailRow) => Promise<void>
    /** Gives the entry as it is now; rejects with Problem `not_found` where it does not stand. */
    readonly withdrawPriceEntry: (id: string, atMs: number, trail: TrailRow) => Promise<PriceEntry>
    /** Puts a reading of a table in the place of the one before. */
    readonly replaceProposals: (source: string, proposals: readonly PriceProposal[], trail: TrailRow) => Promise<void>
    /** Calls whose ids lie in `[from, until)`, in the order of their arrival, without bodies. */
    readonly callSpan: (span: {
      readonly from: string
      readonly until: string
      readonly limit: number
    }) => Promise<readonly CallRecord[]>
    /** All of these or none. */
    readonly rerate: (requests: readonly RerateRequest[], trail: TrailRow | null) => Promise<readonly Rerated[]>
    /** What calls have cost in the end; `null` = not settled. */
    readonly chargedFor: (calls: readonly string[]) => Promise<readonly (bigint | null)[]>
  }

export type TrailOf = { readonly actor: string; readonly limit: number; readonly before: string | null }

/** A Postgres that takes the place of the embedded store, its secrets in the open: for whoever connects, and nobody else. */
export type NextStore = {
  readonly url: string
  readonly directUrl: string | null
  readonly tls: { readonly authority: string | null; readonly certificate: string | null; readonly key: string | null }
}

/** Another store in the place of this one, while the server runs. */
export type HandOver = {
  /** Opens the next one, lets what runs end, and keeps waiting what comes, for 10 s at most. Rejects with Problem `conflict` once it is moved. */
  readonly pause: (next: NextStore) => Promise<void>
  /** The next one answers from now on. Rejects with Problem `conflict` where nothing is paused. */
  readonly take: () => Promise<{ readonly pausedMs: number }>
  /** This one goes on. Rejects with Problem `conflict` once the next one is in its place. */
  readonly resume: () => Promise<void>
}

/** At most 1,000 ids; `organisation`: only of this one. */
/** What has an id and a name: of a person without one, and of a member, the mail address. */
export type NamedKind = 'account' | 'key' | 'project' | 'member' | 'organisation' | 'person' | 'migration'

export type NamesAsked = {
  readonly of: NamedKind
  readonly ids: readonly string[]
  /** Only of this one: then organisations, people and migrations, which are of none, have no names. */
  readonly organisation?: string
}

export type AdminStore = Pick<Outbox, 'events' | 'deliveries'> &
  UsageStore &
  PriceRecall &
  PriceStore & {
    /** Only the embedded store of a running server has it. */
    readonly handOver?: HandOver
    /** Makes all of these changes, in their order, or none. */
    readonly together: (writes: readonly StoreWrite[]) => Promise<void>
    /** Writes a change into the trail that is no row's. */
    readonly noteChange: (trail: TrailRow) => Promise<void>
    /** Makes a delivery pending again, or for the first time; `null` where there is no such event. */
    readonly replayDelivery: (
      request: { readonly event: string; readonly recipient: string; readonly nowMs: number },
      trail: TrailRow,
    ) => Promise<Delivery | null>
    /** What the books say of a call; `null` = no money was about it. */
    readonly receipt: (call: string) => Promise<Receipt | null>
    /** Forgets the figures of usage; they come again from the log. Gives how many calls there are to add up. */
    readonly resetUsage: (trail: TrailRow) => Promise<number>
    /** Creates the first rows in an empty store; `false` and no change where it is not empty. */
    readonly begin: (first: FirstStart) => Promise<boolean>
    readonly organisations: (page: Page) => Promise<readonly OrganisationRow[]>
    readonly accounts: (page: Page) => Promise<readonly AccountRow[]>
    /** Whether accounts may begin calls, by id, as their books say. */
    readonly accountStates: (ids: readonly string[]) => Promise<ReadonlyMap<string, AccountState>>
    /** By id or unique name. */
    readonly account: (idOrName: string) => Promise<AccountRow | null>
    /** Creates organisation, project and account together, with the credit that it begins with. Rejects with Problem `conflict` where the name is taken. */
    readonly createAccount: (
      rows: { readonly organisation: OrganisationRow; readonly project: ProjectRow; readonly account: AccountRow },
      trail: TrailRow,
      grant?: Grant | null,
    ) => Promise<void>
    /** Names by id; whoever is not there is not in it. */
    readonly names: (asked: NamesAsked) => Promise<ReadonlyMap<string, string>>
    /** `organisation`: only of this one. */
    readonly keys: (page: Page & { readonly organisation?: string }) => Promise<readonly KeyRow[]>
    /** By id or unique name, of this organisation where one is given. */
    readonly key: (idOrName: string, organisation?: string) => Promise<KeyRow | null>
    readonly createKey: (row: KeyRow, trail: TrailRow) => Promise<void>
    /** `atMs` may lie ahead (rotation with overlap). A key already revoked keeps its earlier time; gives back the row as it is now. */
    readonly revokeKey: (id: string, atMs: number, trail: TrailRow) => Promise<KeyRow | null>
    /** Creates the successor and ends the old key at `oldUntilMs`, in one transaction. */
    readonly rotateKey: (
      change: { readonly oldId: string; readonly oldUntilMs: number; readonly row: KeyRow },
      trail: TrailRow,
    ) => Promise<void>
    readonly trail: (page: Page) => Promise<readonly TrailRow[]>
    /** What one actor has changed, the newest first; `before`: a row's id. */
    readonly trailOf: (question: TrailOf) => Promise<readonly TrailRow[]>
    /** Rows with their places in the chain, from behind a position. */
    readonly trailLinks: (after: number, limit: number) => Promise<readonly TrailLink[]>
    /** Recomputes the trail's chain of hashes from its beginning. */
    readonly verifyTrail: () => Promise<TrailVerdict>
    /** The newest calls that match; with `afterId` the first ones behind it. */
    readonly calls: (filter: CallFilter) => Promise<CallPage>
    readonly call: (id: string) => Promise<CallRecord | null>
    /** A lot of credit; idempotent by the lot's id. Gives the plan that the account has come to by it; `null` = none. */
    readonly grantCredit: (grant: Grant, trail: TrailRow, upgrade?: Upgrade) => Promise<string | null>
    readonly setAccountState: (account: string, state: AccountState, trail: TrailRow) => Promise<void>
    readonly balance: (account: string, nowMs: number) => Promise<Balance | null>
    readonly verifyBooks: (nowMs: number) => Promise<Verdict>
  }

/** What can be changed together with others. */
export type TogetherStore = Pick<AdminStore, 'createAccount' | 'createKey' | 'grantCredit' | 'setAccountState'> &
  Pick<
    CustomerStore,
    'addMember' | 'changeAccount' | 'createProject' | 'setApplied' | 'setBudget' | 'setMemberRole' | 'setPlan'
  >

/** One change of the store that it is given. What it gives is not known: it is made later, with others. */
export type StoreWrite = (store: TogetherStore) => Promise<unknown>
