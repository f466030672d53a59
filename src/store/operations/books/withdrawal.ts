/** A payment goes back: what it bought is taken back, what of that is spent becomes debt; and what was taken back leaves. */

import assert from 'node:assert/strict'
import { decimalOf, notBelowZero } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { disputeFeeEntries, payOutEntries, withdrawEntries } from '#ledger/entry.ts'
import type { Lot, SpentLot } from '#ledger/lot.ts'
import { paidPart } from '#ledger/lot.ts'
import type { DisputeFee, PayOut, Withdrawal } from '#payment/port.ts'
import { freeGeneral, lotOf, post, takeFromLots } from './money.ts'
import { moneyNeeded } from './settle.ts'
import type { Books } from './statement.ts'

/** What was taken back; `cashNanoUsd` = what of it had been paid for. */
export type Withdrawn = { readonly creditNanoUsd: bigint; readonly bonusNanoUsd: bigint; readonly cashNanoUsd: bigint }

const least = (...amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => (a < b ? a : b))

/** A lot that an order has given, and what of it was taken back before. */
type Bought = { readonly lot: Lot; readonly revokedNanoUsd: bigint }

/** The lot that the order has given, then those of what came back of it; what came back without a lot has none. */
const lotsNamed = async (
  { transaction }: Books,
  id: string,
  returned: readonly string[],
): Promise<readonly Bought[]> => {
  const rows = await transaction
    .selectFrom('lot')
    .selectAll()
    .where('id', 'in', [id, ...returned])
    .execute()
  const found = new Map(rows.map((row) => [row.id, { lot: lotOf(row), revokedNanoUsd: row.revoked_nano_usd }]))
  if (found.has(id)) return [id, ...returned].flatMap((name) => found.get(name) ?? [])
  throw new Problem('conflict', { message: `The order has given no lot ${id}: nothing can be taken back.` })
}

const sum = <T>(all: readonly T[], of: (one: T) => bigint): bigint => all.reduce((total, one) => total + of(one), 0n)
const remainingOf = (all: readonly Bought[]): bigint => sum(all, ({ lot }) => lot.remainingNanoUsd)

/** What of a lot has ended without being spent. */
const endedOf = async ({ transaction }: Books, lot: string): Promise<bigint> => {
  const rows = await transaction
    .selectFrom('book_transaction')
    .innerJoin('book_entry', 'book_entry.transaction_sequence', 'book_transaction.sequence')
    .select('book_entry.amount_nano')
    .where('book_transaction.id', '>', `expire/${lot}/`)
    .where('book_transaction.id', '<', `expire/${lot}0`)
    .execute()
  return rows.reduce((sum, { amount_nano: amountNano }) => sum + amountNano, 0n)
}

/** What is asked for: of the bonus what its lot has, and in the place of what of it was spent as much of what was bought. */
type Asked = { readonly creditNanoUsd: bigint; readonly leftNanoUsd: bigint; readonly insteadNanoUsd: bigint }

const askedOf = async (
  books: Books,
  { creditNanoUsd, bonusNanoUsd, bonusTakenNanoUsd }: Withdrawal,
  bonuses: readonly Bought[],
): Promise<Asked> => {
  const leftNanoUsd = least(bonusNanoUsd, remainingOf(bonuses))
  let spentNanoUsd = 0n
  for (const { lot, revokedNanoUsd } of bonuses) {
    const goneNanoUsd = lot.grantedNanoUsd - lot.remainingNanoUsd - revokedNanoUsd
    spentNanoUsd += goneNanoUsd - (await endedOf(books, lot.id))
  }
  // What came back as a bonus had been taken for one before, of its lot or in its place.
  const returnedNanoUsd = sum(bonuses.slice(1), ({ lot }) => lot.grantedNanoUsd)
  const revokedNanoUsd = sum(bonuses, (one) => one.revokedNanoUsd)
  const insteadBeforeNanoUsd = notBelowZero(bonusTakenNanoUsd + returnedNanoUsd - revokedNanoUsd)
  const insteadNanoUsd = least(bonusNanoUsd - leftNanoUsd, notBelowZero(spentNanoUsd - insteadBeforeNanoUsd))
  return { creditNanoUsd, leftNanoUsd, insteadNanoUsd }
}

/** What is taken of what is asked for; the rest is owed. */
type Taken = Asked & { readonly owedNanoUsd: bigint; readonly owedBonusNanoUsd: bigint }

/** What of the bought credit is there, and what of the account's credit is free. */
type Room = { readonly remainingNanoUsd: bigint; readonly freeNanoUsd: bigint }

const takenOf = (
  { creditNanoUsd, leftNanoUsd, insteadNanoUsd }: Asked,
  { remainingNanoUsd, freeNanoUsd }: Room,
): Taken => {
  const credit = least(creditNanoUsd, remainingNanoUsd, freeNanoUsd)
  const left = least(leftNanoUsd, freeNanoUsd - credit)
  const instead = least(insteadNanoUsd, remainingNanoUsd - credit, freeNanoUsd - credit - left)
  return {
    creditNanoUsd: credit,
    leftNanoUsd: left,
    insteadNanoUsd: instead,
    owedNanoUsd: creditNanoUsd - credit,
    owedBonusNanoUsd: leftNanoUsd + insteadNanoUsd - left - instead,
  }
}

const sumOf = ({ creditNanoUsd, leftNanoUsd, insteadNanoUsd }: Asked): bigint =>
  creditNanoUsd + leftNanoUsd + insteadNanoUsd

const millionths = 1_000_000n

const notFree = (asked: Asked, { remainingNanoUsd, freeNanoUsd }: Room): Problem => {
  const wantedNanoUsd = sumOf(asked)
  const thereNanoUsd = least(freeNanoUsd, remainingNanoUsd + asked.leftNanoUsd)
  const shares = [
    ...(asked.creditNanoUsd > 0n ? [(remainingNanoUsd * millionths) / asked.creditNanoUsd] : []),
    (thereNanoUsd * millionths) / wantedNanoUsd,
  ]
  const share = least(...shares)
  const bonus = asked.leftNanoUsd + asked.insteadNanoUsd > 0n ? ', with the bonus that was given for it,' : ''
  return new Problem('conflict', {
    message:
      `Of the credit that was bought only ${decimalOf(thereNanoUsd)} USD is neither spent nor held for calls under way, ` +
      `and ${decimalOf(wantedNanoUsd)} USD${bonus} would have to go back. Refund less: at most ${decimalOf(share * 100_000n)} % of the amount.`,
    param: 'amount',
    facts: { free_nano_usd: thereNanoUsd.toString(), free_share_millionths: share.toString() },
  })
}

const markRevoked = async ({ transaction }: Books, taken: readonly SpentLot[]): Promise<void> => {
  for (const { lot, amountNanoUsd } of taken)
    await transaction
      .updateTable('lot')
      .set((set) => ({ revoked_nano_usd: set('revoked_nano_usd', '+', amountNanoUsd) }))
      .where('id', '=', lot.id)
      .execute()
}

/** An amount of these lots in their order, behind what was taken of them already. */
const partsOf = (bought: readonly Bought[], amountNanoUsd: bigint, behindNanoUsd = 0n): readonly SpentLot[] => {
  let [behind, rest] = [behindNanoUsd, amountNanoUsd]
  return bought.flatMap(({ lot }): readonly SpentLot[] => {
    const passed = least(behind, lot.remainingNanoUsd)
    behind -= passed
    const part = least(rest, lot.remainingNanoUsd - passed)
    rest -= part
    return part === 0n ? [] : [{ lot, amountNanoUsd: part }]
  })
}

/** @throws Problem `conflict` where the credit is not free and must not become debt. */
export const withdraw = async (books: Books, withdrawal: Withdrawal, nowMs: number): Promise<Withdrawn> => {
  const { id, account, bonusLot, mayOwe, reason, returnedLots = [], returnedBonusLots = [] } = withdrawal
  const money = await moneyNeeded(books, account, nowMs)
  const lots = await lotsNamed(books, withdrawal.lot, returnedLots)
  const bonuses = bonusLot === null ? [] : await lotsNamed(books, bonusLot, returnedBonusLots)
  const asked = await askedOf(books, withdrawal, bonuses)
  const room = { remainingNanoUsd: remainingOf(lots), freeNanoUsd: freeGeneral(money) }
  const { owedNanoUsd, owedBonusNanoUsd, ...parts } = takenOf(asked, room)
  if (owedNanoUsd + owedBonusNanoUsd > 0n && !mayOwe) throw notFree(asked, room)
  const credit = partsOf(lots, parts.creditNanoUsd)
  const taken = [...credit, ...partsOf(bonuses, parts.leftNanoUsd)]
  const instead = partsOf(lots, parts.insteadNanoUsd, parts.creditNanoUsd)
  const [first] = lots
  assert(first !== undefined, 'the lot of the order comes first')
  const owedPaidNanoUsd = paidPart(first.lot, owedNanoUsd)
  const cashNanoUsd = sum(credit, ({ lot, amountNanoUsd }) => paidPart(lot, amountNanoUsd)) + owedPaidNanoUsd
  const { run, transaction } = books
  await takeFromLots(books, account, [...taken, ...instead])
  await markRevoked(books, [...taken, ...instead])
  await run.moveMoney(transaction, [-sumOf(parts), owedNanoUsd + owedBonusNanoUsd, 0n, 0n, account])
  await run.movePaid(transaction, [-cashNanoUsd, account])
  await post(books, {
    id: `withdraw/${id}`,
    kind: 'adjust',
    account,
    call: null,
    timeMs: nowMs,
    reason,
    entries: withdrawEntries({
      ...{ account, billing: money.billing, taken, instead },
      ...{ owedNanoUsd, owedPaidNanoUsd, owedBonusNanoUsd },
    }),
  })
  return { creditNanoUsd: asked.creditNanoUsd, bonusNanoUsd: asked.leftNanoUsd + asked.insteadNanoUsd, cashNanoUsd }
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
  const { id, account, reason } = fee
  await post(books, { id: `dispute-fee/${id}`, kind: 'adjust', account, call: null, timeMs: nowMs, reason, entries })
}
