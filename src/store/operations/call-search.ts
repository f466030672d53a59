/**
 * Finds calls in the log by what they are. The log is read by its own order, in stretches; where something is asked for, the
 * index says which blocks of it can hold an answer, and only those are read. No question reads the whole log.
 */

import assert from 'node:assert/strict'
import type { Expression, Selectable, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { CallFilter } from '#admin/port.ts'
import type { CallTable } from '#store/tables.ts'
import type { Transaction } from './context.ts'
import { runHot } from './context.ts'
import { checkLimit } from './page.ts'
import type { PairedTrait } from './usage/contribution.ts'
import { failedTrait, failedValue } from './usage/contribution.ts'
import type { LogHead } from './usage/roll-forward.ts'
import { blocksPerBucket, callsPerBlock, headOfLog } from './usage/roll-forward.ts'

/** Where nothing narrows the reading, and in the part that has no index yet, this much of the log is a stretch. */
const stretchLengthMax = 50_000n
/** Others get their turn after so many blocks, or so many buckets without one. A server of its own keeps nobody waiting. */
const blocksPerStretchMax = { near: 200, far: 1_000 } as const
const bucketsPerStretchMax = 200
const bucketsPerQueryMax = 64

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

/** Whether a status that is asked for is one of those that most calls have. */
const mayBeWell = ({ status }: CallFilter): boolean => status === null || (status[0] <= 200 && status[1] >= 200)

/** Calls that have not gone well, of somebody or something, by one trait: with two of them, most blocks would hold both in different calls. */
const failedTraits = (filter: CallFilter): readonly Trait[] => {
  const { status, end, error, conversation } = filter
  if (conversation !== null || (mayBeWell(filter) && error === null && (end === null || end === 'complete'))) return []
  const [low, high] = status ?? [0, 999]
  const asked: readonly (readonly [PairedTrait, string | null])[] = [
    ['call_site', filter.callSite],
    ['tag', filter.tag],
    ['key', filter.key],
    ['account', filter.account],
    ['model', filter.model],
    ['provider', filter.provider],
  ]
  // One is enough to lead: of statuses there are many values, which would be gone through for every block.
  return asked
    .flatMap(([trait, value]) =>
      value === null
        ? []
        : [{ trait: failedTrait(trait), low: failedValue(value, low), high: failedValue(value, high) }],
    )
    .slice(0, 1)
}

/** The seldom ones first: the first one leads the search. What most calls are has no trait. */
const traitsOf = (filter: CallFilter, isPaired: boolean): readonly Trait[] => {
  const { status, end } = filter
  const failed = isPaired ? failedTraits(filter) : []
  return [
    ...failed,
    ...is('conversation', filter.conversation),
    // A class of statuses is many values: anywhere but in the lead it would be gone through for every block.
    ...(status === null || mayBeWell(filter) || failed.length > 0
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

/** Matching rows with low <= sequence <= high. */
const rowsQuery = (filter: CallFilter, span: Span, backward: boolean) =>
  sql<StoredCall>`select * from call where ${sql.join([within(span), ...conditions(filter)], sql` and `)}
    order by sequence ${sql.raw(backward ? 'desc' : 'asc')} limit ${checkLimit(filter.limit)}`

type Asking = { readonly buckets: readonly bigint[]; readonly backward: boolean; readonly limit: number }

/** Blocks of these buckets, within the span, that hold every trait; exported so that a test can look at its plan. */
export const blocksQuery = (traits: readonly Trait[], { buckets, low, high, backward, limit }: Span & Asking) => {
  const [lead, ...others] = traits
  const [only, ...more] = buckets
  const inBuckets = more.length === 0 ? sql<SqlBool>`bucket = ${only}` : sql<SqlBool>`bucket in (${sql.join(buckets)})`
  const sameBucket = more.length === 0 ? sql<SqlBool>`other.bucket = ${only}` : sql<SqlBool>`other.bucket = lead.bucket`
  const holds = ({ trait, low: from, high: to }: Trait) =>
    from === to
      ? sql<SqlBool>`trait = ${trait} and value = ${from}`
      : sql<SqlBool>`trait = ${trait} and value >= ${from} and value <= ${to}`
  const also = others.map(
    (one) =>
      sql<SqlBool>`exists (select 1 from call_block other where ${sameBucket} and other.block = lead.block and ${holds(one)})`,
  )
  const where = [
    inBuckets,
    ...(lead === undefined ? [] : [holds(lead)]),
    sql<SqlBool>`block >= ${low}`,
    sql<SqlBool>`block <= ${high}`,
    ...also,
  ]
  return sql<{ block: bigint }>`select distinct block from call_block lead where ${sql.join(where, sql` and `)}
    order by block ${sql.raw(backward ? 'desc' : 'asc')} limit ${limit}`
}

/** The part of the log that calls of the asked time can lie in. Calls that are not indexed yet may be of any time. */
const spanOf = async (
  transaction: Transaction,
  { fromMs, toMs }: CallFilter,
  { newest, rolled }: LogHead,
): Promise<Span> => {
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
  readonly traits: readonly Trait[]
  /** Each question is a trip over a line: few that ask for much are better than many. */
  readonly isFar: boolean
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

/** So many buckets in the order of reading, the last one of the reading included. */
const bucketsFrom = (first: bigint, { last, count }: { readonly last: bigint; readonly count: number }): bigint[] => {
  const step = first > last ? -1n : 1n
  const left = (last - first) * step + 1n
  return Array.from({ length: Number(min(BigInt(count), left)) }, (_unused, at) => first + BigInt(at) * step)
}

/** Buckets that are asked for at once after those that were looked through: as many as are thought to hold what is wanted still. */
const bucketsNext = ({ looked, found, wanted }: Readonly<Record<'looked' | 'found' | 'wanted', number>>): number =>
  Math.min(bucketsPerQueryMax, found === 0 ? looked * 8 : Math.ceil(((wanted - found) * looked) / found))

/** Blocks that can hold an answer, in the order of reading, and the last block that was looked for. */
const blocksIn = async (transaction: Transaction, { traits, backward, filter, isFar }: Search, part: Span) => {
  const [low, high] = [part.low / callsPerBlock, part.high / callsPerBlock]
  const [start, last] = backward
    ? [high / blocksPerBucket, low / blocksPerBucket]
    : [low / blocksPerBucket, high / blocksPerBucket]
  const endOf = (bucket: bigint): bigint => (backward ? bucket * blocksPerBucket : (bucket + 1n) * blocksPerBucket - 1n)
  const blocksMax = blocksPerStretchMax[isFar ? 'far' : 'near']
  const wanted = isFar ? filter.limit : 1
  const found: bigint[] = []
  for (let [next, looked, count] = [start, 0, 1]; ; ) {
    const buckets = bucketsFrom(next, { last, count })
    const limit = blocksMax - found.length
    const { rows } = await blocksQuery(traits, { buckets, low, high, backward, limit }).execute(transaction)
    for (const { block } of rows) found.push(block)
    const end = buckets.at(-1) ?? last
    looked += buckets.length
    if (rows.length === limit) return { found, reached: found.at(-1) ?? endOf(end) }
    if (found.length >= wanted || end === last || looked >= bucketsPerStretchMax) return { found, reached: endOf(end) }
    next = backward ? end - 1n : end + 1n
    if (isFar) count = bucketsNext({ looked, found: found.length, wanted })
  }
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

/** The parts of the log that these blocks are, in the order of reading. */
const spansOf = (blocks: readonly bigint[], part: Span): readonly Span[] =>
  runsOf(blocks).map(({ first, last }) => ({
    low: max(part.low, first * callsPerBlock),
    high: min(part.high, (last + 1n) * callsPerBlock - 1n),
  }))

/** Rows of many spans in one trip: each span by the log's own order, whatever the planner thinks of so many conditions. */
const rowsOfSpans = (filter: CallFilter, spans: readonly Span[], backward: boolean) => {
  const lows = spans.map(({ low }) => low.toString())
  const highs = spans.map(({ high }) => high.toString())
  const order = sql.raw(`order by sequence ${backward ? 'desc' : 'asc'} limit ${checkLimit(filter.limit)}`)
  const place = sql<SqlBool>`sequence >= span.low and sequence <= span.high`
  return sql<StoredCall>`select one.* from unnest(${lows}::bigint[], ${highs}::bigint[]) span (low, high)
    cross join lateral (select * from call where ${sql.join([place, ...conditions(filter)], sql` and `)} ${order}) one ${order}`
}

/** Rows of the spans, up to the limit, in few trips: mostly as many spans as rows are wanted are enough. */
const readFar = async (transaction: Transaction, { filter, backward }: Search, spans: readonly Span[]) => {
  const rows: StoredCall[] = []
  for (let [start, end] = [0, filter.limit]; start < spans.length && rows.length < filter.limit; start = end) {
    end = start === 0 ? end : spans.length
    const left = { ...filter, limit: filter.limit - rows.length }
    rows.push(...(await rowsOfSpans(left, spans.slice(start, end), backward).execute(transaction)).rows)
  }
  return rows
}

/** Rows of the spans, up to the limit, by a statement that is compiled once. */
const readNear = async (transaction: Transaction, { filter, backward }: Search, spans: readonly Span[]) => {
  const rows: StoredCall[] = []
  const compiled = rowsQuery(filter, { low: 0n, high: 0n }, backward).compile(transaction)
  for (const { low, high } of spans) {
    // Of the statement's values, its bounds come first and its limit last.
    const values = [low, high, ...compiled.parameters.slice(2, -1), filter.limit - rows.length]
    rows.push(...(await runHot<StoredCall>(transaction, compiled, values)))
    if (rows.length === filter.limit) break
  }
  return rows
}

const readBlocks = async (transaction: Transaction, search: Search, part: Span): Promise<Stretch> => {
  const { filter, backward, isFar, span } = search
  const { found, reached } = await blocksIn(transaction, search, part)
  const rows = await (isFar ? readFar : readNear)(transaction, search, spansOf(found, part))
  const last = rows.at(-1)
  if (last !== undefined && rows.length === filter.limit) return { rows, next: last.sequence }
  const next = backward ? max(part.low, reached * callsPerBlock) : min(part.high, (reached + 1n) * callsPerBlock - 1n)
  const isEnd = backward ? next <= span.low : next >= span.high
  return { rows, next: isEnd ? null : next }
}

type IndexedSpan = Span & {
  /** `null` = what is not indexed yet, and is read as it is. */
  readonly index: 'paired' | 'plain' | null
}

/** What is read first of this part of the log: it is indexed in one way. */
const pieceOf = (part: Span, { rolled, pairedFrom, pairedTo }: LogHead, backward: boolean): IndexedSpan => {
  const borders = [
    { low: 0n, high: pairedFrom - 1n, index: 'plain' },
    { low: pairedFrom, high: min(pairedTo, rolled), index: 'paired' },
    { low: min(pairedTo, rolled) + 1n, high: rolled, index: 'plain' },
    { low: rolled + 1n, high: part.high, index: null },
  ] as const
  const pieces = borders
    .map(({ low, high, index }) => ({ low: max(part.low, low), high: min(part.high, high), index }))
    .filter(({ low, high }) => low <= high)
  const first = backward ? pieces.at(-1) : pieces[0]
  assert(first !== undefined, 'a part of the log lies within its borders')
  return first
}

/** One stretch of the reading. */
export const searchCalls = async (
  transaction: Transaction,
  { filter, backward, from }: Reading,
  isFar: boolean,
): Promise<Stretch> => {
  const head = await headOfLog(transaction)
  const span = await spanOf(transaction, filter, head)
  const part = backward
    ? { low: span.low, high: min(span.high, from - 1n) }
    : { low: max(span.low, from + 1n), high: span.high }
  if (part.low > part.high) return { rows: [], next: null }
  const piece = pieceOf(part, head, backward)
  const traits = traitsOf(filter, piece.index === 'paired')
  const search = { filter, backward, span, traits, isFar }
  if (traits.length === 0) return readPlain(transaction, search, part)
  return (piece.index === null ? readPlain : readBlocks)(transaction, search, piece)
}

/** Behind the last call of the log. */
export const endOfLog = async (transaction: Transaction): Promise<bigint> => (await headOfLog(transaction)).newest + 1n
