/** Providers, models, plans, accounts and keys of the store as a file for `apply`. */

import { stringify } from 'yaml'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { thresholdsDefault } from '#ledger/budget.ts'
import type { BudgetFacts } from '#ledger/port.ts'
import { lineOf } from '#policy/key-facts.ts'
import { fieldsOf } from './applied.ts'
import type { AppliedKind } from './applied-store.ts'
import { durationText } from './apply-step.ts'
import { viewOfKey } from './key-view.ts'
import type { OperationContext } from './operation.ts'
import { planInFile } from './plans.ts'
import type { AccountRow, KeyRow, MemberRow, ProjectRow } from './port.ts'

const pageMax = 1_000
/** More would be no file that a person reads. */
const rowsMax = 100_000

type Row = { readonly id: string }

/** Every page of a list. */
const all = async <T extends Row>(page: (after: string | null) => Promise<readonly T[]>): Promise<readonly T[]> => {
  const found: T[] = []
  for (;;) {
    const rows = await page(found.at(-1)?.id ?? null)
    found.push(...rows)
    if (rows.length < pageMax) return found
    if (found.length >= rowsMax)
      throw new Problem('invalid_request_error', {
        message: `There are more than ${rowsMax} rows: too many for one file.`,
      })
  }
}

/** In the order of their names, so that two exports can be compared. */
const byName = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
  Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))

/** Without what says nothing. */
const filled = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== false),
  )

const usd = (nano: bigint | null): string | null => (nano === null ? null : decimalOf(nano))

const plansOf = ({ ports }: OperationContext) =>
  byName(
    [...ports.plans().values()]
      .filter(({ origin }) => origin === 'store')
      .map((plan): readonly [string, object] => [plan.name, filled(planInFile(plan))]),
  )

type Names = {
  readonly projects: Map<string, string>
  readonly members: Map<string, string>
  readonly keys: Map<string, string>
}

const subjectOf = ({ kind, subject }: BudgetFacts, { projects, members, keys }: Names): object | null => {
  if (kind === 'organisation') return {}
  const name = { project: projects, member: members, key: keys }[kind].get(subject)
  return name === undefined ? null : { [kind]: name }
}

const budgetOf = (budget: BudgetFacts, names: Names): object | null => {
  const subject = subjectOf(budget, names)
  const isDefault = JSON.stringify(budget.thresholds) === JSON.stringify(thresholdsDefault)
  return (
    subject && {
      usd: decimalOf(budget.limitNanoUsd),
      period: budget.period,
      ...subject,
      ...filled({ model: budget.model, thresholds: isDefault ? null : [...budget.thresholds] }),
    }
  )
}

const keyOf = (row: KeyRow, given: { readonly account: string; readonly names: Names; readonly nowMs: number }) => {
  const { account, names, nowMs } = given
  const view = viewOfKey(row, nowMs)
  const project = row.project === null ? null : (names.projects.get(row.project) ?? null)
  return filled({
    account,
    project: project === 'default' ? null : project,
    member: row.member === null ? null : (names.members.get(row.member) ?? null),
    test: row.test,
    admin: row.purpose === 'admin',
    role: view.role,
    environment: view.environment,
    models: view.models,
    regions: view.regions,
    cache: durationText(row.cacheMs ?? null),
    rpm: view.rpm,
    tpm: view.tpm,
    rpd: view.rpd,
    tpd: view.tpd,
    concurrency: view.concurrency,
    budget: view.budget_usd,
    budget_period: view.budget_period,
    expires: view.expires,
    addresses: view.addresses,
    provider: view.provider,
    usage_cost: view.usage_cost,
  })
}

type Lists = {
  readonly projects: readonly ProjectRow[]
  readonly members: readonly MemberRow[]
  readonly budgets: readonly BudgetFacts[]
  readonly names: Names
}

const accountOf = async (row: AccountRow, lists: Lists, { ports, clock }: OperationContext) => {
  const balance = await ports.store.balance(row.id, clock.nowMs())
  const own = <T extends { readonly organisation: string }>(list: readonly T[]): readonly T[] =>
    list.filter(({ organisation }) => organisation === row.organisation)
  const projects = own(lists.projects).filter(({ name, regions }) => name !== 'default' || (regions ?? null) !== null)
  const budgets = own(lists.budgets)
    .map((budget) => budgetOf(budget, lists.names))
    .filter((one) => one !== null)
    .toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  const some = <T>(list: readonly T[], value: () => unknown): unknown => (list.length === 0 ? null : value())
  return filled({
    billing: row.billing,
    plan: row.plan,
    credit_limit: row.billing === 'postpaid' ? usd(balance?.creditLimitNanoUsd ?? 0n) : null,
    state: balance?.state === 'suspended' ? 'suspended' : null,
    projects: some(projects, () =>
      byName(
        projects.map(({ name, regions }): readonly [string, object] => [name, filled({ regions: regions ?? null })]),
      ),
    ),
    members: some(own(lists.members), () =>
      byName(
        own(lists.members).flatMap(({ mail, role }): (readonly [string, object])[] =>
          mail === null ? [] : [[mail, { role }]],
        ),
      ),
    ),
    budgets: some(budgets, () => budgets),
  })
}

const heading = `# What the store of this Drover holds, as 'drover apply FILE' takes it. Keys are without their secrets: applied elsewhere, new ones are made.
# Credit is not in it: it was granted once. What drover.yaml declares is there. A provider's credential that is 'kept' is known here only: elsewhere it is given.
`

/** The whole file. */
export const storeAsFile = async (context: OperationContext): Promise<string> => {
  const { store, customers } = context.ports
  const nowMs = context.clock.nowMs()
  const page = { limit: pageMax }
  const accounts = await all((after) => store.accounts({ ...page, after }))
  const organisation = null
  const keys = (await all((after) => store.keys({ ...page, after }))).filter(
    (row) => viewOfKey(row, nowMs).state === 'active',
  )
  const projects = (await all((after) => customers.projects({ ...page, after, organisation }))).filter(
    ({ archivedMs }) => archivedMs === null,
  )
  const members = (await all((after) => customers.members({ ...page, after, organisation }))).filter(
    ({ removedMs }) => removedMs === null,
  )
  const budgets = await all((after) => customers.budgets({ ...page, after, organisation }))
  const counts = new Map<string, number>()
  for (const { name } of keys) counts.set(name, (counts.get(name) ?? 0) + 1)
  const single = keys.filter(({ name }) => counts.get(name) === 1)
  const names: Names = {
    projects: new Map(projects.map(({ id, name }) => [id, name])),
    members: new Map(members.flatMap(({ id, mail }) => (mail === null ? [] : [[id, mail] as const]))),
    keys: new Map(single.map((key) => [lineOf(key), key.name])),
  }
  const lists = { projects, members, budgets, names }
  const accountNames = new Map(accounts.map(({ id, name }) => [id, name]))
  const applied = await context.ports.customers.applied()
  const documents = (kind: AppliedKind) =>
    byName(applied.filter((row) => row.kind === kind).map((row) => [row.name, fieldsOf(row)] as const))
  const file = {
    ...(applied.length === 0 ? {} : { providers: documents('provider'), models: documents('model') }),
    plans: plansOf(context),
    accounts: byName(
      await Promise.all(accounts.map(async (row) => [row.name, await accountOf(row, lists, context)] as const)),
    ),
    keys: byName(
      single.map((row): readonly [string, object] => [
        row.name,
        keyOf(row, { account: accountNames.get(row.account) ?? row.account, names, nowMs }),
      ]),
    ),
  }
  const shared = [...counts]
    .filter(([, count]) => count > 1)
    .map(
      ([name, count]) =>
        `# ${count} keys are named ${JSON.stringify(name)}: they are left out, since apply knows keys by their names.\n`,
    )
  return `${heading}${shared.join('')}${stringify(file, { lineWidth: 0 })}`
}
