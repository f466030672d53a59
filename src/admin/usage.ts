/** What was used and what it costs, by whatever it is told apart by. */

import { z } from 'zod'
import { csvLine } from '#base/csv.ts'
import { focusColumns, focusDimensions, focusLine, isCharge } from '#report/focus.ts'
import type { UsageGroup, UsagePage, UsageQuestion, UsageTally } from '#report/port.ts'
import { addTally, emptyTally } from '#report/port.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { trailRowOf } from './trail-row.ts'
import { byField, cursorText, questionOf, usageFields } from './usage-question.ts'
import type { GroupView } from './usage-view.ts'
import { groupView, momentOfGroup, tallyView, usageCsv, usageTable, viewOfTally } from './usage-view.ts'

/** What the accounts and keys of these groups are called, asked for together. */
const namesOf = async (groups: readonly UsageGroup[], { ports }: OperationContext) => {
  const named = async (of: 'account' | 'key') => {
    const ids = new Set(groups.flatMap(({ values }) => values[of] ?? []))
    return ids.size === 0 ? new Map<string, string>() : ports.store.names({ of, ids: [...ids] })
  }
  const [accounts, keys] = await Promise.all([named('account'), named('key')])
  const nameIn = (names: ReadonlyMap<string, string>, id: string | null | undefined): string | null =>
    id == null ? null : (names.get(id) ?? null)
  return {
    account: ({ values }: UsageGroup): string | null => nameIn(accounts, values.account),
    key: ({ values }: UsageGroup): string | null => nameIn(keys, values.key),
  }
}

const sumOf = (groups: readonly UsageGroup[]): UsageTally => {
  const sum = emptyTally()
  for (const { tally } of groups) addTally(sum, tally)
  return sum
}

const focusCsv = (data: readonly Readonly<Record<string, string | null>>[], isFirst: boolean): string =>
  (isFirst ? csvLine(focusColumns) : '') +
  data.map((line) => csvLine(focusColumns.map((column) => line[column] ?? null))).join('')

const viewsOf = async (
  groups: readonly UsageGroup[],
  { by, grain }: UsageQuestion,
  context: OperationContext,
): Promise<readonly GroupView[]> => {
  const names = await namesOf(groups, context)
  return groups.map((group) => ({
    ...momentOfGroup(group, grain),
    ...group.values,
    ...(by.includes('account') ? { account_name: names.account(group) } : {}),
    ...(by.includes('key') ? { key_name: names.key(group) } : {}),
    ...viewOfTally(group.tally),
  }))
}

/** Of a page that is the only one, what its rows add up to; else the store adds up once more. */
const totalOf = async (
  { groups, next }: Pick<UsagePage, 'groups' | 'next'>,
  question: UsageQuestion,
  { ports }: OperationContext,
): Promise<UsageTally | null> => {
  if (next === null && groups.length > 0) return sumOf(groups)
  const whole = { ...question, by: [], byTime: false, after: null }
  return (await ports.store.usage(whole)).groups[0]?.tally ?? null
}

const moment = (timeMs: number): string => `${new Date(timeMs).toISOString().slice(0, 19)}Z`

const list = operation({
  noun: 'usage',
  verb: 'list',
  summary: 'Calls, tokens, charge, upstream cost and margin, added up.',
  method: 'GET',
  path: '/usage',
  scope: 'read',
  input: z.strictObject({
    by: byField()
      .default(['day'])
      .describe(
        'What is told apart: day or hour, account, project, member, key, model, provider, upstream_model, tag:NAME.',
      ),
    ...usageFields,
    limit: z.int().min(1).max(1000).default(1000).describe('How many rows at most, 1 to 1000.'),
    after: z.string().min(1).max(2000).optional().describe('The `next` of the page before.'),
  }),
  output: z.object({
    from: z.string().describe('RFC 3339, UTC.'),
    to: z.string().describe('Not included.'),
    data: z.array(groupView),
    next: z.string().nullable(),
    total: tallyView.nullable().describe('Of all rows, with the first page.'),
    pending: z.int().describe('Calls of the log that are not in the figures yet.'),
  }),
  flags: [
    {
      field: 'by',
      flag: '--by <a,b>',
      describe:
        'What is told apart: day or hour, account, project, member, key, model, provider, upstream_model, tag:NAME.',
    },
  ],
  render: ({ from, to, data, total, pending }) =>
    [
      data.length === 0
        ? `No calls from ${from} to ${to}. --test shows those of test keys.\n`
        : usageTable(data, total),
      pending === 0 ? '' : `${pending} calls are not in these figures yet.\n`,
    ].join(''),
  csv: { text: ({ data }, isFirst) => usageCsv(data, isFirst), always: false },
  run: async ({ by, limit, after, ...input }, context) => {
    const { store } = context.ports
    const question = await questionOf({ input, by, limit, after }, context)
    const { groups, next, pending } = await store.usage(question)
    const total = question.after === null ? await totalOf({ groups, next }, question, context) : null
    return {
      from: moment(question.fromMs),
      to: moment(question.toMs),
      data: [...(await viewsOf(groups, question, context))],
      next: cursorText(next),
      total: total === null ? null : viewOfTally(total),
      pending,
    }
  },
})

const exported = operation({
  noun: 'usage',
  verb: 'export',
  summary: 'Usage and charges by the day as CSV, in the columns of FOCUS (FinOps).',
  method: 'GET',
  path: '/usage/export',
  scope: 'read',
  input: z.strictObject({
    format: z.enum(['focus']).default('focus').describe('The columns: FOCUS 1.2.'),
    ...usageFields,
    limit: z.int().min(1).max(1000).default(1000).describe('How many lines at most, 1 to 1000.'),
    after: z.string().min(1).max(2000).optional().describe('The `next` of the page before.'),
  }),
  output: z.object({
    data: z.array(z.record(z.string(), z.string().nullable())).describe('Cells by column; null = empty.'),
    next: z.string().nullable(),
  }),
  flags: [],
  csv: { text: ({ data }, isFirst) => focusCsv(data, isFirst), always: true },
  run: async ({ limit, after, format: _focus, ...input }, context) => {
    const tagName = input.tag?.split('=', 1)[0] ?? null
    const by = ['day', ...focusDimensions, ...(tagName === null ? [] : [`tag:${tagName}`])]
    const asked = await questionOf({ input, by, limit, after }, context)
    const lengthMs = 86_400_000
    const question = { ...asked, grain: 'day', fromMs: asked.fromMs - (asked.fromMs % lengthMs) } as const
    const { groups, next } = await context.ports.store.usage(question)
    const names = await namesOf(groups, context)
    const data = groups
      .filter(isCharge)
      .map((group) => focusLine(group, { accountName: names.account(group), keyName: names.key(group) }, tagName))
    return { data, next: cursorText(next) }
  },
})

const rebuild = operation({
  noun: 'usage',
  verb: 'rebuild',
  summary: 'Make the figures of usage again from the log of calls. Until that is done they are incomplete, and say so.',
  method: 'POST',
  path: '/usage/rebuild',
  scope: 'write',
  input: z.strictObject({}),
  output: z.object({ pending: z.int().describe('Calls that are to be added up.') }),
  flags: [],
  render: ({ pending }) => `${pending} calls are being added up\n`,
  run: async (_input, context) => {
    const change = { operation: 'usage.rebuild' as const, object: 'usage', before: null, after: null }
    return { pending: await context.ports.store.resetUsage(trailRowOf(change, context)) }
  },
})

export const usageOperations = [list, exported, rebuild] as const
