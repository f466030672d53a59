/** Fapiao: titles, requests and their files. */

import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type {
  FapiaoBalance,
  FapiaoChange,
  FapiaoDraft,
  FapiaoRow,
  FapiaoStore,
  FapiaoTitle,
  FapiaoTitleRow,
} from '#document/port.ts'
import type { FapiaoRequestTable } from '#store/document-tables.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { checkLimit, directionOf } from './page.ts'
import { appendTrail } from './trail.ts'

/** Titles of an account. */
const titlesMax = 100
const fenNano = 10_000_000n

const rowOf = (row: Selectable<FapiaoRequestTable> & { readonly file_name: string | null }): FapiaoRow => ({
  id: row.id,
  account: row.account,
  title: JSON.parse(row.title) as FapiaoTitle,
  kind: row.kind as FapiaoRow['kind'],
  amountNano: row.amount_nano,
  createdMs: Number(row.created_ms),
  state: row.state as FapiaoRow['state'],
  changedMs: Number(row.changed_ms),
  number: row.number,
  redNumber: row.red_number,
  reason: row.reason,
  hasFile: row.file_name !== null,
})

const rows = (transaction: Transaction) =>
  transaction
    .selectFrom('fapiao_request')
    .leftJoin('fapiao_file', 'fapiao_file.request', 'fapiao_request.id')
    .selectAll('fapiao_request')
    .select('fapiao_file.name as file_name')

type OrderRow = { pay: bigint; granted: bigint; remaining: bigint; revoked: bigint }

/** Of orders in yuan, the part of the payment whose credit was used; whole fen, rounded down in all. */
const consumedNano = async (transaction: Transaction, account: string): Promise<bigint> => {
  const { rows } = await sql<OrderRow>`select o.pay_nano as pay, l.granted_nano_usd as granted,
      l.remaining_nano_usd as remaining, l.revoked_nano_usd as revoked
    from payment_order o join lot l on l.id = 'lot_' || substr(o.id, 5)
    where o.account = ${account} and o.currency = 'CNY' and o.credited_ms is not null`.execute(transaction)
  const sum = rows.reduce((nano, row) => {
    const granted = BigInt(row.granted)
    const consumed = granted - BigInt(row.remaining) - BigInt(row.revoked)
    return granted === 0n ? nano : nano + (BigInt(row.pay) * consumed) / granted
  }, 0n)
  return (sum / fenNano) * fenNano
}

const balanceOf = async (transaction: Transaction, account: string): Promise<FapiaoBalance> => {
  const { rows } = await sql<{ taken: bigint | null }>`select cast(sum(amount_nano) as bigint) as taken
    from fapiao_request where account = ${account} and state in ('requested', 'issued')`.execute(transaction)
  return { consumedNano: await consumedNano(transaction, account), takenNano: BigInt(rows[0]?.taken ?? 0n) }
}

const titles = {
  addFapiaoTitle: write(
    async (transaction, { row, trail }: { readonly row: FapiaoTitleRow; readonly trail: TrailRow }): Promise<void> => {
      const { id, account, title } = row
      const there = await transaction
        .selectFrom('fapiao_title')
        .select('id')
        .where('account', '=', account)
        .where('removed_ms', 'is', null)
        .execute()
      if (there.length >= titlesMax) throw new Problem('conflict', { ...saying('titles_enough', { most: titlesMax }) })
      await transaction
        .insertInto('fapiao_title')
        .values({ id, account, facts: JSON.stringify(title), removed_ms: null })
        .execute()
      await appendTrail(transaction, trail)
    },
  ),
  fapiaoTitles: read(async (transaction, account: string): Promise<readonly FapiaoTitleRow[]> => {
    const rows = await transaction
      .selectFrom('fapiao_title')
      .selectAll()
      .where('account', '=', account)
      .where('removed_ms', 'is', null)
      .orderBy('id')
      .execute()
    return rows.map((row) => ({ id: row.id, account: row.account, title: JSON.parse(row.facts) as FapiaoTitle }))
  }),
  removeFapiaoTitle: write(
    async (
      transaction,
      { id, nowMs, trail }: { readonly id: string; readonly nowMs: number; readonly trail: TrailRow },
    ): Promise<void> => {
      await transaction.updateTable('fapiao_title').set({ removed_ms: nowMs }).where('id', '=', id).execute()
      await appendTrail(transaction, trail)
    },
  ),
}

const request = async (
  transaction: Transaction,
  { draft, trail }: { readonly draft: FapiaoDraft; readonly trail: TrailRow },
): Promise<boolean> => {
  // Whoever asks for the same account at the same time waits here.
  await transaction
    .updateTable('account_money')
    .set({ account: draft.account })
    .where('account', '=', draft.account)
    .execute()
  const balance = await balanceOf(transaction, draft.account)
  if (draft.amountNano > balance.consumedNano - balance.takenNano) return false
  const { id, account, title, kind, amountNano, createdMs } = draft
  await transaction
    .insertInto('fapiao_request')
    .values({
      id,
      account,
      title: JSON.stringify(title),
      kind,
      amount_nano: amountNano,
      state: 'requested',
      created_ms: createdMs,
      changed_ms: createdMs,
      number: null,
      red_number: null,
      reason: null,
    })
    .execute()
  await appendTrail(transaction, trail)
  return true
}

const change = async (
  transaction: Transaction,
  { change: asked, trail }: { readonly change: FapiaoChange; readonly trail: TrailRow },
): Promise<boolean> => {
  const { id, from, to, nowMs, number, redNumber, reason, file } = asked
  const given = number ?? redNumber
  if (given !== undefined) {
    const other = await transaction
      .selectFrom('fapiao_request')
      .select('id')
      .where((where) => where.or([where('number', '=', given), where('red_number', '=', given)]))
      .executeTakeFirst()
    if (other !== undefined)
      throw new Problem('conflict', {
        ...saying('fapiao_number_used', { number: given, request: other.id }),
        param: 'number',
      })
  }
  const moved = await transaction
    .updateTable('fapiao_request')
    .set({
      state: to,
      changed_ms: nowMs,
      ...(number === undefined ? {} : { number }),
      ...(redNumber === undefined ? {} : { red_number: redNumber }),
      ...(reason === undefined ? {} : { reason }),
    })
    .where('id', '=', id)
    .where('state', '=', from)
    .returning('id')
    .executeTakeFirst()
  if (moved === undefined) return false
  if (file !== undefined)
    await transaction
      .insertInto('fapiao_file')
      .values({ request: id, ...file })
      .execute()
  await appendTrail(transaction, trail)
  return true
}

export const fapiaoOperations = {
  ...titles,
  fapiaoBalance: read(balanceOf),
  requestFapiao: write(request),
  changeFapiao: write(change),
  fapiao: read(async (transaction, id: string): Promise<FapiaoRow | null> => {
    const row = await rows(transaction).where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : rowOf(row)
  }),
  fapiaos: read(async (transaction, page: Parameters<FapiaoStore['fapiaos']>[0]): Promise<readonly FapiaoRow[]> => {
    const [direction, beyond] = directionOf(page)
    let query = rows(transaction).orderBy('id', direction).limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('id', beyond, page.after)
    if (page.account !== null) query = query.where('account', '=', page.account)
    if (page.state !== null) query = query.where('state', '=', page.state)
    return (await query.execute()).map(rowOf)
  }),
  fapiaoFile: read(
    async (transaction, id: string): Promise<{ readonly name: string; readonly bytes: Uint8Array } | null> => {
      const row = await transaction
        .selectFrom('fapiao_file')
        .select(['name', 'bytes'])
        .where('request', '=', id)
        .executeTakeFirst()
      return row ?? null
    },
  ),
}
