/** Budgets: what an organisation, a project, a person or a key may spend in a period, on every model or on some. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf, nanoOf, notBelowZero } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { crossingSays, labelOf, thresholdsDefault } from '#ledger/budget.ts'
import type { BudgetFacts } from '#ledger/port.ts'
import { lineOf } from '#policy/key-facts.ts'
import { accountNamed } from './credits.ts'
import { handleField, pageFields, pageOf } from './field.ts'
import { idNames, namesView } from './id-names.ts'
import { keyNamed } from './key-lookup.ts'
import { memberNamed } from './members.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { projectNamed } from './projects.ts'
import { table } from './render.ts'
import type { AccountRow } from './rows.ts'
import { sentenceView, viewOfSentence } from './sentence-view.ts'
import { trailRowOf } from './trail-row.ts'
import { unknownModels, warningsView } from './unknown-models.ts'

const periodField = () => z.enum(['day', 'week', 'month', 'total'])

const budgetView = z.object({
  id: z.string(),
  organisation: z.string(),
  for: z.enum(['organisation', 'project', 'member', 'key']),
  subject: z.string().describe('The id of whose it is.'),
  name: z
    .string()
    .nullable()
    .describe('What the project or key is called, or the mail address; null = the organisation.'),
  model: z.string().nullable().describe('The model that it is about; null = every model.'),
  period: periodField(),
  limit_nano_usd: z.string(),
  limit_usd: z.string(),
  spent_nano_usd: z.string().describe('In the present period, since the budget was set.'),
  held_nano_usd: z.string().describe('Held for calls under way.'),
  left_usd: z.string(),
  resets: z.string().nullable().describe('RFC 3339, UTC; null = never.'),
  thresholds: z.array(z.int()).describe('Percents of the limit that are told of.'),
})

type View = z.input<typeof budgetView>

const nameOf = async ({ kind, subject, organisation }: BudgetFacts, { ports }: OperationContext) => {
  if (kind === 'project') return (await ports.customers.project(organisation, subject))?.name ?? null
  if (kind === 'member') return (await ports.customers.member(organisation, subject))?.mail ?? null
  return kind === 'key' ? ((await ports.store.key(subject))?.name ?? null) : null
}

const viewOf = async (budget: BudgetFacts, context: OperationContext): Promise<View> => {
  const { ports, clock } = context
  const { id, period, limitNanoUsd } = budget
  const state = await ports.customers.budgetState({ name: id, period, limitNanoUsd }, clock.nowMs())
  const left = limitNanoUsd - state.spentNanoUsd - state.heldNanoUsd
  return {
    id,
    organisation: budget.organisation,
    for: budget.kind,
    subject: budget.subject,
    name: await nameOf(budget, context),
    model: budget.model,
    period,
    limit_nano_usd: limitNanoUsd.toString(),
    limit_usd: decimalOf(limitNanoUsd),
    spent_nano_usd: state.spentNanoUsd.toString(),
    held_nano_usd: state.heldNanoUsd.toString(),
    left_usd: decimalOf(notBelowZero(left)),
    resets: state.resetsMs === null ? null : rfc3339(state.resetsMs),
    thresholds: [...budget.thresholds],
  }
}

type Whose = {
  readonly project?: string | undefined
  readonly member?: string | undefined
  readonly key?: string | undefined
}

const keyOf = async (handle: string, account: AccountRow, { ports }: OperationContext): Promise<string> => {
  const row = await keyNamed(handle, ports)
  if (row.account === account.id) return lineOf(row)
  throw new Problem('not_found', { ...saying('key_of_other_account', { handle, account: account.name }), param: 'key' })
}

/** Whose budget it is: the narrowest that is named, else the organisation's. */
const subjectOf = async (
  { project, member, key }: Whose,
  account: AccountRow,
  context: OperationContext,
): Promise<Pick<BudgetFacts, 'kind' | 'subject'>> => {
  const { organisation } = account
  if ([project, member, key].filter((one) => one !== undefined).length > 1)
    throw new Problem('invalid_request_error', {
      ...saying('budget_of_one'),
      param: 'project',
    })
  if (project !== undefined)
    return { kind: 'project', subject: (await projectNamed({ organisation, handle: project }, context)).id }
  if (member !== undefined)
    return { kind: 'member', subject: (await memberNamed({ organisation, handle: member }, context)).id }
  if (key !== undefined) return { kind: 'key', subject: await keyOf(key, account, context) }
  return { kind: 'organisation', subject: organisation }
}

const set = operation({
  noun: 'budgets',
  verb: 'set',
  summary:
    'Set what may be spent in a period. The same subject, model and period again changes the limit and keeps the count.',
  method: 'POST',
  path: '/budgets',
  scope: 'write',
  input: z.strictObject({
    account: handleField().default('default').describe('The account of the organisation: id or name.'),
    project: handleField().optional().describe('Of this project: id or name.'),
    member: handleField().optional().describe('Of this member: id or mail address.'),
    key: handleField().optional().describe('Of this key: id or name.'),
    model: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('On this model only: an id, or the beginning of ids such as kimi-*. Absent: on every model.'),
    usd: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "25.00"')
      .describe('The limit in USD.'),
    period: periodField().describe('`day`, `week` (from Monday), `month`, all in UTC, or `total`, which never resets.'),
    thresholds: z
      .array(z.coerce.number().int().min(1).max(1000))
      .min(1)
      .max(20)
      .default([...thresholdsDefault])
      .describe('Percents of the limit that are told of when spend reaches them.'),
  }),
  output: budgetView.extend({ warnings: warningsView() }),
  flags: [{ field: 'usd', flag: '--usd <amount>', describe: 'The limit in USD.' }],
  render: (budget) => `${budget.id}: ${budget.limit_usd} USD, ${budget.left_usd} USD left\n`,
  run: async (input, context) => {
    const { clock, ids, ports } = context
    const account = await accountNamed(input.account, context)
    const budget: BudgetFacts = {
      id: ids.next('bud'),
      organisation: account.organisation,
      ...(await subjectOf(input, account, context)),
      model: input.model ?? null,
      period: input.period,
      limitNanoUsd: nanoOf(input.usd),
      thresholds: [...new Set(input.thresholds)].sort((a, b) => a - b),
      createdMs: clock.nowMs(),
    }
    const after = { ...budget, limitNanoUsd: budget.limitNanoUsd.toString(), label: labelOf(budget) }
    const change = { operation: 'budgets.set' as const, object: budget.subject, before: null, after }
    const setting = { budget, account: account.id, nowMs: clock.nowMs() }
    const kept = await ports.customers.setBudget(setting, trailRowOf(change, context))
    await ports.customersChanged()
    const names = input.model === undefined ? [] : [input.model]
    const warnings = unknownModels({ names, beginnings: true, effect: 'the budget holds for nothing' }, context)
    return { ...(await viewOf(kept, context)), warnings: [...warnings] }
  },
})

const list = operation({
  noun: 'budgets',
  verb: 'list',
  summary: 'List budgets, the oldest first, with what is left of each.',
  method: 'GET',
  path: '/budgets',
  scope: 'read',
  input: z.strictObject({
    account: handleField().optional().describe('Only those of this account: id or name.'),
    ...pageFields(1000),
  }),
  output: z.object({ data: z.array(budgetView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'FOR', 'SUBJECT', 'MODEL', 'PERIOD', 'LIMIT', 'LEFT', 'RESETS'],
      data.map((one) => [
        one.id,
        one.for,
        one.name ?? one.subject,
        one.model,
        one.period,
        one.limit_usd,
        one.left_usd,
        one.resets,
      ]),
    ),
  run: async ({ account, limit, after }, context) => {
    const organisation = account === undefined ? null : (await accountNamed(account, context)).organisation
    const rows = await context.ports.customers.budgets({ limit, after: after ?? null, organisation })
    const page = pageOf(rows, limit)
    return { data: await Promise.all(page.data.map((one) => viewOf(one, context))), next: page.next }
  },
})

const remove = operation({
  noun: 'budgets',
  verb: 'remove',
  summary: 'Remove a budget. Calls under way that hold of it are settled as they are.',
  method: 'DELETE',
  path: '/budgets/{id}',
  scope: 'write',
  input: z.strictObject({ id: handleField().describe("The budget's id.") }),
  output: budgetView,
  flags: [{ field: 'id', positional: true, describe: "The budget's id." }],
  render: (budget) => `removed ${budget.id}\n`,
  run: async ({ id }, context) => {
    const { ports } = context
    const budget = await ports.customers.budget(id)
    if (budget === null)
      throw new Problem('not_found', {
        ...saying('no_budget', { id }),
        param: 'id',
      })
    const view = await viewOf(budget, context)
    const change = { operation: 'budgets.remove' as const, object: id, before: view, after: null }
    await ports.customers.removeBudget(id, trailRowOf(change, context))
    await ports.customersChanged()
    return view
  },
})

const crossingView = z.object({
  id: z.string(),
  budget: z.string(),
  for: z.string(),
  account: z.string(),
  period: periodField(),
  period_start: z.string().describe('RFC 3339, UTC.'),
  threshold: z.int().describe('Percent of the limit.'),
  spent_usd: z.string(),
  limit_usd: z.string(),
  time: z.string().describe('RFC 3339, UTC.'),
  told: z.string().nullable().describe('When it was handed to those who are told; null = not yet.'),
  said: sentenceView,
})

const events = operation({
  noun: 'budgets',
  verb: 'events',
  summary: 'Thresholds that spend has reached, the newest first: each once in its period.',
  method: 'GET',
  path: '/budgets/events',
  scope: 'read',
  input: z.strictObject({
    account: handleField().optional().describe('Only those of this account: id or name.'),
    limit: z.int().min(1).max(1000).default(100).describe('How many rows at most, 1 to 1000.'),
  }),
  output: z.object({ data: z.array(crossingView), names: namesView() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['TIME', 'FOR', 'PERIOD', 'REACHED', 'SPENT', 'LIMIT', 'TOLD'],
      data.map((one) => [one.time, one.for, one.period, `${one.threshold} %`, one.spent_usd, one.limit_usd, one.told]),
    ),
  run: async ({ account, limit }, context) => {
    const id = account === undefined ? null : (await accountNamed(account, context)).id
    const rows = await context.ports.customers.crossings({ limit, account: id })
    return {
      data: rows.map((row) => ({
        id: row.id,
        budget: row.name,
        for: row.label,
        account: row.account,
        period: row.period,
        period_start: rfc3339(row.startMs),
        threshold: row.threshold,
        spent_usd: decimalOf(row.spentNanoUsd),
        limit_usd: decimalOf(row.limitNanoUsd),
        time: rfc3339(row.timeMs),
        told: row.toldMs === null ? null : rfc3339(row.toldMs),
        said: viewOfSentence(crossingSays(row).said),
      })),
      names: await idNames(
        rows.map(({ label }) => label),
        context,
      ),
    }
  },
})

export const budgetOperations = [set, list, remove, events] as const
