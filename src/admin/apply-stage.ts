/**
 * The store as it would be after what a file asks for. Operations run on it as on any: what they write is kept back, and what they read
 * sees it, so that all of it is kept at the end, or nothing.
 */

import type { Balance } from '#ledger/port.ts'
import type { PlanFacts } from '#policy/plan.ts'
import type { AdminPorts } from './operation.ts'
import type {
  AccountRow,
  AdminStore,
  AppliedSetting,
  CustomerStore,
  KeyRow,
  MemberRow,
  ProjectRow,
  StoreWrite,
} from './port.ts'

export type Stage = {
  /** For the operations that are staged. They tell the relay nothing. */
  readonly ports: AdminPorts
  /** Makes all changes or none, then tells the relay of them. Rejects with the Problem of the first that cannot be made. */
  readonly keep: () => Promise<void>
}

/** What is made or changed, before it is kept. */
type Staged = {
  readonly ports: AdminPorts
  readonly writes: StoreWrite[]
  readonly applied: AppliedSetting[]
  /** By id, and under their names. */
  readonly accounts: Map<string, AccountRow>
  /** By the account's id. */
  readonly states: Map<string, Balance['state']>
  readonly limits: Map<string, bigint>
  /** By id, and by organisation and name. */
  readonly projects: Map<string, ProjectRow>
  readonly members: Map<string, MemberRow>
  /** By id, and by name. */
  readonly keys: Map<string, KeyRow>
  /** By name. */
  readonly plans: Map<string, PlanFacts>
  /** Organisations whose members have other roles, which may end keys of theirs. */
  readonly reranked: Set<string>
}

const within = (organisation: string, name: string | null): string => `${organisation} ${name ?? ''}`

const newBalance = (row: AccountRow): Balance => ({
  account: row.id,
  billing: row.billing,
  state: 'open',
  balanceNanoUsd: 0n,
  heldNanoUsd: 0n,
  creditLimitNanoUsd: row.creditLimitNanoUsd ?? 0n,
  spentNanoUsd: 0n,
  promoNanoUsd: 0n,
  paidNanoUsd: 0n,
})

const accountFace = (staged: Staged): Partial<AdminStore> => {
  const { ports, writes, accounts, states, limits, projects, keys } = staged
  return {
    account: async (handle) => accounts.get(handle) ?? ports.store.account(handle),
    balance: async (id, nowMs) => {
      const row = accounts.get(id)
      const before = (await ports.store.balance(id, nowMs)) ?? (row === undefined ? null : newBalance(row))
      return (
        before && {
          ...before,
          state: states.get(id) ?? before.state,
          creditLimitNanoUsd: limits.get(id) ?? before.creditLimitNanoUsd,
        }
      )
    },
    createAccount: async (rows, trail, grant) => {
      writes.push((store) => store.createAccount(rows, trail, grant))
      const { account, project } = rows
      for (const handle of [account.id, account.name]) accounts.set(handle, account)
      for (const handle of [project.id, within(project.organisation, project.name)]) projects.set(handle, project)
    },
    setAccountState: async (account, state, trail) => {
      writes.push((store) => store.setAccountState(account, state, trail))
      states.set(account, state)
    },
    // The plan that it leads to is seen when it is kept.
    grantCredit: async (grant, trail, upgrade) => {
      writes.push((store) => store.grantCredit(grant, trail, upgrade))
      states.set(grant.account, states.get(grant.account) ?? 'open')
      return null
    },
    key: async (handle, organisation) => keys.get(handle) ?? ports.store.key(handle, organisation),
    createKey: async (row, trail) => {
      writes.push((store) => store.createKey(row, trail))
      for (const handle of [row.id, row.name]) keys.set(handle, row)
    },
  }
}

const customerFace = ({
  ports,
  writes,
  applied,
  accounts,
  limits,
  projects,
  members,
  plans,
  reranked,
}: Staged): Partial<CustomerStore> => ({
  project: async (organisation, handle) =>
    projects.get(handle) ?? projects.get(within(organisation, handle)) ?? ports.customers.project(organisation, handle),
  createProject: async (row, trail) => {
    writes.push((store) => store.createProject(row, trail))
    for (const handle of [row.id, within(row.organisation, row.name)]) projects.set(handle, row)
  },
  member: async (organisation, handle) => {
    const row =
      members.get(handle) ??
      members.get(within(organisation, handle.toLowerCase())) ??
      (await ports.customers.member(organisation, handle))
    if (row !== null) members.set(row.id, row)
    return row
  },
  addMember: async (row, trail) => {
    writes.push((store) => store.addMember(row, trail))
    for (const handle of [row.id, within(row.organisation, row.mail)]) members.set(handle, row)
    return row
  },
  setMemberRole: async (change, trail) => {
    writes.push((store) => store.setMemberRole(change, trail))
    const row = members.get(change.id)
    if (row !== undefined) reranked.add(row.organisation)
    return []
  },
  setBudget: async (setting, trail) => {
    writes.push((store) => store.setBudget(setting, trail))
    return setting.budget
  },
  setPlan: async (plan, nowMs, trail) => {
    writes.push((store) => store.setPlan(plan, nowMs, trail))
    plans.set(plan.name, plan)
  },
  changeAccount: async (change, trail) => {
    writes.push((store) => store.changeAccount(change, trail))
    const row = accounts.get(change.account) ?? (await ports.store.account(change.account))
    const after = row === null || change.plan === undefined ? row : { ...row, plan: change.plan }
    if (after !== null) for (const handle of [after.id, after.name]) accounts.set(handle, after)
    if (change.creditLimitNanoUsd !== undefined) limits.set(change.account, change.creditLimitNanoUsd)
  },
  setApplied: async (settings) => {
    // All of them are one write, which counts what there is once.
    if (applied.length === 0) writes.push((store) => store.setApplied(applied))
    applied.push(...settings)
  },
})

const pageMax = 1_000

const keysOfOrganisation = async (organisation: string, { store }: AdminPorts): Promise<readonly KeyRow[]> => {
  const rows: KeyRow[] = []
  for (;;) {
    const page = await store.keys({ limit: pageMax, after: rows.at(-1)?.id ?? null, organisation })
    rows.push(...page)
    if (page.length < pageMax) return rows
  }
}

/** The relay is told what the store says now, whatever the operations expected. */
const tellAll = async ({ ports, accounts, states, keys, reranked }: Staged, nowMs: number): Promise<void> => {
  const changed = await Promise.all(
    [...new Set([...[...accounts.values()].map(({ id }) => id), ...states.keys()])].map(async (id) => {
      const [row, balance] = [await ports.store.account(id), await ports.store.balance(id, nowMs)]
      return row === null || balance === null
        ? []
        : [{ id, billing: row.billing, state: balance.state, plan: row.plan }]
    }),
  )
  if (changed.length > 0) await ports.accountsChanged(changed.flat())
  const others = await Promise.all([...reranked].map((organisation) => keysOfOrganisation(organisation, ports)))
  const rows = [...new Set(keys.values()), ...others.flat()]
  if (rows.length > 0) await ports.keysChanged(rows)
  await ports.customersChanged()
  await ports.applied.changed()
}

/** Begins with the store as it is. */
export const stageOver = (ports: AdminPorts, nowMs: number): Stage => {
  const staged: Staged = {
    ports,
    writes: [],
    applied: [],
    accounts: new Map(),
    states: new Map(),
    limits: new Map(),
    projects: new Map(),
    members: new Map(),
    keys: new Map(),
    plans: new Map(),
    reranked: new Set(),
  }
  const untold = async (): Promise<void> => {}
  return {
    ports: {
      ...ports,
      store: { ...ports.store, ...accountFace(staged) },
      customers: { ...ports.customers, ...customerFace(staged) },
      plans: () => new Map([...ports.plans(), ...staged.plans]),
      keysChanged: untold,
      accountsChanged: untold,
      customersChanged: untold,
      applied: { ...ports.applied, changed: untold },
    },
    keep: async () => {
      if (staged.writes.length === 0) return
      await ports.store.together(staged.writes)
      await tellAll(staged, nowMs)
    },
  }
}
