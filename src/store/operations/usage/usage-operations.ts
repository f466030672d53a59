/** Figures of usage: brought up with the log, read by their groups. */

import type { Expression, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import type { UsageCursor, UsageDimension, UsageGroup, UsagePage, UsageQuestion } from '#report/port.ts'
import type { Transaction } from '#store/operations/context.ts'
import { read, write } from '#store/operations/context.ts'
import { checkLimit } from '#store/operations/page.ts'
import { appendTrail } from '#store/operations/trail.ts'
import type { RollupLevel } from './roll-forward.ts'
import { makeRollForward, pendingCalls } from './roll-forward.ts'
import type { SumColumn } from './tally.ts'
import { sumNames, tallyOf } from './tally.ts'

const columnOf = (dimension: UsageDimension): string => (dimension === 'tag' ? 'tag_value' : dimension)

const people: readonly UsageDimension[] = ['project', 'member', 'key']
const targets: readonly UsageDimension[] = ['model', 'provider', 'upstream_model']

/** The level with the fewest rows that still tell apart what is asked. */
const levelOf = ({ grain, by, filter, tagName }: UsageQuestion): RollupLevel => {
  const needs = (dimensions: readonly UsageDimension[]): boolean =>
    dimensions.some((dimension) => by.includes(dimension) || filter[dimension] !== null)
  if (!needs(['account', ...people])) return 'model'
  if (grain === 'hour') return 'all'
  if (!needs(people)) return 'account'
  return needs(targets) || tagName !== null ? 'all' : 'owner'
}

/** Hours or days that are named one by one. */
const startsMax = 800n

/** Rows lie by their time and then by account: with each time named, those of other accounts are passed over. */
const startCondition = ({ filter, grain, fromMs, toMs }: UsageQuestion): Expression<SqlBool> => {
  const stepMs = grain === 'hour' ? 3_600_000n : 86_400_000n
  const count = (BigInt(toMs) - BigInt(fromMs) + stepMs - 1n) / stepMs
  if (filter.account === null || count > startsMax || count < 1n)
    return sql<SqlBool>`start_ms >= ${fromMs} and start_ms < ${toMs}`
  const starts = Array.from({ length: Number(count) }, (_unused, step) => BigInt(fromMs) + BigInt(step) * stepMs)
  return sql<SqlBool>`start_ms in (${sql.join(starts)})`
}

const conditions = (question: UsageQuestion): readonly Expression<SqlBool>[] => {
  const { grain, test, tagName, filter } = question
  const named = Object.entries(filter) as readonly [UsageDimension, string | null][]
  return [
    sql<SqlBool>`grain = ${grain}`,
    sql<SqlBool>`level = ${levelOf(question)}`,
    sql<SqlBool>`test = ${test ? 1 : 0}`,
    sql<SqlBool>`tag_name = ${tagName ?? ''}`,
    startCondition(question),
    ...named
      .filter(([, value]) => value !== null)
      .map(([dimension, value]) => sql<SqlBool>`${sql.ref(columnOf(dimension))} = ${value}`),
  ]
}

const groupColumns = ({ byTime, by }: UsageQuestion): readonly string[] => [
  ...(byTime ? ['start_ms'] : []),
  ...by.map(columnOf),
]

type GroupRow = Readonly<Record<SumColumn, bigint>> & Readonly<Record<string, bigint | string>>

const groupOf = (row: GroupRow, { byTime, by }: UsageQuestion): UsageGroup => ({
  startMs: byTime ? Number(row['start_ms']) : null,
  values: Object.fromEntries(
    by.map((dimension) => {
      const value = row[columnOf(dimension)]
      return [dimension, value === '' ? null : String(value)]
    }),
  ),
  tally: tallyOf(row),
})

const cursorOf = (row: GroupRow, columns: readonly string[]): UsageCursor =>
  columns.map((column) => {
    const value = row[column]
    return typeof value === 'bigint' ? Number(value) : String(value)
  })

const dayMs = 86_400_000

/**
 * What the rows are read from. A span of hours whose hours are not told apart is read by whole days where it has any, and by the hour at its ends only: as many rows as a span
 * of days has, and a day or two of hours.
 */
const pieces = (question: UsageQuestion): readonly UsageQuestion[] => {
  const { grain, byTime, fromMs, toMs } = question
  const [firstDayMs, lastDayMs] = [Math.ceil(fromMs / dayMs) * dayMs, Math.floor(toMs / dayMs) * dayMs]
  if (grain !== 'hour' || byTime || lastDayMs <= firstDayMs) return [question]
  return [
    { ...question, toMs: firstDayMs },
    { ...question, grain: 'day' as const, fromMs: firstDayMs, toMs: lastDayMs },
    { ...question, fromMs: lastDayMs },
  ].filter((piece) => piece.fromMs < piece.toMs)
}

/** The statement of a page; exported so that a test can look at its plan. */
export const usageQuery = (question: UsageQuestion) => {
  const columns = groupColumns(question)
  const refs = sql.join(columns.map((column) => sql.ref(column)))
  const sums = sql.raw(sumNames.map((name) => `coalesce(sum("${name}"), 0) as "${name}"`).join(', '))
  const { after } = question
  const behind = after === null ? [] : [sql<SqlBool>`(${refs}) > (${sql.join(after.map((value) => sql`${value}`))})`]
  const rowsOf = (piece: UsageQuestion) => sql.join([...conditions(piece), ...behind], sql` and `)
  const parts = pieces(question)
  const read = sql.ref('usage_rollup')
  const plain = sql.join([...columns, ...sumNames].map((column) => sql.ref(column)))
  const from =
    parts.length === 1
      ? sql`${read} where ${rowsOf(parts[0] ?? question)}`
      : sql`(${sql.join(
          parts.map((piece) => sql`select ${plain} from ${read} where ${rowsOf(piece)}`),
          sql` union all `,
        )}) as pieces`
  if (columns.length === 0) return sql<GroupRow>`select ${sums} from ${from}`
  return sql<GroupRow>`select ${refs}, ${sums} from ${from}
    group by ${refs} order by ${refs} limit ${checkLimit(question.limit)}`
}

/** The first hour or day from the beginning of the question on that has any figures at all; `null` = none has. */
const usageStart = async (transaction: Transaction, question: UsageQuestion): Promise<number | null> => {
  const { grain, test, tagName, fromMs, toMs } = question
  const row = await transaction
    .selectFrom('usage_rollup')
    .select(({ fn }) => fn.min('start_ms').as('start'))
    .where('grain', '=', grain)
    .where('level', '=', levelOf(question))
    .where('test', '=', test ? 1n : 0n)
    .where('tag_name', '=', tagName ?? '')
    .where('start_ms', '>=', BigInt(fromMs))
    .where('start_ms', '<', BigInt(toMs))
    .executeTakeFirst()
  return row?.start === undefined || row.start === null ? null : Number(row.start)
}

const usagePage = async (transaction: Transaction, question: UsageQuestion): Promise<UsagePage> => {
  const { rows } = await usageQuery(question).execute(transaction)
  const columns = groupColumns(question)
  const last = rows.at(-1)
  return {
    groups: rows.map((row) => groupOf(row, question)),
    next: columns.length === 0 || last === undefined || rows.length < question.limit ? null : cursorOf(last, columns),
    pending: await pendingCalls(transaction),
  }
}

const derived = ['usage_rollup', 'usage_tag', 'call_hour', 'call_block', 'day_volume'] as const

export const usageOperations = () => {
  const rollForward = makeRollForward()
  return {
    rollForward: write((transaction, _nothing: null): Promise<number> => rollForward(transaction)),
    pendingCalls: read((transaction, _nothing: null): Promise<number> => pendingCalls(transaction)),
    usagePage: read(usagePage),
    usageStart: read(usageStart),
    /** @throws Problem `conflict` where calls that the figures were made of are no longer in the log. */
    resetUsage: write(async (transaction, trail: TrailRow): Promise<number> => {
      const { oldest } = await transaction
        .selectFrom('call')
        .select(({ fn }) => fn.min('sequence').as('oldest'))
        .executeTakeFirstOrThrow()
      if (BigInt(oldest ?? 1) > 1n)
        throw new Problem('conflict', {
          message:
            'The log no longer holds all calls that the figures were made of: they cannot be made again from it.',
        })
      for (const table of derived) await transaction.deleteFrom(table).execute()
      await transaction.updateTable('usage_head').set({ rolled_to: 0, paired_from: 0, paired_to: 0 }).execute()
      await appendTrail(transaction, trail)
      return pendingCalls(transaction)
    }),
  }
}
