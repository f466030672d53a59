/**
 * A settled call at another price: what is too little is charged as any charge is; what is too much comes back as a lot of its
 * own, which first pays what is owed. The settlement itself stays as it was posted. The target is what the call is to have cost
 * in the end, so that the same request again finds nothing left to do.
 */

import { sql } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { customerOf, revenueBook } from '#ledger/book.ts'
import { chargeEntries, refundEntries } from '#ledger/entry.ts'
import { least, takeGeneral } from '#ledger/lot.ts'
import type { LotKind, Rerated, RerateRequest } from '#ledger/port.ts'
import { read, write } from '#store/operations/context.ts'
import { appendTrail } from '#store/operations/trail.ts'
import type { AccountMoney } from './money.ts'
import { freeGeneral, lotsOf, moneyAt, post, takeFromLots } from './money.ts'
import type { BookStatements, Books } from './statement.ts'

type Moved = { readonly from_book: string; readonly to_book: string; readonly amount: bigint }

/** A call is rated anew no more often than this. */
const ratingsMax = 1000

/** What the call's transactions moved between its account and revenue, and how often it was rated anew. */
const movedFor = async ({ transaction }: Books, call: string): Promise<{ moved: readonly Moved[]; times: number }> => {
  const known = await transaction
    .selectFrom('book_transaction')
    .select('id')
    .where('id', '>=', `rerate/${call}/`)
    .where('id', '<', `rerate/${call}0`)
    .execute()
  const ids = [`settle/${call}`, ...known.map(({ id }) => id)]
  const { rows } =
    await sql<Moved>`select from_book, to_book, cast(sum(amount_nano) as bigint) as amount from book_entry
    where transaction_sequence in (select sequence from book_transaction where id in (${sql.join(ids)}))
    and (from_book = ${revenueBook} or to_book = ${revenueBook}) group by from_book, to_book`.execute(transaction)
  return { moved: rows.map((row) => ({ ...row, amount: BigInt(row.amount) })), times: known.length }
}

const isGiven = (book: string): boolean => ['promo', 'bundle'].includes(customerOf(book)?.book ?? '')

/** What came out of lots that were given, of all that the account paid. */
const promoOf = (moved: readonly Moved[]): bigint =>
  moved.reduce((sum, { from_book, to_book, amount }) => {
    if (isGiven(from_book)) return sum + amount
    return isGiven(to_book) ? sum - amount : sum
  }, 0n)

const chargedBy = (moved: readonly Moved[]): bigint =>
  moved.reduce((sum, { to_book, amount }) => (to_book === revenueBook ? sum + amount : sum - amount), 0n)

const chargeMore = async (books: Books, money: AccountMoney, how: Posting & { readonly moreNanoUsd: bigint }) => {
  const { transaction, run } = books
  const { account, billing } = money
  const { moreNanoUsd, call } = how
  const spent = takeGeneral(await lotsOf(books, account), least(moreNanoUsd, freeGeneral(money)))
  const uncoveredNanoUsd = moreNanoUsd - (await takeFromLots(books, account, spent))
  await post(books, {
    ...how,
    kind: 'adjust',
    account,
    entries: chargeEntries({ account, billing, spent, uncoveredNanoUsd }),
  })
  await run.moveMoney(transaction, [uncoveredNanoUsd - moreNanoUsd, uncoveredNanoUsd, 0n, moreNanoUsd, account])
  // What goes below a floor is explained by its call, as usage beyond a hold is.
  if (billing !== 'unlimited')
    await transaction
      .updateTable('hold')
      .set((where) => ({ excess_nano_usd: sql`${where.ref('excess_nano_usd')} + ${uncoveredNanoUsd}` }))
      .where('call', '=', call)
      .execute()
}

type Posting = {
  readonly id: string
  readonly call: string
  readonly timeMs: number
  readonly reason: string
}

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10)

/** One lot a day for each account and kind takes all that comes back, so that a large run does not leave thousands of them. */
const refundLot = async (
  { transaction }: Books,
  lot: { readonly id: string; readonly account: string; readonly kind: LotKind },
  amounts: { readonly grantedNanoUsd: bigint; readonly keptNanoUsd: bigint; readonly timeMs: number },
): Promise<void> => {
  const { grantedNanoUsd, keptNanoUsd, timeMs } = amounts
  await transaction
    .insertInto('lot')
    .values({
      ...lot,
      granted_nano_usd: grantedNanoUsd,
      remaining_nano_usd: keptNanoUsd,
      paid_nano_usd: 0n,
      scope: null,
      priority: lot.kind === 'promo' ? 40 : 50,
      expires_ms: null,
      created_ms: timeMs,
      method: 'rerate',
      reason: 'calls rated at other prices',
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({
        granted_nano_usd: sql`lot.granted_nano_usd + excluded.granted_nano_usd`,
        remaining_nano_usd: sql`lot.remaining_nano_usd + excluded.remaining_nano_usd`,
      }),
    )
    .execute()
}

/** What promotional credit paid comes back as such, and last. */
const giveBack = async (
  books: Books,
  money: AccountMoney,
  how: Posting & { readonly backNanoUsd: bigint; readonly promoNanoUsd: bigint; readonly chargedNanoUsd: bigint },
): Promise<void> => {
  const { account, billing } = money
  const { backNanoUsd, promoNanoUsd, chargedNanoUsd, timeMs } = how
  const fromPaid = chargedNanoUsd - promoNanoUsd
  const paidNanoUsd = least(backNanoUsd, fromPaid)
  let owedNanoUsd = money.owedNanoUsd
  const entries = []
  for (const [kind, amountNanoUsd] of [
    ['paid', paidNanoUsd],
    ['promo', backNanoUsd - paidNanoUsd],
  ] as const) {
    if (amountNanoUsd <= 0n) continue
    const repaidNanoUsd = least(owedNanoUsd, amountNanoUsd)
    owedNanoUsd -= repaidNanoUsd
    const lot = { id: `rerate-${account}-${kind}-${dayOf(timeMs)}`, account, kind }
    await refundLot(books, lot, { grantedNanoUsd: amountNanoUsd, keptNanoUsd: amountNanoUsd - repaidNanoUsd, timeMs })
    entries.push(...refundEntries({ account, billing, kind, lot: lot.id, amountNanoUsd, repaidNanoUsd }))
  }
  await post(books, { ...how, kind: 'adjust', account, entries })
  const repaidNanoUsd = money.owedNanoUsd - owedNanoUsd
  await books.run.moveMoney(books.transaction, [backNanoUsd - repaidNanoUsd, -repaidNanoUsd, 0n, 0n, account])
}

/** Brings what a settled call cost in all to the target. Calls that were not settled are left alone. */
const rerateCall = async (books: Books, request: RerateRequest): Promise<Rerated> => {
  const { call, targetNanoUsd, nowMs, reason } = request
  const [hold] = await books.run.hold(books.transaction, [call])
  const money = hold === undefined ? null : await moneyAt(books, hold.account, nowMs)
  if (hold === undefined || hold.state !== 'settled' || money === null) return { kind: 'not_settled' }
  const { moved, times } = await movedFor(books, call)
  const chargedNanoUsd = chargedBy(moved)
  const differenceNanoUsd = targetNanoUsd - chargedNanoUsd
  if (differenceNanoUsd === 0n || times >= ratingsMax) return { kind: 'unchanged', chargedNanoUsd }
  const posting = { id: `rerate/${call}/${String(times + 1).padStart(4, '0')}`, call, timeMs: nowMs, reason }
  if (differenceNanoUsd > 0n) await chargeMore(books, money, { ...posting, moreNanoUsd: differenceNanoUsd })
  else
    await giveBack(books, money, {
      ...posting,
      backNanoUsd: -differenceNanoUsd,
      promoNanoUsd: promoOf(moved),
      chargedNanoUsd,
    })
  return { kind: 'adjusted', differenceNanoUsd, chargedNanoUsd: targetNanoUsd }
}

/** What a call has cost in the end, ratings anew included; `null` = it was not settled. */
const ratedAt = async (books: Books, call: string): Promise<bigint | null> => {
  const [hold] = await books.run.hold(books.transaction, [call])
  return hold?.state === 'settled' ? chargedBy((await movedFor(books, call)).moved) : null
}

/** The operations of ratings anew. */
export const rerateOperations = (run: BookStatements) => ({
  rerate: write(
    async (
      transaction,
      { requests, trail }: { readonly requests: readonly RerateRequest[]; readonly trail: TrailRow | null },
    ): Promise<readonly Rerated[]> => {
      const rated: Rerated[] = []
      for (const request of requests) rated.push(await rerateCall({ transaction, run }, request))
      if (trail !== null) await appendTrail(transaction, trail)
      return rated
    },
  ),
  chargedFor: read(async (transaction, calls: readonly string[]): Promise<readonly (bigint | null)[]> => {
    const charged: (bigint | null)[] = []
    for (const call of calls) charged.push(await ratedAt({ transaction, run }, call))
    return charged
  }),
})
