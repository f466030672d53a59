/**
 * Stretches for the proof of the books. What is claimed of accounts and lots is read in one transaction with the entries that
 * are new since the stretch before, so that the proof holds while the books go on.
 */

import { sql } from 'kysely'
import type { AccountClaim, EntrySum, LotClaim } from '#ledger/audit.ts'
import { adjustmentMethod } from '#ledger/book.ts'
import { least } from '#ledger/lot.ts'
import type { AuditFinding } from '#ledger/port.ts'
import type { Transaction } from '#store/operations/context.ts'
import { keptLotsOf, placesOf } from './hold.ts'
import { isLease } from './statement.ts'

/** Transactions or calls that are read in one turn: about 50 ms. */
const stretchRowsMax = 20_000n
const pageRowsMax = 1000
/** A hold may stand this long past its end before it is a fault: the sweeper comes by more often. */
const sweepSlackMs = 60_000
const findingsMax = 100

/** `upTo` = the last transaction that is added up; `behind` = there are more. */
export type EntryStretch = {
  readonly sums: readonly EntrySum[]
  readonly findings: readonly AuditFinding[]
  readonly transactions: number
  readonly upTo: bigint
  readonly behind: boolean
}

type SumRow = { from_book: string; to_book: string; lot: string | null; currency: string; amount: bigint }

const sumsBetween = async (transaction: Transaction, after: bigint, upTo: bigint): Promise<readonly EntrySum[]> => {
  const { rows } =
    await sql<SumRow>`select from_book, to_book, lot, currency, cast(sum(amount_nano) as bigint) as amount
    from book_entry where transaction_sequence > ${after} and transaction_sequence <= ${upTo}
    group by from_book, to_book, lot, currency`.execute(transaction)
  return rows.map((row) => ({
    from: row.from_book,
    to: row.to_book,
    lot: row.lot,
    currency: row.currency,
    amountNano: BigInt(row.amount),
  }))
}

/** The last row of a table; 0 = there is none. */
const newestOf = async (transaction: Transaction, table: 'book_transaction' | 'hold'): Promise<bigint> => {
  const { newest } = await transaction
    .selectFrom(table)
    .select(({ fn }) => fn.max('sequence').as('newest'))
    .executeTakeFirstOrThrow()
  return BigInt(newest ?? 0n)
}

type SettleRow = { id: string; call: string | null; state: string | null; charged: bigint | null; posted: bigint }

/** Settlements whose revenue is not what their call was charged, and transactions without entries. */
const settleFindings = async (
  transaction: Transaction,
  after: bigint,
  upTo: bigint,
): Promise<readonly AuditFinding[]> => {
  const { rows } = await sql<SettleRow>`select t.id, t.call, h.state, h.charged_nano_usd as charged, t.posted from (
      select b.sequence, b.id, b.kind, b.call, count(e.line) as lines,
        cast(coalesce(sum(case when e.to_book = 'operator:revenue' then e.amount_nano else 0 end), 0) as bigint) as posted
      from book_transaction b left join book_entry e on e.transaction_sequence = b.sequence
      where b.sequence > ${after} and b.sequence <= ${upTo} group by b.sequence, b.id, b.kind, b.call) t
    left join hold h on h.call = t.call
    where t.lines = 0 or (t.kind = 'settle' and (h.state is null or h.state <> 'settled' or h.charged_nano_usd <> t.posted))
    limit ${findingsMax}`.execute(transaction)
  return rows.map(({ id, call, state, charged, posted }) => ({
    kind: 'call',
    object: call ?? id,
    message: `transaction ${id} posts ${posted} nano-USD of revenue, and the call is ${state ?? 'unknown'} with ${charged ?? 'nothing'}`,
  }))
}

/** The next entries after a transaction. */
export const entryStretch = async (transaction: Transaction, after: bigint): Promise<EntryStretch> => {
  const newest = await newestOf(transaction, 'book_transaction')
  const upTo = least(newest, after + stretchRowsMax)
  const counted = await transaction
    .selectFrom('book_transaction')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('sequence', '>', after)
    .where('sequence', '<=', upTo)
    .executeTakeFirstOrThrow()
  return {
    sums: await sumsBetween(transaction, after, upTo),
    findings: await settleFindings(transaction, after, upTo),
    transactions: Number(counted.count),
    upTo,
    behind: upTo < newest,
  }
}

export type HoldStretch = {
  readonly calls: number
  readonly openHolds: number
  readonly findings: readonly AuditFinding[]
  readonly upTo: bigint
  readonly behind: boolean
}

/** Calls: every one that was charged has its transaction, and none is open long after its end. */
export const holdStretch = async (
  transaction: Transaction,
  { after, nowMs }: { readonly after: bigint; readonly nowMs: number },
): Promise<HoldStretch> => {
  const newest = await newestOf(transaction, 'hold')
  const upTo = least(newest, after + stretchRowsMax)
  const counted = await transaction
    .selectFrom('hold')
    .select(({ fn }) => [
      fn.countAll<bigint>().as('calls'),
      sql<bigint>`coalesce(sum(case when state = 'open' then 1 else 0 end), 0)`.as('open'),
    ])
    .where('sequence', '>', after)
    .where('sequence', '<=', upTo)
    .where(sql<boolean>`not (${isLease})`)
    .executeTakeFirstOrThrow()
  const { rows: unposted } = await sql<{
    call: string
    charged: bigint
  }>`select call, charged_nano_usd as charged from hold h
    where sequence > ${after} and sequence <= ${upTo} and charged_nano_usd > 0
    and not exists (select 1 from book_transaction b where b.id = 'settle/' || h.call) limit ${findingsMax}`.execute(
    transaction,
  )
  const { rows: stale } = await sql<{ call: string }>`select call from hold where state = 'open'
    and expires_ms < ${nowMs - sweepSlackMs} and sequence > ${after} and sequence <= ${upTo} limit ${findingsMax}`.execute(
    transaction,
  )
  return {
    calls: Number(counted.calls),
    openHolds: Number(counted.open),
    findings: [
      ...unposted.map(
        ({ call, charged }): AuditFinding => ({
          kind: 'call',
          object: call,
          message: `was charged ${charged} nano-USD, and no transaction says so`,
        }),
      ),
      ...stale.map(
        ({ call }): AuditFinding => ({
          kind: 'stale_hold',
          object: call,
          message: 'its hold is open more than 60 s past its end',
        }),
      ),
    ],
    upTo,
    behind: upTo < newest,
  }
}

type OpenRow = { account: string; amount_nano_usd: bigint; budgets: string | null; lots: string | null }

const openHolds = async (transaction: Transaction): Promise<readonly OpenRow[]> =>
  transaction
    .selectFrom('hold')
    .select(['account', 'amount_nano_usd', 'budgets', 'lots'])
    .where('state', '=', 'open')
    .execute()

const openByAccount = (rows: readonly OpenRow[]): ReadonlyMap<string, bigint> => {
  const sums = new Map<string, bigint>()
  for (const { account, amount_nano_usd } of rows) sums.set(account, (sums.get(account) ?? 0n) + amount_nano_usd)
  return sums
}

const openByBudget = (rows: readonly OpenRow[]): ReadonlyMap<string, bigint> => {
  const sums = new Map<string, bigint>()
  for (const { amount_nano_usd, budgets } of rows)
    for (const { name, period, startMs } of placesOf(budgets)) {
      const budget = `${name} ${period} ${startMs}`
      sums.set(budget, (sums.get(budget) ?? 0n) + amount_nano_usd)
    }
  return sums
}

/** Scoped lots that keep something back, or should. */
const reservationFindings = async (
  transaction: Transaction,
  open: readonly OpenRow[],
): Promise<readonly AuditFinding[]> => {
  const wanted = new Map<string, bigint>()
  for (const row of open)
    for (const { lot, amountNanoUsd } of keptLotsOf(row.lots).parts)
      wanted.set(lot, (wanted.get(lot) ?? 0n) + amountNanoUsd)
  const rows = await transaction
    .selectFrom('lot')
    .select(['id', 'reserved_nano_usd'])
    .where('reserved_nano_usd', '>', 0n)
    .execute()
  const kept = new Map(rows.map((row) => [row.id, row.reserved_nano_usd]))
  return [...new Set([...kept.keys(), ...wanted.keys()])]
    .filter((lot) => (kept.get(lot) ?? 0n) !== (wanted.get(lot) ?? 0n))
    .slice(0, findingsMax)
    .map((lot) => ({
      kind: 'scope',
      object: lot,
      message: `keeps back ${kept.get(lot) ?? 0n}, the open holds say ${wanted.get(lot) ?? 0n} nano-USD`,
    }))
}

type ScopedSum = { readonly account: string; readonly scoped: bigint; readonly reserved: bigint }

const scopedSums = async (transaction: Transaction): Promise<ReadonlyMap<string, ScopedSum>> => {
  const { rows } = await sql<ScopedSum>`select account, cast(sum(remaining_nano_usd) as bigint) as scoped,
    cast(sum(reserved_nano_usd) as bigint) as reserved from lot
    where scope is not null and remaining_nano_usd > 0 group by account`.execute(transaction)
  return new Map(rows.map((row) => [row.account, row]))
}

/** Budgets that hold something, or should. */
const budgetFindings = async (
  transaction: Transaction,
  open: ReadonlyMap<string, bigint>,
): Promise<readonly AuditFinding[]> => {
  const rows = await transaction.selectFrom('budget_spend').selectAll().where('held_nano_usd', '>', 0n).execute()
  const held = new Map(rows.map((row) => [`${row.name} ${row.period} ${row.start_ms}`, row.held_nano_usd]))
  return [...new Set([...held.keys(), ...open.keys()])]
    .filter((name) => (held.get(name) ?? 0n) !== (open.get(name) ?? 0n))
    .slice(0, findingsMax)
    .map((name) => ({
      kind: 'budget',
      object: name,
      message: `holds ${held.get(name) ?? 0n}, its open holds say ${open.get(name) ?? 0n} nano-USD`,
    }))
}

export type ClaimPage<T> = {
  readonly entries: EntryStretch
  readonly claims: readonly T[]
  readonly findings: readonly AuditFinding[]
  /** Where to read on; `null` = this was the last page, or the entries are behind and the page is to be asked again. */
  readonly next: string | null
}

export type ClaimQuestion = { readonly after: string | null; readonly entriesAfter: bigint }

/** A page of accounts; with entries behind, no claims are read. */
export const accountPage = async (
  transaction: Transaction,
  { after, entriesAfter }: ClaimQuestion,
): Promise<ClaimPage<AccountClaim>> => {
  const entries = await entryStretch(transaction, entriesAfter)
  if (entries.behind) return { entries, claims: [], findings: [], next: after }
  let query = transaction.selectFrom('account_money').selectAll().orderBy('account').limit(pageRowsMax)
  if (after !== null) query = query.where('account', '>', after)
  const rows = await query.execute()
  const open = await openHolds(transaction)
  const held = openByAccount(open)
  const scoped = await scopedSums(transaction)
  const claims: AccountClaim[] = []
  for (const row of rows)
    claims.push({
      account: row.account,
      billing: row.billing,
      creditNanoUsd: row.credit_nano_usd,
      owedNanoUsd: row.owed_nano_usd,
      heldNanoUsd: row.held_nano_usd,
      spentNanoUsd: row.spent_nano_usd,
      creditLimitNanoUsd: row.credit_limit_nano_usd,
      paidNanoUsd: row.paid_nano_usd,
      scopedNanoUsd: row.scoped_nano_usd,
      reservedNanoUsd: row.reserved_nano_usd,
      lotsScopedNanoUsd: BigInt(scoped.get(row.account)?.scoped ?? 0n),
      lotsReservedNanoUsd: BigInt(scoped.get(row.account)?.reserved ?? 0n),
      openNanoUsd: held.get(row.account) ?? 0n,
      excessNanoUsd: row.owed_nano_usd > row.credit_limit_nano_usd ? await excessOf(transaction, row.account) : 0n,
    })
  return {
    entries,
    claims,
    findings:
      after === null
        ? [
            ...(await budgetFindings(transaction, openByBudget(open))),
            ...(await reservationFindings(transaction, open)),
          ]
        : [],
    next: rows[pageRowsMax - 1]?.account ?? null,
  }
}

const excessOf = async (transaction: Transaction, account: string): Promise<bigint> => {
  const row = await transaction
    .selectFrom('hold')
    .select(({ fn }) => fn.sum<bigint>('excess_nano_usd').as('sum'))
    .where('account', '=', account)
    .where('excess_nano_usd', '>', 0n)
    .executeTakeFirst()
  return BigInt(row?.sum ?? 0n)
}

type LotOf = { object: string; why: string }

/** Codes and sign-ups that say they gave credit, and credit that says it came of one: each has its other. */
const originFindings = async (transaction: Transaction): Promise<readonly AuditFinding[]> => {
  const { rows } = await sql<LotOf>`
    select r.lot as object, 'a code was redeemed for it, and the lot is not there or another' as why from redemption r
      join code c on c.digest = r.code join code_batch b on b.id = c.batch left join lot l on l.id = r.lot
      where l.id is null or l.account <> r.account or l.granted_nano_usd <> b.amount_nano_usd or l.kind <> b.kind
        or l.method <> 'code' or r.batch <> b.id
    union all select l.id, 'it came of a code, and no code was redeemed for it' from lot l
      where l.method = 'code' and not exists (select 1 from redemption r where r.lot = l.id)
    union all select s.id, 'its credit was given, and the lot is not there or another' from signup s
      left join lot l on l.id = s.lot where s.state = 'released'
      and (l.id is null or l.account <> s.account or l.granted_nano_usd <> s.credit_nano_usd)
    limit ${findingsMax}`.execute(transaction)
  return rows.map(({ object, why }) => ({ kind: 'code', object, message: why }))
}

/** Orders that say they were credited, and credit that says an order paid for it: each has its other, of the same amount. */
const paymentFindings = async (transaction: Transaction): Promise<readonly AuditFinding[]> => {
  const { rows } = await sql<LotOf>`
    select o.id as object, 'it was credited, and its lot is not there or another' as why from payment_order o
      left join lot l on l.id = 'lot_' || substr(o.id, 5) where o.credited_ms is not null
      and (l.id is null or l.account <> o.account or l.granted_nano_usd <> o.credit_nano_usd or l.method <> o.method)
    union all select l.id, 'an order is named as what paid for it, and that order was not credited' from lot l
      join payment_order o on o.id = 'ord_' || substr(l.id, 5) where o.credited_ms is null
    union all select o.id, 'more of it was paid back than had been paid' from payment_order o
      where o.refunded_nano + o.disputed_nano > coalesce(o.paid_nano, 0)
    limit ${findingsMax}`.execute(transaction)
  return rows.map(({ object, why }) => ({ kind: 'payment', object, message: why }))
}

/** A page of lots. */
export const lotPage = async (
  transaction: Transaction,
  { after, entriesAfter }: ClaimQuestion,
): Promise<ClaimPage<LotClaim>> => {
  const entries = await entryStretch(transaction, entriesAfter)
  if (entries.behind) return { entries, claims: [], findings: [], next: after }
  let query = transaction.selectFrom('lot').selectAll().orderBy('id').limit(pageRowsMax)
  if (after !== null) query = query.where('id', '>', after)
  const rows = await query.execute()
  return {
    entries,
    claims: rows.map((row) => ({
      lot: row.id,
      grantedNanoUsd: row.granted_nano_usd,
      remainingNanoUsd: row.remaining_nano_usd,
      revokedNanoUsd: row.revoked_nano_usd,
      isCorrection: row.method === adjustmentMethod,
    })),
    findings: after === null ? [...(await originFindings(transaction)), ...(await paymentFindings(transaction))] : [],
    next: rows[pageRowsMax - 1]?.id ?? null,
  }
}
