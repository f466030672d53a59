/**
 * The figures and the index, brought up with the log: calls are taken in the order of the log, some hundreds at a time, and
 * where that ended is written in the same transaction. So each call counts once, whatever is repeated or dies in between.
 *
 * Whoever deletes old calls deletes none that is not in the figures yet; the figures outlive the calls.
 */

import assert from 'node:assert/strict'
import type { CompiledQuery, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { TallyDraft } from '#report/port.ts'
import { addTally } from '#report/port.ts'
import type { Transaction } from '#store/operations/context.ts'
import { runHot } from '#store/operations/context.ts'
import type { Contribution, Names, RolledCall } from './contribution.ts'
import { contributionsOf, rolledColumns, tagsOf, traitsOf, volumeOf } from './contribution.ts'
import { sumColumns, sumNames } from './tally.ts'

/** Calls of one step, some 1.5 ms: the store's thread serves holds in between. */
export const callsPerStepMax = 64

export const callsPerBlock = 16n
export const blocksPerBucket = 4096n

const hourMs = 3_600_000n
const dayMs = 86_400_000n

/** Callers choose tags freely, and a name per call would fill the figures: what is beyond a day's first ones is `(other)`. */
const tagNamesPerDayMax = 100
const tagValuesPerDayMax = 1000
const otherTag = '(other)'

const nameColumns = ['account', 'project', 'member', 'key', 'model', 'provider', 'upstream_model'] as const
const place = null

/** Which names a row of figures carries. */
export type RollupLevel = 'all' | 'account' | 'model' | 'owner'

type Cell = {
  readonly grain: 'hour' | 'day'
  readonly level: RollupLevel
  readonly test: bigint
  readonly tagName: string
  readonly tagValue: string
  readonly startMs: bigint
  readonly names: Names
  readonly tally: TallyDraft
}

/** The rows of figures that these calls change, each once. `namesKey` tells names of one level apart. */
const makeCells = () => {
  const cells = new Map<string, Cell>()
  return {
    add: (where: Omit<Cell, 'names' | 'tally'>, { names, tally }: Contribution, namesKey: string): void => {
      const { grain, level, test, tagName, tagValue, startMs } = where
      const tag = tagName === '' ? '' : JSON.stringify([tagName, tagValue])
      const key = `${grain} ${level} ${test} ${startMs} ${namesKey}${tag}`
      const known = cells.get(key)
      if (known === undefined) cells.set(key, { ...where, names, tally: { ...tally } })
      else addTally(known.tally, tally)
    },
    all: (): Iterable<Cell> => cells.values(),
  }
}

const nobody = { project: '', member: '', key: '' }

const namesAt: Readonly<Record<RollupLevel, (names: Names) => Names>> = {
  all: (names) => names,
  account: (names) => ({ ...names, ...nobody }),
  model: (names) => ({ ...names, ...nobody, account: '' }),
  owner: (names) => ({ ...names, model: '', provider: '', upstream_model: '' }),
}

/** Hours are read a day or two at a time: more levels of them would save nothing. */
const levelsOf = {
  hour: ['all', 'model'],
  day: ['all', 'account', 'model', 'owner'],
  tag: ['all', 'account', 'model'],
} as const satisfies Readonly<Record<string, readonly RollupLevel[]>>

/** A contribution as each level has it: made once, for the hour, the day and every tag. */
const levelled = (part: Contribution) =>
  Object.fromEntries(
    levelsOf.day.map((level) => {
      const names = namesAt[level](part.names)
      return [level, { part: { ...part, names }, namesKey: JSON.stringify(nameColumns.map((name) => names[name])) }]
    }),
  ) as Readonly<Record<RollupLevel, { readonly part: Contribution; readonly namesKey: string }>>

const addLevels = (
  cells: ReturnType<typeof makeCells>,
  where: Omit<Cell, 'names' | 'tally' | 'level'>,
  levels: ReturnType<typeof levelled>,
): void => {
  for (const level of levelsOf[where.tagName === '' ? where.grain : 'tag'])
    cells.add({ ...where, level }, levels[level].part, levels[level].namesKey)
}

const places = (columns: number, rows: number): RawBuilder<unknown> =>
  sql.join(Array.from({ length: rows }, () => sql`(${sql.join(Array.from({ length: columns }, () => place))})`))

const rollupColumns = ['grain', 'level', 'test', 'tag_name', 'tag_value', 'start_ms', ...nameColumns, ...sumNames]

const upsertCells = (rows: number): RawBuilder<never> => {
  const changes = sumNames.map((name) => `"${name}" = usage_rollup."${name}" + excluded."${name}"`)
  return sql`insert into usage_rollup (${sql.raw(rollupColumns.map((name) => `"${name}"`).join(', '))})
    values ${places(rollupColumns.length, rows)}
    on conflict (grain, level, test, tag_name, start_ms, account, project, member, key, model, provider, upstream_model, tag_value)
    do update set ${sql.raw(changes.join(', '))}`
}

const insertBlocks = (rows: number): RawBuilder<never> =>
  sql`insert into call_block (bucket, trait, value, block) values ${places(4, rows)} on conflict do nothing`

/** One statement for many rows and one for the rest: what a statement costs beside its rows is paid once for the many. */
type ManyRows = { readonly many: CompiledQuery; readonly one: CompiledQuery; readonly rowsPerStatement: number }

type Statements = {
  readonly head: CompiledQuery<HeadRow>
  readonly calls: CompiledQuery<RolledCall>
  readonly advance: CompiledQuery
  readonly cells: ManyRows
  readonly blocks: ManyRows
  readonly hour: CompiledQuery
  readonly volume: CompiledQuery
}

const manyRows = (
  transaction: Transaction,
  statement: (rows: number) => RawBuilder<never>,
  rowsPerStatement: number,
): ManyRows => ({
  many: statement(rowsPerStatement).compile(transaction),
  one: statement(1).compile(transaction),
  rowsPerStatement,
})

const compiled = (transaction: Transaction): Statements => ({
  head: headStatement.compile(transaction),
  calls: callsStatement.compile(transaction),
  advance: advanceStatement.compile(transaction),
  cells: manyRows(transaction, upsertCells, 32),
  blocks: manyRows(transaction, insertBlocks, 128),
  hour: sql`insert into call_hour (hour_ms, first_sequence, last_sequence) values (${place}, ${place}, ${place})
    on conflict (hour_ms) do update set last_sequence = excluded.last_sequence`.compile(transaction),
  volume:
    sql`insert into day_volume (day_ms, account, family, base_nano_usd) values (${place}, ${place}, ${place}, ${place})
    on conflict (day_ms, account, family) do update set base_nano_usd = day_volume.base_nano_usd + excluded.base_nano_usd`.compile(
      transaction,
    ),
})

const writeRows = async (
  transaction: Transaction,
  { many, one, rowsPerStatement }: ManyRows,
  rows: readonly (readonly unknown[])[],
): Promise<void> => {
  const whole = rows.length - (rows.length % rowsPerStatement)
  for (let start = 0; start < whole; start += rowsPerStatement)
    await runHot(transaction, many, rows.slice(start, start + rowsPerStatement).flat())
  for (const row of rows.slice(whole)) await runHot(transaction, one, row)
}

/** Whether a name or a value still has a place among the day's. */
const tagAdmission = (transaction: Transaction) => {
  const known = new Map<string, Set<string>>()
  const of = async (dayStartMs: bigint, name: string, max: number): Promise<Set<string>> => {
    const key = `${dayStartMs}/${name}`
    const found = known.get(key)
    if (found !== undefined) return found
    const rows = await transaction
      .selectFrom('usage_tag')
      .select('value')
      .where('day_ms', '=', dayStartMs)
      .where('name', '=', name)
      .limit(max)
      .execute()
    const values = new Set(rows.map(({ value }) => value))
    known.set(key, values)
    return values
  }
  return async (dayStartMs: bigint, name: string, value: string): Promise<string> => {
    const max = name === '' ? tagNamesPerDayMax : tagValuesPerDayMax
    const values = await of(dayStartMs, name, max)
    if (values.has(value)) return value
    if (values.size >= max) return otherTag
    values.add(value)
    await transaction
      .insertInto('usage_tag')
      .values({ day_ms: dayStartMs, name, value })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    return value
  }
}

const startOf = (call: RolledCall, lengthMs: bigint): bigint => call.time_ms - (call.time_ms % lengthMs)

/** What the calls of an hour add that have their names and tags in common, as most of a step have: `first` is one of them. */
type Group = { readonly first: RolledCall; readonly part: Contribution }

/** In the order of the first call of each. */
const grouped = (calls: readonly RolledCall[]): Iterable<Group> => {
  const groups = new Map<string, Group>()
  for (const call of calls)
    for (const part of contributionsOf(call)) {
      const names = nameColumns.map((name) => part.names[name])
      const key = JSON.stringify([String(startOf(call, hourMs)), String(call.test), call.tags, ...names])
      const known = groups.get(key)
      if (known === undefined) groups.set(key, { first: call, part })
      else addTally(known.part.tally, part.tally)
    }
  return groups.values()
}

const writeFigures = async (
  transaction: Transaction,
  calls: readonly RolledCall[],
  statements: Statements,
): Promise<void> => {
  const cells = makeCells()
  const admitted = tagAdmission(transaction)
  for (const { first, part } of grouped(calls)) {
    const day = startOf(first, dayMs)
    const all = { test: first.test, tagName: '', tagValue: '' }
    const levels = levelled(part)
    addLevels(cells, { ...all, grain: 'hour', startMs: startOf(first, hourMs) }, levels)
    addLevels(cells, { ...all, grain: 'day', startMs: day }, levels)
    for (const [name, value] of tagsOf(first)) {
      const tagName = await admitted(day, '', name)
      const tagValue = tagName === otherTag ? otherTag : await admitted(day, tagName, value)
      addLevels(cells, { grain: 'day', test: first.test, tagName, tagValue, startMs: day }, levels)
    }
  }
  const rows = [...cells.all()].map(({ grain, level, test, tagName, tagValue, startMs, names, tally }) => [
    grain,
    level,
    test,
    tagName,
    tagValue,
    startMs,
    ...nameColumns.map((name) => names[name]),
    ...sumNames.map((name) => tally[sumColumns[name]]),
  ])
  await writeRows(transaction, statements.cells, rows)
}

const writeIndex = async (
  transaction: Transaction,
  calls: readonly RolledCall[],
  statements: Statements,
): Promise<void> => {
  const hours = new Map<bigint, { first: bigint; last: bigint }>()
  const blocks = new Map<string, readonly [bigint, string, string, bigint]>()
  for (const call of calls) {
    const { sequence } = call
    const hour = startOf(call, hourMs)
    const span = hours.get(hour) ?? { first: sequence, last: sequence }
    span.last = sequence
    hours.set(hour, span)
    const block = sequence / callsPerBlock
    for (const [trait, value] of traitsOf(call))
      blocks.set(`${block}/${trait}/${value}`, [block / blocksPerBucket, trait, value, block])
  }
  for (const [hour, { first, last }] of hours) await runHot(transaction, statements.hour, [hour, first, last])
  await writeRows(transaction, statements.blocks, [...blocks.values()])
}

const writeVolumes = async (
  transaction: Transaction,
  calls: readonly RolledCall[],
  statements: Statements,
): Promise<void> => {
  const sums = new Map<string, [bigint, string, string, bigint]>()
  for (const call of calls) {
    const volume = volumeOf(call)
    if (volume === null) continue
    const { account, family, baseNanoUsd } = volume
    const day = startOf(call, dayMs)
    const key = `${day}/${account}/${family}`
    const sum = sums.get(key) ?? [day, account, family, 0n]
    sum[3] += baseNanoUsd
    sums.set(key, sum)
  }
  for (const values of sums.values()) await runHot(transaction, statements.volume, values)
}

export const rolledTo = async (transaction: Transaction): Promise<bigint> =>
  (await transaction.selectFrom('usage_head').select('rolled_to').executeTakeFirstOrThrow()).rolled_to

/** Places of the log, 0 = none. */
export type LogHead = {
  readonly newest: bigint
  /** The last one that figures and index hold. */
  readonly rolled: bigint
  /** From here to there, both included, the index tells whose calls have failed; elsewhere a Drover of before made it. */
  readonly pairedFrom: bigint
  readonly pairedTo: bigint
}

type HeadRow = Readonly<Record<'rolled_to' | 'paired_from' | 'paired_to', bigint>> & { readonly newest: bigint | null }

const headStatement = sql<HeadRow>`select (select max(sequence) from call) as newest,
  rolled_to, paired_from, paired_to from usage_head`

export const headOfLog = async (transaction: Transaction): Promise<LogHead> => {
  const { rows } = await headStatement.execute(transaction)
  const [row] = rows
  return {
    newest: row?.newest ?? 0n,
    rolled: row?.rolled_to ?? 0n,
    pairedFrom: row?.paired_from ?? 0n,
    pairedTo: row?.paired_to ?? 0n,
  }
}

const callsStatement = sql<RolledCall>`select ${sql.join(rolledColumns.map((name) => sql.ref(name)))} from call
  where sequence > ${place} order by sequence limit ${sql.lit(callsPerStepMax)}`

/** Where a node of before has rolled in between, what it has left out begins anew. */
const advanceStatement: RawBuilder<never> = sql`update usage_head set rolled_to = ${place},
  paired_from = case when paired_to = ${place} then paired_from else ${place} end, paired_to = ${place}`

/** Calls of the log that the figures do not hold. Numbers of the log may have gaps, so it is the most there can be. */
export const pendingCalls = async (transaction: Transaction): Promise<number> => {
  const { newest, rolled } = await headOfLog(transaction)
  return newest > rolled ? Number(newest - rolled) : 0
}

/** Rolls one step forward; gives how many calls are left. One set of statements for each backend. */
export const makeRollForward = () => {
  let statements: Statements | null = null
  return async (transaction: Transaction): Promise<number> => {
    statements ??= compiled(transaction)
    const [head] = await runHot(transaction, statements.head, [])
    assert(head !== undefined, 'the figures say how far they go')
    const before = head.rolled_to
    const calls = await runHot(transaction, statements.calls, [before])
    const last = calls.at(-1)?.sequence
    if (last === undefined) return 0
    await writeFigures(transaction, calls, statements)
    await writeIndex(transaction, calls, statements)
    await writeVolumes(transaction, calls, statements)
    await runHot(transaction, statements.advance, [last, before, before + 1n, last])
    const left = (head.newest ?? last) - last
    return calls.length < callsPerStepMax || left < 0n ? 0 : Number(left)
  }
}
