/** Documents: a number is taken in the transaction that issues what bears it, so that none is missing and none is there twice. */

import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import type {
  BillingProfile,
  DocumentDraft,
  DocumentKind,
  DocumentPage,
  DocumentRow,
  DocumentStore,
  StatementStretch,
  StatementSum,
} from '#document/port.ts'
import { customerOf, revenueBook } from '#ledger/book.ts'
import type { DocumentTable } from '#store/document-tables.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { checkLimit, directionOf } from './page.ts'
import { appendTrail } from './trail.ts'

const digitsMin = 6
/** The row that says up to which month statements were issued. */
const statedName = 'documents_stated_month'
/** Transactions of the books that one stretch of a statement goes through, whosever they are: settlements have no index by account. */
const stretchMax = 10_000
/** A node that was cut off may bring a call into the books a day after it ended. */
const lateMs = 25 * 3_600_000

const rowOf = (row: Selectable<DocumentTable>): DocumentRow => ({
  id: row.id,
  number: row.number,
  kind: row.kind as DocumentKind,
  account: row.account,
  source: row.source,
  issuedMs: Number(row.issued_ms),
  currency: row.currency,
  totalNano: row.total_nano,
  content: row.content,
  hash: row.hash,
  fileHash: row.file_hash,
})

/** The next number of a series; whoever takes one makes others wait until theirs is written or given up. */
const nextIn = async (transaction: Transaction, series: string): Promise<bigint> => {
  const row = await transaction
    .insertInto('document_series')
    .values({ series, last: 1 })
    .onConflict((conflict) => conflict.column('series').doUpdateSet({ last: sql`document_series.last + 1` }))
    .returning('last')
    .executeTakeFirstOrThrow()
  return row.last
}

const bySource = async (transaction: Transaction, source: string): Promise<DocumentRow | null> => {
  const row = await transaction.selectFrom('document').selectAll().where('source', '=', source).executeTakeFirst()
  return row === undefined ? null : rowOf(row)
}

const issue = async (
  transaction: Transaction,
  { draft, trail }: { readonly draft: DocumentDraft; readonly trail: TrailRow | null },
): Promise<DocumentRow> => {
  const before = await bySource(transaction, draft.source)
  if (before !== null) return before
  const series = `${draft.prefix}-${draft.year}`
  const position = await nextIn(transaction, series)
  // While this one waited for the series somebody else may have issued the same document.
  const meanwhile = await bySource(transaction, draft.source)
  if (meanwhile !== null)
    throw new Problem('conflict', { message: `${meanwhile.number} was issued for ${draft.source} just now.` })
  const number = `${series}-${position.toString().padStart(digitsMin, '0')}`
  const hash = createHash('sha256').update(`${number}\n${draft.content}`).digest('hex')
  await transaction
    .insertInto('document')
    .values({
      id: draft.id,
      number,
      kind: draft.kind,
      account: draft.account,
      source: draft.source,
      series,
      position,
      issued_ms: draft.issuedMs,
      currency: draft.currency,
      total_nano: draft.totalNano,
      content: draft.content,
      hash,
      file_hash: null,
    })
    .execute()
  if (trail !== null) await appendTrail(transaction, trail)
  const { prefix: _prefix, year: _year, ...rest } = draft
  return { ...rest, number, hash, fileHash: null }
}

type ChargeRow = {
  sequence: bigint
  kind: string
  account: string
  from_book: string
  to_book: string
  amount: bigint
  model: string | null
  price_hash: string | null
  usage: string | null
}

type Question = Parameters<DocumentStore['statementStretch']>[0]

const chargesOf = async (
  transaction: Transaction,
  { account, fromMs, untilMs }: Question,
  [first, last]: readonly [bigint, bigint],
): Promise<readonly ChargeRow[]> => {
  const whose = account === null ? sql`b.account is not null` : sql`b.account = ${account}`
  const { rows } = await sql<ChargeRow>`select b.sequence, b.kind, b.account, e.from_book, e.to_book,
      e.amount_nano as amount, c.model, c.price_hash, c.usage
    from book_transaction b join book_entry e on e.transaction_sequence = b.sequence left join call c on c.id = b.call
    where b.sequence >= ${first} and b.sequence <= ${last} and ${whose}
      and b.time_ms >= ${fromMs} and b.time_ms < ${untilMs}
      and (e.to_book = ${revenueBook} or e.from_book = ${revenueBook})
    order by b.sequence, e.line`.execute(transaction)
  return rows
}

type Tokens = { readonly input?: number | null; readonly cachedInput?: number | null; readonly output?: number | null }

/** Adds up what a stretch of charges says, by account, model and price. */
const summed = (rows: readonly ChargeRow[]): Pick<StatementStretch, 'sums' | 'books'> => {
  const sums = new Map<string, StatementSum>()
  const books = new Map<string, StatementStretch['books'][number]>()
  const counted = new Set<bigint>()
  for (const row of rows) {
    const { account } = row
    const isBack = row.from_book === revenueBook
    const amount = isBack ? -row.amount : row.amount
    const book = customerOf(isBack ? row.to_book : row.from_book)?.book ?? ''
    const place = `${account} ${book}`
    books.set(place, { account, book, amountNanoUsd: (books.get(place)?.amountNanoUsd ?? 0n) + amount })
    const isFirst = row.kind === 'settle' && !counted.has(row.sequence)
    counted.add(row.sequence)
    const tokens: Tokens = isFirst && row.usage !== null ? (JSON.parse(row.usage) as Tokens) : {}
    const key = JSON.stringify([account, row.model, row.price_hash])
    const before = sums.get(key)
    sums.set(key, {
      account,
      model: row.model,
      priceHash: row.price_hash,
      calls: (before?.calls ?? 0) + (isFirst ? 1 : 0),
      inputTokens: (before?.inputTokens ?? 0) + (tokens.input ?? 0),
      cachedTokens: (before?.cachedTokens ?? 0) + (tokens.cachedInput ?? 0),
      outputTokens: (before?.outputTokens ?? 0) + (tokens.output ?? 0),
      amountNanoUsd: (before?.amountNanoUsd ?? 0n) + amount,
    })
  }
  return { sums: [...sums.values()], books: [...books.values()] }
}

const timeAt = async (
  transaction: Transaction,
  sequence: bigint,
): Promise<{ sequence: bigint; timeMs: number } | null> => {
  const row = await transaction
    .selectFrom('book_transaction')
    .select(['sequence', 'time_ms'])
    .where('sequence', '>=', sequence)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? null : { sequence: row.sequence, timeMs: Number(row.time_ms) }
}

/** The first transaction that is not older, found by halves: the books are written in the order of time, but for what came late. */
const firstSince = async (transaction: Transaction, timeMs: number): Promise<bigint> => {
  const row = await transaction
    .selectFrom('book_transaction')
    .select((choose) => choose.fn.max('sequence').as('last'))
    .executeTakeFirst()
  let [low, high] = [0n, BigInt(row?.last ?? 0n) + 1n]
  while (low < high) {
    const middle = (low + high) / 2n
    const there = await timeAt(transaction, middle)
    if (there === null || there.timeMs >= timeMs) high = middle
    else low = there.sequence + 1n
  }
  return low
}

const statementStretch = async (transaction: Transaction, question: Question): Promise<StatementStretch> => {
  const { fromMs, untilMs, after } = question
  const first = after === null ? await firstSince(transaction, fromMs - lateMs) : after + 1n
  const last = first + BigInt(stretchMax) - 1n
  const rows = await chargesOf(transaction, question, [first, last])
  const next = await timeAt(transaction, last + 1n)
  return { ...summed(rows), after: next === null || next.timeMs >= untilMs + lateMs ? null : last }
}

const months = {
  statedMonth: read(async (transaction): Promise<string | null> => {
    const row = await transaction.selectFrom('meta').select('value').where('name', '=', statedName).executeTakeFirst()
    return row?.value ?? null
  }),
  noteStatedMonth: write(async (transaction, month: string): Promise<void> => {
    await transaction
      .insertInto('meta')
      .values({ name: statedName, value: month })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: month }).where('meta.value', '<', month))
      .execute()
  }),
  owedBy: read(async (transaction, account: string): Promise<bigint> => {
    const row = await transaction
      .selectFrom('account_money')
      .select('owed_nano_usd')
      .where('account', '=', account)
      .executeTakeFirst()
    return row?.owed_nano_usd ?? 0n
  }),
}

const profiles = {
  billingProfile: read(async (transaction, account: string): Promise<BillingProfile | null> => {
    const row = await transaction
      .selectFrom('billing_profile')
      .select('facts')
      .where('account', '=', account)
      .executeTakeFirst()
    return row === undefined ? null : (JSON.parse(row.facts) as BillingProfile)
  }),
  setBillingProfile: write(
    async (
      transaction,
      {
        account,
        profile,
        trail,
      }: { readonly account: string; readonly profile: BillingProfile; readonly trail: TrailRow },
    ): Promise<void> => {
      const facts = JSON.stringify(profile)
      await transaction
        .insertInto('billing_profile')
        .values({ account, facts })
        .onConflict((conflict) => conflict.column('account').doUpdateSet({ facts }))
        .execute()
      await appendTrail(transaction, trail)
    },
  ),
}

const files = {
  documentFile: read(async (transaction, id: string): Promise<Uint8Array | null> => {
    const row = await transaction
      .selectFrom('document_file')
      .select('bytes')
      .where('document', '=', id)
      .executeTakeFirst()
    return row?.bytes ?? null
  }),
  keepDocumentFile: write(
    async (transaction, { id, bytes }: { readonly id: string; readonly bytes: Uint8Array }): Promise<void> => {
      const kept = await transaction
        .insertInto('document_file')
        .values({ document: id, bytes })
        .onConflict((conflict) => conflict.column('document').doNothing())
        .returning('document')
        .executeTakeFirst()
      if (kept === undefined) return
      const file_hash = createHash('sha256').update(bytes).digest('hex')
      await transaction.updateTable('document').set({ file_hash }).where('id', '=', id).execute()
    },
  ),
}

export const documentOperations = {
  ...months,
  ...profiles,
  ...files,
  issueDocument: write(issue),
  document: read(async (transaction, handle: string): Promise<DocumentRow | null> => {
    const rows = transaction.selectFrom('document').selectAll()
    const row =
      (await rows.where('id', '=', handle).executeTakeFirst()) ??
      (await rows.where('number', '=', handle).executeTakeFirst())
    return row === undefined ? null : rowOf(row)
  }),
  documentOf: read((transaction, source: string) => bySource(transaction, source)),
  documents: read(async (transaction, page: DocumentPage): Promise<readonly DocumentRow[]> => {
    const [direction, beyond] = directionOf(page)
    let query = transaction.selectFrom('document').selectAll().orderBy('id', direction).limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('id', beyond, page.after)
    if (page.account !== null) query = query.where('account', '=', page.account)
    if (page.kind !== null) query = query.where('kind', '=', page.kind)
    return (await query.execute()).map(rowOf)
  }),
  undocumented: read(
    async (
      transaction,
      limit: number,
    ): Promise<{ readonly orders: readonly string[]; readonly refunds: readonly string[] }> => {
      const { rows: orders } = await sql<{
        id: string
      }>`select o.id from payment_order o join account a on a.id = o.account
        where o.credited_ms is not null and a.billing <> 'postpaid'
        and not exists (select 1 from document d where d.source = 'order/' || o.id)
        order by o.id limit ${checkLimit(limit)}`.execute(transaction)
      const { rows: refunds } = await sql<{ id: string }>`select r.id from payment_refund r
        join payment_order o on o.id = r.order_id where r.state = 'done' and o.credited_ms is not null
        and exists (select 1 from document d where d.source = 'order/' || o.id)
        and not exists (select 1 from document d where d.source = 'refund/' || r.id)
        order by r.id limit ${checkLimit(limit)}`.execute(transaction)
      return { orders: orders.map(({ id }) => id), refunds: refunds.map(({ id }) => id) }
    },
  ),
  statementStretch: read(statementStretch),
}
