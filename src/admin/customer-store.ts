/** What administration needs kept of customers: their projects and people. Re-exported by `port.ts`. */

import type { Role } from '#identity/role.ts'
import type {
  Adjustment,
  BookPage,
  BookTransaction,
  Budget,
  BudgetCrossing,
  BudgetFacts,
  BudgetState,
  LotView,
  Revocation,
  Revoked,
} from '#ledger/port.ts'
import type { PlanFacts } from '#policy/plan.ts'

import type { AppliedStore } from './applied-store.ts'
import type { CodeStore, SignupStore } from './code-store.ts'
import type { CredentialStore } from './credential-store.ts'
import type { KeyRow, MemberRow, OrganisationRow, ProjectRow, TrailRow } from './rows.ts'

/** `null` = of every organisation. */
export type OwnedPage = { readonly limit: number; readonly after: string | null; readonly organisation: string | null }

/** What has ended, with the keys that ended with it. */
export type EndedWithKeys<T> = { readonly row: T; readonly keys: readonly KeyRow[] }

export type PeopleStore = {
  /** Gives the row as it is; `null` = there is none. Rejects with Problem `conflict` where the name is taken. */
  readonly renameOrganisation: (
    change: { readonly id: string; readonly name: string },
    trail: TrailRow,
  ) => Promise<OrganisationRow | null>
  readonly projects: (page: OwnedPage) => Promise<readonly ProjectRow[]>
  /** By id, or by its name within the organisation. */
  readonly project: (organisation: string, idOrName: string) => Promise<ProjectRow | null>
  /** Rejects with Problem `conflict` where the organisation has a project of that name. */
  readonly createProject: (row: ProjectRow, trail: TrailRow) => Promise<void>
  readonly renameProject: (change: { readonly id: string; readonly name: string }, trail: TrailRow) => Promise<void>
  /** Ends the project's keys as well. A project that is archived already stays as it is. */
  readonly archiveProject: (
    change: { readonly id: string; readonly atMs: number },
    trail: TrailRow,
  ) => Promise<EndedWithKeys<ProjectRow>>
  readonly members: (page: OwnedPage) => Promise<readonly MemberRow[]>
  /** By id, or by mail address within the organisation; also one who has been removed. */
  readonly member: (organisation: string, idOrMail: string) => Promise<MemberRow | null>
  /** Who was removed comes back under the same id. Gives the row as it is; rejects with Problem `conflict` for one who is there. */
  readonly addMember: (row: MemberRow, trail: TrailRow) => Promise<MemberRow>
  /**
   * Ends the member's admin keys that may more than a lower role, and gives them. Rejects with Problem `conflict` where the
   * organisation would be left without the owner that it has.
   */
  readonly setMemberRole: (
    change: { readonly id: string; readonly role: Role; readonly atMs: number },
    trail: TrailRow,
  ) => Promise<readonly KeyRow[]>
  /** Ends the member's keys as well, unless they are to be kept. Rejects as `setMemberRole` does. */
  readonly removeMember: (
    change: { readonly id: string; readonly atMs: number; readonly keepKeys: boolean },
    trail: TrailRow,
  ) => Promise<EndedWithKeys<MemberRow>>
}

/** `open`: only lots with something left. */
export type LotPage = {
  readonly limit: number
  readonly after: string | null
  readonly account: string | null
  readonly open: boolean
}

export type LotStore = {
  readonly lots: (page: LotPage) => Promise<readonly LotView[]>
  /** What in an account's books is no call's charge. */
  readonly bookPage: (page: BookPage) => Promise<readonly BookTransaction[]>
  /** Rejects with Problem `not_found` where there is no such lot. */
  readonly revokeLot: (revocation: Revocation, trail: TrailRow) => Promise<Revoked>
  /** Idempotent by the adjustment's id. */
  readonly adjustCredit: (adjustment: Adjustment, trail: TrailRow) => Promise<void>
}

export type CrossingPage = { readonly limit: number; readonly account: string | null }

export type BudgetStore = {
  readonly budgetState: (budget: Budget, nowMs: number) => Promise<BudgetState>
  readonly budgets: (page: OwnedPage) => Promise<readonly BudgetFacts[]>
  readonly budget: (id: string) => Promise<BudgetFacts | null>
  /** One of the same subject, model and period keeps its id and what it has counted; gives it as it is. */
  readonly setBudget: (
    setting: { readonly budget: BudgetFacts; readonly account: string; readonly nowMs: number },
    trail: TrailRow,
  ) => Promise<BudgetFacts>
  readonly removeBudget: (id: string, trail: TrailRow) => Promise<void>
  /** Thresholds that spend has reached, the newest first. */
  readonly crossings: (page: CrossingPage) => Promise<readonly BudgetCrossing[]>
}

/** What is changed of an account; absent stays as it is. */
export type AccountChange = {
  readonly account: string
  readonly plan?: string | null
  /** The customer itself chooses the plan. */
  readonly isChosen?: boolean
  readonly creditLimitNanoUsd?: bigint
}

/** What a closed account leaves. */
export type AccountClosed = {
  /** Paid for and not spent: to be paid back. */
  readonly refundableNanoUsd: bigint
  /** Calls under way may still spend of it. */
  readonly heldNanoUsd: bigint
}

export type PlanStore = {
  readonly plans: () => Promise<readonly PlanFacts[]>
  /** Makes a plan or changes it. */
  readonly setPlan: (plan: PlanFacts, nowMs: number, trail: TrailRow) => Promise<void>
  /** Rejects with Problem `conflict` where the account owes or holds more than the new credit limit. */
  readonly changeAccount: (change: AccountChange, trail: TrailRow) => Promise<void>
  /** For good; its provider credentials are forgotten. What was given and is not held ends at once, the rest when its calls have. */
  readonly closeAccount: (account: string, nowMs: number, trail: TrailRow) => Promise<AccountClosed>
}

/** All that is kept of customers. */
export type CustomerStore = PeopleStore &
  LotStore &
  BudgetStore &
  PlanStore &
  CodeStore &
  SignupStore &
  CredentialStore &
  AppliedStore
