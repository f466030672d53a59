/** A payment goes back: what it bought is taken back, what of that is spent becomes debt; and what was taken back leaves. */

import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { disputeFeeEntries, payOutEntries, withdrawEntries } from '#ledger/entry.ts'
import type { Lot, SpentLot } from '#ledger/lot.ts'
import { paidPart } from '#ledger/lot.ts'
import type { DisputeFee, PayOut, Withdrawal } from '#payment/port.ts'
import { freeGeneral, lotOf, moneyAt, post, takeFromLots } from './money.ts'
import type { Books } from './statement.ts'

/** What was taken back; `cashNanoUsd` = what of it had been paid for. */
export type Withdrawn = { readonly creditNanoUsd: bigint; readonly bonusNanoUsd: bigint; readonly cashNanoUsd: bigint }

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

const lotNamed = async ({ transaction }: Books, id: string): Promise<Lot> => {
  const row = await transaction.selectFrom('lot').selectAll().where('id', '=', id).executeTakeFirst()
  if (row !== undefined) return lotOf(row)
  throw new Problem('conflict', { message: `The order has given no lot ${id}: nothing can be taken back.` })
}

const notFree = (wantedNanoUsd: bigint, freeNanoUsd: bigint): Problem =>
  new Problem('conflict', {
    message:
      `Of the credit that was bought only ${decimalOf(freeNanoUsd)} USD is neither spent nor held for calls under way, ` +
      `and ${decimalOf(wantedNanoUsd)} USD would have to go back. Refund less.`,
    param: 'amount',
    facts: { free_nano_usd: freeNanoUsd.toString() },
  })

const markRevoked = async ({ transaction }: Books, taken: readonly SpentLot[]): Promise<void> => {
  for (const { lot, amountNanoUsd } of taken)
    await transaction
      .updateTable('lot')
      .set((set) => ({ revoked_nano_usd: set('revoked_nano_usd', '+', amountNanoUsd) }))
      .where('id', '=', lot.id)
      .execute()
}

/** @throws Problem `conflict` where the credit is not free and must not become debt. */
export const withdraw = async (books: Books, withdrawal: Withdrawal, nowMs: number): Promise<Withdrawn> => {
  const { id, account, creditNanoUsd, bonusLot, mayOwe, reason } = withdrawal
  const money = await moneyAt(books, account, nowMs)
  if (money === null) throw new Problem('not_found', { message: `There is no account ${account}.`, param: 'account' })
  const lot = await lotNamed(books, withdrawal.lot)
  const freeNanoUsd = freeGeneral(money)
  const takenNanoUsd = least(creditNanoUsd, least(lot.remainingNanoUsd, freeNanoUsd))
  if (takenNanoUsd < creditNanoUsd && !mayOwe) throw notFree(creditNanoUsd, takenNanoUsd)
  const taken: SpentLot[] = takenNanoUsd === 0n ? [] : [{ lot, amountNanoUsd: takenNanoUsd }]
  const bonus = bonusLot === null ? null : await lotNamed(books, bonusLot)
  const bonusNanoUsd =
    bonus === null ? 0n : least(withdrawal.bonusNanoUsd, least(bonus.remainingNanoUsd, freeNanoUsd - takenNanoUsd))
  if (bonus !== null && bonusNanoUsd > 0n) taken.push({ lot: bonus, amountNanoUsd: bonusNanoUsd })
  const owedNanoUsd = creditNanoUsd - takenNanoUsd
  const cashNanoUsd = paidPart(lot, takenNanoUsd) + paidPart(lot, owedNanoUsd)
  await takeFromLots(books, account, taken)
  await markRevoked(books, taken)
  await books.run.moveMoney(books.transaction, [-takenNanoUsd - bonusNanoUsd, owedNanoUsd, 0n, 0n, account])
  if (cashNanoUsd > 0n) await books.run.movePaid(books.transaction, [-cashNanoUsd, account])
  await post(books, {
    id: `withdraw/${id}`,
    kind: 'adjust',
    account,
    call: null,
    timeMs: nowMs,
    reason,
    entries: withdrawEntries({
      account,
      billing: money.billing,
      taken,
      owedNanoUsd,
      owedPaidNanoUsd: paidPart(lot, owedNanoUsd),
    }),
  })
  return { creditNanoUsd, bonusNanoUsd, cashNanoUsd }
}

/** Books that what was taken back has left, or has come back. */
export const payOut = async (books: Books, out: PayOut, nowMs: number): Promise<void> =>
  post(books, {
    id: `${out.back === true ? 'pay-back' : 'pay-out'}/${out.id}`,
    kind: 'adjust',
    account: out.account,
    call: null,
    timeMs: nowMs,
    reason: null,
    entries: payOutEntries(out),
  })

/** Books what a processor took for a dispute, or gave back; of nothing nothing. */
export const disputeFee = async (books: Books, fee: DisputeFee, nowMs: number): Promise<void> => {
  const entries = disputeFeeEntries(fee)
  if (entries.length === 0) return
  const { id, account, reason } = fee
  await post(books, { id: `dispute-fee/${id}`, kind: 'adjust', account, call: null, timeMs: nowMs, reason, entries })
}
