/**
 * Finds calls in the log by what they are. The log is read by its own order, in stretches; where something is asked for, the
 * index says which blocks of it can hold an answer, and only those are read. No question reads the whole log.
 */

import type { Expression, Selectable, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { CallFilter } from '#admin/port.ts'
import type { CallTable } from '#store/tables.ts'
import type { Transaction } from './context.ts'
import { runHot } from './context.ts'
import { checkLimit } from './page.ts'
import { blocksPerBucket, callsPerBlock, rolledTo } from './usage/roll-forward.ts'

/** Where nothing narrows the reading, and in the part that has no index yet, this much of the log is a stretch. */
const stretchLengthMax = 50_000n
/** Others get their turn after so many blocks, or so many buckets without one. */
const blocksPerStretchMax = 200
const bucketsPerStretchMax = 200n

const hourMs = 3_600_000

type StoredCall = Selectable<CallTable>

/** `next` is where to read on: below it when reading back, above it when following; `null` = the end. */
export type Stretch = { readonly rows: readonly StoredCall[]; readonly next: bigint | null }

export type Reading = {
  readonly filter: CallFilter
  readonly backward: boolean
  /** Exclusive. */
  readonly from: bigint
}

type Trait = { readonly trait: string; readonly low: string; readonly high: string }

const is = (trait: string, value: string | null): readonly Trait[] =>
  value === null ? [] : [{ trait, low: value, high: value }]

/** The seldom ones first: the first one leads the search. What most calls are has no trait. */
const traitsOf = (filter: CallFilter): readonly Trait[] => {
  const { status, end } = filter
  return [
    ...is('conversation', filter.conversation),
    // A class of statuses is many values: anywhere but in the lead it would be gone through for every block.
    ...(status === null || (status[0] <= 200 && status[1] >= 200)
      ? []
      : [{ trait: 'status', low: String(status[0]), high: String(status[1]) }]),
    ...is('call_site', filter.callSite),
    ...is('tag', filter.tag),
    ...is('error', filter.error),
    ...is('end', end === 'complete' ? null : end),
    ...is('key', filter.key),
    ...is('account', filter.account),
    ...is('model', filter.model),
    ...is('provider', filter.provider),
  ]
}

/** A tag as it stands in the column. */
const tagText = (tag: string): string => {
  const at = tag.indexOf('=')
  const [name, value] = at === -1 ? [tag, ''] : [tag.slice(0, at), tag.slice(at + 1)]
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`
}

/** The index is coarse: every row is held against the filter itself. */
const conditions = (filter: CallFilter): readonly Expression<SqlBool>[] => {
  const { status, tag, fromMs, toMs } = filter
  const equal = (column: string, value: string | null) =>
    value === null ? [] : [sql<SqlBool>`${sql.ref(column)} = ${value}`]
  return [
    ...equal('key', filter.key),
    ...equal('account', filter.account),
    ...equal('model', filter.model),
    ...equal('provider', filter.provider),
    ...equal('end', filter.end),
    ...equal('error', filter.error),
    ...equal('conversation', filter.conversation),
    ...equal('call_site', filter.callSite),
    ...(status === null ? [] : [sql<SqlBool>`status >= ${status[0]} and status <= ${status[1]}`]),
    ...(tag === null ? [] : [sql<SqlBool>`replace(tags, ${tagText(tag)}, '') <> tags`]),
    ...(fromMs === null ? [] : [sql<SqlBool>`time_ms >= ${fromMs}`]),
    ...(toMs === null ? [] : [sql<SqlBool>`time_ms < ${toMs}`]),
  ]
}

type Span = { readonly low: bigint; readonly high: bigint }

const within = ({ low, high }: Span) => sql<SqlBool>`sequence >= ${low} and sequence <= ${high}`

const rowsWhere = (place: Expression<SqlBool>, filter: CallFilter, backward: boolean) =>
  sql<StoredCall>`select * from call where ${sql.join([place, ...conditions(filter)], sql` and `)}
    order by sequence ${sql.raw(backward ? 'desc' : 'asc')} limit ${checkLimit(filter.limit)}`

/** Matching rows with low <= sequence <= high. */
const rowsQuery = (filter: CallFilter, span: Span, backward: boolean) => rowsWhere(within(span), filter, backward)

/** Blocks of one bucket, within the span, that hold every trait; exported so that a test can look at its plan. */
export const blocksQuery = (
  traits: readonly Trait[],
  { bucket, low, high, backward }: Span & { readonly bucket: bigint; readonly backward: boolean },
) => {
  const [lead, ...others] = traits
  const holds = ({ trait, low: from, high: to }: Trait) =>
    from === to
      ? sql<SqlBool>`trait = ${trait} and value = ${from}`
      : sql<SqlBool>`trait = ${trait} and value >= ${from} and value <= ${to}`
  const also = others.map(
    (one) =>
      sql<SqlBool>`exists (select 1 from call_block other where other.bucket = ${bucket} and other.block = lead.block and ${holds(one)})`,
  )
  const where = [
    sql<SqlBool>`bucket = ${bucket}`,
    ...(lead === undefined ? [] : [holds(lead)]),
    sql<SqlBool>`block >= ${low}`,
    sql<SqlBool>`block <= ${high}`,
    ...also,
  ]
  return sql<{ block: bigint }>`select distinct block from call_block lead where ${sql.join(where, sql` and `)}
    order by block ${sql.raw(backward ? 'desc' : 'asc')} limit ${blocksPerStretchMax}`
}

/** The last place of the log; 0 = it is empty. */
export const newestSequence = async (transaction: Transaction): Promise<bigint> => {
  const row = await transaction
    .selectFrom('call')
    .select(({ fn }) => fn.max('sequence').as('newest'))
    .executeTakeFirst()
  return BigInt(row?.newest ?? 0)
}

/** The part of the log that calls of the asked time can lie in. Calls that are not indexed yet may be of any time. */
const spanOf = async (transaction: Transaction, filter: CallFilter, rolled: bigint): Promise<Span> => {
  const newest = await newestSequence(transaction)
  const { fromMs, toMs } = filter
  if (fromMs === null && toMs === null) return { low: 1n, high: newest }
  let query = transaction
    .selectFrom('call_hour')
    .select(({ fn }) => [fn.min('first_sequence').as('low'), fn.max('last_sequence').as('high')])
  if (fromMs !== null) query = query.where('hour_ms', '>=', BigInt(fromMs - (fromMs % hourMs)))
  if (toMs !== null) query = query.where('hour_ms', '<', BigInt(toMs))
  const row = await query.executeTakeFirst()
  const low = row?.low ?? null
  const high = row?.high ?? null
  return {
    low: low === null ? rolled + 1n : BigInt(low),
    high: newest > rolled ? newest : high === null ? rolled : BigInt(high),
  }
}

type Search = {
  readonly filter: CallFilter
  readonly backward: boolean
  readonly span: Span
  readonly rolled: bigint
  readonly traits: readonly Trait[]
  /** Runs of blocks that are asked for at once: where each question is a trip over a line, few are better. */
  readonly runsPerQuery: number
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other)
const min = (one: bigint, other: bigint): bigint => (one < other ? one : other)

/** Everything between two points. */
const readPlain = async (transaction: Transaction, search: Search, part: Span): Promise<Stretch> => {
  const { filter, backward, span } = search
  const piece = backward
    ? { low: max(part.low, part.high - stretchLengthMax + 1n), high: part.high }
    : { low: part.low, high: min(part.high, part.low + stretchLengthMax - 1n) }
  const { rows } = await rowsQuery(filter, piece, backward).execute(transaction)
  const last = rows.at(-1)
  if (last !== undefined && rows.length === filter.limit) return { rows, next: last.sequence }
  const isEnd = backward ? piece.low <= span.low : piece.high >= span.high
  return { rows, next: isEnd ? null : backward ? piece.low : piece.high }
}

/** Blocks that can hold an answer, in the order of reading, and the last block that was looked for. */
const blocksIn = async (transaction: Transaction, { traits, backward }: Search, part: Span) => {
  const [low, high] = [part.low / callsPerBlock, part.high / callsPerBlock]
  const [first, last] = backward
    ? [high / blocksPerBucket, low / blocksPerBucket]
    : [low / blocksPerBucket, high / blocksPerBucket]
  const step = backward ? -1n : 1n
  let bucket = first
  for (let looked = 0n; looked < bucketsPerStretchMax; looked += 1n) {
    const { rows } = await blocksQuery(traits, { bucket, low, high, backward }).execute(transaction)
    const found = rows.map(({ block }) => block)
    const reached = backward ? bucket * blocksPerBucket : (bucket + 1n) * blocksPerBucket - 1n
    if (found.length === blocksPerStretchMax) return { found, reached: found.at(-1) ?? reached }
    if (found.length > 0 || bucket === last) return { found, reached }
    bucket += step
  }
  const end = bucket - step
  return { found: [], reached: backward ? end * blocksPerBucket : (end + 1n) * blocksPerBucket - 1n }
}

/** Blocks that lie side by side are read as one. */
const runsOf = (blocks: readonly bigint[]): readonly { readonly first: bigint; readonly last: bigint }[] => {
  const runs: { first: bigint; last: bigint }[] = []
  for (const block of blocks) {
    const run = runs.at(-1)
    if (run !== undefined && block === run.last + 1n) run.last = block
    else if (run !== undefined && block === run.first - 1n) run.first = block
    else runs.push({ first: block, last: block })
  }
  return runs
}

const readBlocks = async (transaction: Transaction, search: Search, part: Span): Promise<Stretch> => {
  const { filter, backward } = search
  const { found, reached } = await blocksIn(transaction, search, part)
  const rows: StoredCall[] = []
  const compiled = rowsQuery(filter, part, backward).compile(transaction)
  const spans = runsOf(found).map(({ first, last }) => ({
    low: max(part.low, first * callsPerBlock),
    high: min(part.high, (last + 1n) * callsPerBlock - 1n),
  }))
  const ask = async ([span, ...more]: readonly Span[], limit: number) => {
    if (span === undefined) return []
    if (more.length > 0) {
      const places = sql<SqlBool>`(${sql.join([span, ...more].map(within), sql` or `)})`
      return (await rowsWhere(places, { ...filter, limit }, backward).execute(transaction)).rows
    }
    // Of the statement's values, its bounds come first and its limit last.
    const values = [span.low, span.high, ...compiled.parameters.slice(2, -1), limit]
    return (await runHot<StoredCall>(transaction, compiled, values)).rows
  }
  for (let start = 0; start < spans.length; start += search.runsPerQuery) {
    rows.push(...(await ask(spans.slice(start, start + search.runsPerQuery), filter.limit - rows.length)))
    const last = rows.at(-1)
    if (last !== undefined && rows.length === filter.limit) return { rows, next: last.sequence }
  }
  const next = backward ? max(part.low, reached * callsPerBlock) : min(part.high, (reached + 1n) * callsPerBlock - 1n)
  const isEnd = backward ? next <= search.span.low : next >= search.span.high
  return { rows, next: isEnd ? null : next }
}

/** One stretch of the reading. */
export const searchCalls = async (
  transaction: Transaction,
  { filter, backward, from }: Reading,
  runsPerQuery: number,
): Promise<Stretch> => {
  const rolled = await rolledTo(transaction)
  const span = await spanOf(transaction, filter, rolled)
  const part = backward
    ? { low: span.low, high: min(span.high, from - 1n) }
    : { low: max(span.low, from + 1n), high: span.high }
  if (part.low > part.high) return { rows: [], next: null }
  const search = { filter, backward, span, rolled, traits: traitsOf(filter), runsPerQuery }
  if (search.traits.length === 0) return readPlain(transaction, search, part)
  // What is not indexed yet is read as it is.
  if (backward && part.high > rolled)
    return readPlain(transaction, search, { low: max(part.low, rolled + 1n), high: part.high })
  if (!backward && part.low > rolled) return readPlain(transaction, search, part)
  return readBlocks(transaction, search, { low: part.low, high: min(part.high, rolled) })
}

/** Behind the last call of the log. */
export const endOfLog = async (transaction: Transaction): Promise<bigint> => (await newestSequence(transaction)) + 1n
