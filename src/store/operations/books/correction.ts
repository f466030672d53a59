/** Credit taken back or corrected by hand, and lots as they may be looked at. */

import assert from 'node:assert/strict'
import type { Selectable } from 'kysely'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { adjustmentMethod } from '#ledger/book.ts'
import { adjustEntries, revokeEntries } from '#ledger/entry.ts'
import { least, paidPart, takeGeneral } from '#ledger/lot.ts'
import type { Adjustment, LotKind, LotView, Revocation, Revoked } from '#ledger/port.ts'
import type { LotTable } from '#store/tables.ts'
import { grantLot } from './credit.ts'
import { checkSum, freeGeneral, lotOf, lotsOf, moneyAt, post, scopeOf, takeFromLots } from './money.ts'
import type { Books } from './statement.ts'

/** Lots of corrections are spent like paid ones. */
const adjustmentPriority = 50

export const lotView = (row: Selectable<LotTable>): LotView => ({
  lot: row.id,
  account: row.account,
  kind: row.kind as LotKind,
  grantedNanoUsd: row.granted_nano_usd,
  remainingNanoUsd: row.remaining_nano_usd,
  paidNanoUsd: row.paid_nano_usd,
  revokedNanoUsd: row.revoked_nano_usd,
  priority: Number(row.priority),
  expiresMs: row.expires_ms === null ? null : Number(row.expires_ms),
  createdMs: Number(row.created_ms),
  method: row.method,
  reason: row.reason,
  scope: scopeOf(row.scope),
})

/** Takes back what of a lot is neither spent nor held; nothing is left to take where that was done before. */
export const revokeLot = async (books: Books, { lot: id, nowMs, reason }: Revocation): Promise<Revoked> => {
  const { transaction, run } = books
  const found = await transaction.selectFrom('lot').selectAll().where('id', '=', id).executeTakeFirst()
  if (found === undefined)
    throw new Problem('not_found', {
      ...saying('no_lot', { id }),
      param: 'lot',
    })
  const { account } = found
  const order = await transaction
    .selectFrom('payment_order')
    .select('id')
    .where('id', '=', `ord_${id.slice('lot_'.length)}`)
    .executeTakeFirst()
  if (order !== undefined)
    throw new Problem('conflict', {
      ...saying('lot_of_order', { id, order: order.id }),
      param: 'lot',
    })
  const money = await moneyAt(books, account, nowMs)
  const row = await transaction.selectFrom('lot').selectAll().where('id', '=', id).executeTakeFirst()
  assert(money !== null && row !== undefined, 'a lot belongs to an account')
  const lot = lotOf(row)
  const freeNanoUsd = lot.scope === null ? freeGeneral(money) : lot.remainingNanoUsd - lot.reservedNanoUsd
  const revokedNanoUsd = least(lot.remainingNanoUsd, freeNanoUsd)
  const keptNanoUsd = lot.remainingNanoUsd - revokedNanoUsd
  await takeFromLots(books, account, [{ lot, amountNanoUsd: revokedNanoUsd }])
  await transaction
    .updateTable('lot')
    .set({ revoked_nano_usd: row.revoked_nano_usd + revokedNanoUsd })
    .where('id', '=', id)
    .execute()
  await run.moveMoney(transaction, [-revokedNanoUsd, 0n, 0n, 0n, account])
  await run.movePaid(transaction, [-paidPart(lot, revokedNanoUsd), account])
  await post(books, {
    // A lot that holds kept is taken back in parts, each of them leaving less: the rest names the part.
    id: `revoke/${id}/${lot.remainingNanoUsd}`,
    kind: 'adjust',
    account,
    call: null,
    timeMs: nowMs,
    reason,
    entries: revokeEntries(account, lot, revokedNanoUsd),
  })
  return { account, revokedNanoUsd, keptNanoUsd }
}

/** Corrects by hand. The same correction again changes nothing and gives `false`. */
export const adjustCredit = async (books: Books, adjustment: Adjustment): Promise<boolean> => {
  const { id, account, amountNanoUsd, nowMs, reason } = adjustment
  if (amountNanoUsd > 0n)
    return grantLot(books, {
      lot: id,
      account,
      kind: 'paid',
      amountNanoUsd,
      priority: adjustmentPriority,
      expiresMs: null,
      nowMs,
      method: adjustmentMethod,
      reason,
    })
  if (amountNanoUsd === 0n)
    throw new Problem('invalid_request_error', { ...saying('correction_of_nothing'), param: 'usd' })
  const { transaction, run } = books
  const posted = await transaction
    .selectFrom('book_transaction')
    .select('id')
    .where('id', '=', `adjust/${id}`)
    .executeTakeFirst()
  if (posted !== undefined) return false
  const money = await moneyAt(books, account, nowMs)
  if (money === null) throw new Problem('not_found', { message: `There is no account ${account}.`, param: 'account' })
  const wantedNanoUsd = -amountNanoUsd
  const taken = takeGeneral(await lotsOf(books, account), least(wantedNanoUsd, freeGeneral(money)))
  const takenNanoUsd = await takeFromLots(books, account, taken)
  const owedNanoUsd = wantedNanoUsd - takenNanoUsd
  checkSum(account, { debt: money.owedNanoUsd + owedNanoUsd })
  await run.moveMoney(transaction, [-takenNanoUsd, owedNanoUsd, 0n, 0n, account])
  await post(books, {
    id: `adjust/${id}`,
    kind: 'adjust',
    account,
    call: null,
    timeMs: nowMs,
    reason,
    entries: adjustEntries({ account, billing: money.billing, spent: taken, uncoveredNanoUsd: owedNanoUsd }),
  })
  return true
}
