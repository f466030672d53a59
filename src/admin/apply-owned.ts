/** What an account owns in a file for `apply`: projects, members, budgets, credit. */

import { createHash } from 'node:crypto'
import { decimalOf } from '#base/money.ts'
import { placeText } from '#base/place-text.ts'
import { faultAt } from '#base/read-document.ts'
import { thresholdsDefault } from '#ledger/budget.ts'
import type { BudgetFacts } from '#ledger/port.ts'
import { lineOf } from '#policy/key-facts.ts'
import type { ApplyAccount } from './apply-document.ts'
import type { Given, Plan } from './apply-step.ts'
import { differences, listed, same, valueText } from './apply-step.ts'
import type { OperationContext } from './operation.ts'
import type { AccountRow } from './port.ts'

/** An account of the file. */
export type Owner = {
  readonly name: string
  /** `null` = the account is still to be made. */
  readonly row: AccountRow | null
  readonly given: ApplyAccount
  readonly context: OperationContext
}

/** The lot of a grant in a file: once for an account and a name. */
export const lotIdOf = (account: string, id: string): string =>
  `lot_${createHash('sha256').update(`apply\u0000${account}\u0000${id}`).digest('hex').slice(0, 26)}`

/** Projects are made; nothing else of them is changed. */
export const projectSteps = async (plan: Plan, { name, row, given, context }: Owner): Promise<void> => {
  for (const [project, wanted] of Object.entries(given.projects ?? {})) {
    const found = row === null ? null : await context.ports.customers.project(row.organisation, project)
    const place = `accounts.${name}.projects.${project}`
    if (found === null || found.name !== project) {
      // Every account begins with a project of this name.
      if (row === null && project === 'default' && Object.keys(wanted ?? {}).length === 0) continue
      const input = { ...wanted, account: name, name: project }
      plan.steps.push({
        sign: '+',
        what: `project ${project} of ${name}`,
        detail: listed(wanted ?? {}),
        operation: 'projects create',
        input,
      })
    } else if (found.archivedMs !== null) plan.faults.push(faultAt(place, 'is archived, for good.'))
    else if (wanted?.['regions'] !== undefined && !same(wanted['regions'], found.regions ?? null))
      plan.faults.push(
        faultAt(
          `${place}.regions`,
          `is ${valueText(found.regions ?? null)}, and regions of a project are not changed.`,
        ),
      )
    else plan.unchanged += 1
  }
}

/** Members are added and given their roles. */
export const memberSteps = async (plan: Plan, { name, row, given, context }: Owner): Promise<void> => {
  for (const [mail, wanted] of Object.entries(given.members ?? {})) {
    const found = row === null ? null : await context.ports.customers.member(row.organisation, mail.toLowerCase())
    const what = `member ${mail} of ${name}`
    const role = wanted?.['role'] ?? 'developer'
    if (found === null || found.removedMs !== null)
      plan.steps.push({
        sign: '+',
        what,
        detail: [`role: ${valueText(role)}`],
        operation: 'members add',
        input: { ...wanted, account: name, mail },
      })
    else if (wanted?.['role'] !== undefined && found.role !== role)
      plan.steps.push({
        sign: '~',
        what,
        detail: [`role: ${found.role} -> ${valueText(role)}`],
        operation: 'members role',
        input: { account: name, member: mail, role },
      })
    else plan.unchanged += 1
  }
}

const pageMax = 1_000

const budgetsOf = async (organisation: string, { ports }: OperationContext): Promise<readonly BudgetFacts[]> => {
  const found: BudgetFacts[] = []
  for (;;) {
    const after = found.at(-1)?.id ?? null
    const rows = await ports.customers.budgets({ limit: pageMax, after, organisation })
    found.push(...rows)
    if (rows.length < pageMax) return found
  }
}

/** Whose budget it is; `undefined` = somebody who is not there yet. */
const subjectOf = async (budget: Given, row: AccountRow, { ports }: OperationContext): Promise<string | undefined> => {
  const { organisation } = row
  if (typeof budget['project'] === 'string') return (await ports.customers.project(organisation, budget['project']))?.id
  if (typeof budget['member'] === 'string')
    return (await ports.customers.member(organisation, budget['member'].toLowerCase()))?.id
  if (typeof budget['key'] === 'string') {
    const key = await ports.store.key(budget['key'])
    return key === null ? undefined : lineOf(key)
  }
  return organisation
}

/** Budgets are set; those of the same subject, model and period keep their count. */
export const budgetSteps = async (plan: Plan, { name, row, given, context }: Owner): Promise<void> => {
  if (given.budgets === undefined) return
  const known = row === null ? [] : await budgetsOf(row.organisation, context)
  const seen = new Set<string>()
  for (const [index, budget] of given.budgets.entries()) {
    const subject = row === null ? undefined : await subjectOf(budget, row, context)
    const found = known.find(
      (one) => one.subject === subject && one.period === budget['period'] && one.model === (budget['model'] ?? null),
    )
    const whose = ['project', 'member', 'key']
      .map((kind) => (budget[kind] === undefined ? '' : ` ${kind} ${valueText(budget[kind])}`))
      .join('')
    const what = `budget of ${name}${whose}${budget['model'] === undefined ? '' : ` on ${valueText(budget['model'])}`} per ${valueText(budget['period'])}`
    const input = { ...budget, account: name }
    if (seen.has(what.toLowerCase())) {
      const place = placeText(['accounts', name, 'budgets', index])
      plan.faults.push(faultAt(place, 'is there twice: a subject has one budget for a model and a period.'))
      continue
    }
    seen.add(what.toLowerCase())
    const wanted = { usd: budget['usd'], thresholds: budget['thresholds'] ?? [...thresholdsDefault] }
    if (found === undefined) {
      plan.steps.push({ sign: '+', what, detail: listed(wanted), operation: 'budgets set', input })
      continue
    }
    const detail = differences(wanted, { usd: decimalOf(found.limitNanoUsd), thresholds: [...found.thresholds] })
    if (detail.length === 0) plan.unchanged += 1
    else plan.steps.push({ sign: '~', what, detail, operation: 'budgets set', input })
  }
}

/** Credit is granted once for each id. */
export const creditSteps = async (plan: Plan, { name, row, given, context }: Owner): Promise<void> => {
  const seen = new Set<string>()
  for (const [index, credit] of (given.credits ?? []).entries()) {
    const { id, ...grant } = credit
    const place = placeText(['accounts', name, 'credits', index])
    if (typeof id !== 'string' || !/^[\w.:-]{1,100}$/.test(id)) {
      plan.faults.push(
        faultAt(place, "needs an id (letters, digits, '.', ':', '_', '-'), by which it is granted once."),
      )
      continue
    }
    if (seen.has(id)) {
      plan.faults.push(faultAt(place, `'${id}' is there twice, and is granted once. Give each its own id.`))
      continue
    }
    seen.add(id)
    const lot = row === null ? null : lotIdOf(row.id, id)
    // A page that begins just before the lot.
    const after = lot?.slice(0, -1) ?? null
    const found =
      lot === null ? [] : await context.ports.customers.lots({ limit: 1, after, account: row?.id ?? null, open: false })
    if (found[0]?.lot !== lot || lot === null) {
      const input = { ...grant, account: name, id }
      plan.steps.push({
        sign: '+',
        what: `credit ${id} of ${name}`,
        detail: listed(grant),
        operation: 'credits grant',
        input,
      })
    } else if (!same(grant['usd'], decimalOf(found[0].grantedNanoUsd)))
      plan.faults.push(
        faultAt(
          place,
          `'${id}' was granted with ${decimalOf(found[0].grantedNanoUsd)} USD, and a grant is not changed. Give another id, or use 'drover credits adjust'.`,
        ),
      )
    else plan.unchanged += 1
  }
}
