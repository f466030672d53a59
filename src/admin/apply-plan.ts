/**
 * What is to be done so that the store is as a file says: each step is an operation that there is anyway, with its input. What the file
 * does not name stays as it is, so that the same file twice does nothing the second time.
 */

import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { faultAt } from '#base/read-document.ts'
import type { Plans } from '#policy/plan.ts'
import { upgradesFrom } from '#policy/plan.ts'
import { narrowed } from '#policy/region.ts'
import { appliedSteps } from './applied.ts'
import type { ApplyAccount, ApplyDocument } from './apply-document.ts'
import type { Owner } from './apply-owned.ts'
import { budgetSteps, creditSteps, memberSteps, projectSteps } from './apply-owned.ts'
import type { Given, KeptPlan, Plan } from './apply-step.ts'
import { differences, durationText, listed, valueText } from './apply-step.ts'
import { viewOfKey } from './key-view.ts'
import type { OperationContext } from './operation.ts'
import { planInFile } from './plans.ts'
import type { AccountRow, KeyRow } from './port.ts'

type Known = { readonly context: OperationContext; readonly document: ApplyDocument }

const planSteps = (plan: Plan, { context, document }: Known): void => {
  for (const [name, given] of Object.entries(document.plans ?? {})) {
    const found = context.ports.plans().get(name)
    const input = { ...given, name }
    if (found === undefined)
      plan.steps.push({
        sign: '+',
        what: `plan ${name}`,
        detail: listed(given ?? {}),
        operation: 'plans create',
        input,
      })
    else if (found.origin === 'file')
      plan.faults.push(
        faultAt(
          `plans.${name}`,
          'is declared in drover.yaml (managed by file): change it there, and take it out here.',
        ),
      )
    else {
      const detail = differences(given ?? {}, planInFile(found))
      if (detail.length === 0) plan.unchanged += 1
      else plan.steps.push({ sign: '~', what: `plan ${name}`, detail, operation: 'plans set', input })
    }
  }
}

const accountNow = async (row: AccountRow, { ports, clock }: OperationContext) => {
  const balance = await ports.store.balance(row.id, clock.nowMs())
  return {
    billing: row.billing,
    plan: row.plan ?? 'none',
    credit_limit: decimalOf(balance?.creditLimitNanoUsd ?? 0n),
    state: balance?.state ?? 'open',
    paidNanoUsd: balance?.paidNanoUsd ?? 0n,
  }
}

type Has = { readonly file: string; readonly now: string; readonly paidNanoUsd: bigint; readonly isChosen: boolean }

/**
 * Why an account keeps another plan than a file names: it came to it by paying, or its customer chose among those that are open, of which the
 * file names another one. `null` = it does not.
 */
const whyKept = ({ file, now, paidNanoUsd, isChosen }: Has, plans: Plans): KeptPlan['why'] | null => {
  const plan = plans.get(file)
  if (plan === undefined || file === now) return null
  const isPaid = upgradesFrom(plans, plan).some(
    ({ name, upgradeAtPaidNanoUsd }) => name === now && (upgradeAtPaidNanoUsd ?? 0n) <= paidNanoUsd,
  )
  if (isPaid) return 'paid'
  return isChosen && plan.isOpen === true && plans.get(now)?.isOpen === true ? 'chosen' : null
}

const newAccount = (plan: Plan, name: string, { billing, plan: planName, credit_limit, state }: ApplyAccount): void => {
  if (billing === undefined) {
    plan.faults.push(faultAt(`accounts.${name}`, 'is new, and needs billing: prepaid, postpaid or unlimited.'))
    return
  }
  const given = {
    billing,
    ...(planName === undefined || planName === 'none' ? {} : { plan: planName }),
    ...(credit_limit === undefined ? {} : { credit_limit }),
  }
  plan.steps.push({
    sign: '+',
    what: `account ${name}`,
    detail: listed(given),
    operation: 'accounts create',
    input: { name, ...given },
  })
  if (state === 'suspended')
    plan.steps.push({
      sign: '~',
      what: `account ${name}`,
      detail: ['state: open -> suspended'],
      operation: 'accounts suspend',
      input: { account: name },
    })
}

const changedAccount = async (
  plan: Plan,
  row: AccountRow,
  { given, context }: { given: ApplyAccount; context: OperationContext },
): Promise<void> => {
  const { name } = row
  const now = await accountNow(row, context)
  if (given.billing !== undefined && given.billing !== now.billing) {
    plan.faults.push(
      faultAt(
        `accounts.${name}.billing`,
        `is ${now.billing}, and the kind of an account is not changed. Make another account.`,
      ),
    )
    return
  }
  if (now.state === 'closed') {
    plan.faults.push(faultAt(`accounts.${name}`, 'is closed, for good.'))
    return
  }
  const has = { now: now.plan, paidNanoUsd: now.paidNanoUsd, isChosen: row.choseItsPlan === true }
  const why = given.plan === undefined ? null : whyKept({ ...has, file: given.plan }, context.ports.plans())
  if (given.plan !== undefined && why !== null) plan.kept.push({ account: name, plan: now.plan, file: given.plan, why })
  const wanted = {
    ...(given.plan === undefined || why !== null ? {} : { plan: given.plan }),
    ...(given.credit_limit === undefined ? {} : { credit_limit: given.credit_limit }),
  }
  const detail = differences(wanted, now)
  if (detail.length > 0)
    plan.steps.push({
      sign: '~',
      what: `account ${name}`,
      detail,
      operation: 'accounts set',
      input: { account: name, ...wanted },
    })
  if (given.state !== undefined && given.state !== now.state)
    plan.steps.push({
      sign: '~',
      what: `account ${name}`,
      detail: [`state: ${now.state} -> ${given.state}`],
      operation: given.state === 'open' ? 'accounts resume' : 'accounts suspend',
      input: { account: name },
    })
  else if (detail.length === 0) plan.unchanged += 1
}

const keyNow = async (row: KeyRow, { ports, clock }: OperationContext): Promise<Given> => {
  const { budget_usd, cache_seconds, ...view } = viewOfKey(row, clock.nowMs())
  const account = (await ports.store.account(row.account))?.name
  const project = row.project === null ? null : (await ports.customers.project(row.organisation, row.project))?.name
  const member = row.member === null ? null : (await ports.customers.member(row.organisation, row.member))?.mail
  return {
    ...view,
    account,
    project: project ?? 'default',
    member: member ?? null,
    admin: row.purpose === 'admin',
    budget: budget_usd,
    cache: cache_seconds === null ? null : durationText(cache_seconds * 1_000),
  }
}

/** What a file says of a key that there is. */
const wantedOfKey = async (given: Given, row: KeyRow, { ports }: OperationContext): Promise<Given> => {
  const { expires, regions, ...others } = given
  const within =
    row.project === null ? null : ((await ports.customers.project(row.organisation, row.project))?.regions ?? null)
  return {
    account: 'default',
    ...others,
    // What is left of them within the project, as when it was made.
    ...(Array.isArray(regions) ? { regions: narrowed(regions, within) } : {}),
    // An end that is a time from now is meant for when the key is made.
    ...(expires === undefined || isDuration(expires) ? {} : { expires }),
  }
}

const isDuration = (value: unknown): boolean => typeof value === 'string' && /^\d+(ms|s|m|h|d)$/.test(value)

const foundKey = async (name: string, { ports }: OperationContext): Promise<KeyRow | null | Problem> => {
  try {
    const row = await ports.store.key(name)
    return row?.name === name ? row : null
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown
    throw thrown
  }
}

const keySteps = async (plan: Plan, { context, document }: Known): Promise<void> => {
  for (const [name, settings] of Object.entries(document.keys ?? {})) {
    const given = settings ?? {}
    const found = await foundKey(name, context)
    if (found instanceof Problem) plan.faults.push(faultAt(`keys.${name}`, found.message))
    else if (found === null)
      plan.steps.push({
        sign: '+',
        what: `key ${name}`,
        detail: listed(given),
        operation: 'keys create',
        input: { ...given, name },
      })
    else {
      const now = await keyNow(found, context)
      const wanted = await wantedOfKey(given, found, context)
      const detail = differences(wanted, now)
      if (now['state'] !== 'active')
        plan.faults.push(
          faultAt(
            `keys.${name}`,
            `is ${valueText(now['state'])}: take it out of the file, or give the key another name.`,
          ),
        )
      else if (detail.length > 0)
        plan.faults.push(
          faultAt(
            `keys.${name}`,
            `${detail.join(', ')}: a key is not changed. Give the new one another name, and revoke this one.`,
          ),
        )
      else plan.unchanged += 1
    }
  }
}

/** The steps in the order in which they can be made, and everything that stands in the way. */
export const planOf = async (document: ApplyDocument, context: OperationContext): Promise<Plan> => {
  const plan: Plan = { steps: [], faults: [], kept: [], unchanged: 0 }
  const known = { context, document }
  const { providers, models } = document
  await appliedSteps(plan, { providers: providers ?? {}, models: models ?? {} }, context)
  planSteps(plan, known)
  const owners: Owner[] = []
  for (const [name, settings] of Object.entries(document.accounts ?? {})) {
    const given = settings ?? {}
    const found = await context.ports.store.account(name)
    const row = found?.name === name ? found : null
    if (
      given.plan !== undefined &&
      given.plan !== 'none' &&
      !context.ports.plans().has(given.plan) &&
      document.plans?.[given.plan] === undefined
    )
      plan.faults.push(faultAt(`accounts.${name}.plan`, `there is no plan '${given.plan}', here or in this file.`))
    if (row === null) newAccount(plan, name, given)
    else await changedAccount(plan, row, { given, context })
    const owner = { name, row, given, context }
    owners.push(owner)
    await projectSteps(plan, owner)
    await memberSteps(plan, owner)
    await creditSteps(plan, owner)
  }
  await keySteps(plan, known)
  // Budgets may be of keys that the file makes.
  for (const owner of owners) await budgetSteps(plan, owner)
  return plan
}
