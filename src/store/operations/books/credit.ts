/** Credit comes in, is looked at, and ends. */

import assert from 'node:assert/strict'
import { amountNanoMax, decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { grantEntries, paidOf } from '#ledger/entry.ts'
import type { Lot, SpentLot } from '#ledger/lot.ts'
import { expiredLots, least } from '#ledger/lot.ts'
import type { AccountState, Balance, Grant } from '#ledger/port.ts'
import { balanceOf, checkSum, expireAccount, firstEnd, generalHeld, lotsOf, moneyAt, moneyOnly, post } from './money.ts'
import type { Books } from './statement.ts'

const sumOf = (spent: readonly SpentLot[]): bigint => spent.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n)

/** The balance of an account, without what has expired, whether that is booked yet or not. `null` = no such account. */
export const balanceAt = async (books: Books, account: string, nowMs: number): Promise<Balance | null> => {
  const money = await moneyOnly(books, account)
  if (money === null) return null
  const { billing, state, creditLimitNanoUsd, spentNanoUsd, paidNanoUsd } = money
  const lots = await lotsOf(books, account)
  const expired = expiredLots(lots, { heldNanoUsd: generalHeld(money), nowMs })
  const isPromo = ({ kind }: Lot): boolean => kind === 'promo'
  const promoNanoUsd =
    lots.filter(isPromo).reduce((sum, { remainingNanoUsd }) => sum + remainingNanoUsd, 0n) -
    sumOf(expired.filter(({ lot }) => isPromo(lot)))
  const balanceNanoUsd = balanceOf(money) - sumOf(expired)
  const [lent] = await books.run.idleLent(books.transaction, [account])
  assert(lent !== undefined, 'a sum is one row')
  const heldNanoUsd = money.heldNanoUsd - lent.idle_nano_usd
  return {
    account,
    billing,
    state,
    balanceNanoUsd,
    heldNanoUsd,
    creditLimitNanoUsd,
    spentNanoUsd,
    promoNanoUsd,
    paidNanoUsd,
  }
}

/** Grants a lot, which first pays what is owed. The same lot again changes nothing and gives `false`. */
export const grantLot = async (books: Books, grant: Grant): Promise<boolean> => {
  const { transaction, run } = books
  const { lot, account, kind, amountNanoUsd, priority, expiresMs, nowMs, method, reason } = grant
  if (amountNanoUsd <= 0n) throw new Problem('invalid_request_error', { ...saying('credit_nothing'), param: 'usd' })
  if (expiresMs !== null && expiresMs <= nowMs)
    throw new Problem('invalid_request_error', { ...saying('expires_past'), param: 'expires' })
  if (amountNanoUsd > amountNanoMax)
    throw new Problem('invalid_request_error', {
      ...saying('credit_too_large', { usd: decimalOf(amountNanoUsd), most: decimalOf(amountNanoMax) }),
      param: 'usd',
    })
  const paidNanoUsd = paidOf(grant)
  if (paidNanoUsd < 0n || paidNanoUsd > amountNanoUsd)
    throw new Problem('invalid_request_error', {
      ...saying('paid_over_credit'),
      param: 'paid',
    })
  const money = await moneyAt(books, account, nowMs)
  if (money === null) throw new Problem('not_found', { message: `There is no account ${account}.`, param: 'account' })
  if (money.state === 'closed')
    throw new Problem('conflict', {
      ...saying('account_takes_no_credit', { account }),
      param: 'account',
      facts: { fault: 'account_closed' },
    })
  checkSum(account, { paid: money.paidNanoUsd + paidNanoUsd, credit: money.creditNanoUsd + amountNanoUsd })
  const scope = grant.scope ?? null
  // What is given for some models does not pay for what others cost.
  const debtNanoUsd = scope === null ? money.owedNanoUsd : 0n
  const repaidNanoUsd = least(debtNanoUsd, amountNanoUsd)
  const inserted = await transaction
    .insertInto('lot')
    .values({
      id: lot,
      account,
      kind,
      granted_nano_usd: amountNanoUsd,
      remaining_nano_usd: amountNanoUsd - repaidNanoUsd,
      priority,
      expires_ms: expiresMs,
      created_ms: nowMs,
      method,
      reason,
      paid_nano_usd: paidNanoUsd,
      scope: scope === null ? null : JSON.stringify(scope),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('sequence')
    .executeTakeFirst()
  if (inserted === undefined) return false
  await post(books, {
    id: `grant/${lot}`,
    kind: 'grant',
    account,
    call: null,
    timeMs: nowMs,
    reason,
    entries: grantEntries(grant, money.billing, repaidNanoUsd),
  })
  await run.moveMoney(transaction, [amountNanoUsd - repaidNanoUsd, -repaidNanoUsd, 0n, 0n, account])
  if (scope !== null) await run.moveScoped(transaction, [amountNanoUsd, 0n, account])
  await run.movePaid(transaction, [paidNanoUsd, account])
  await run.setExpiry(transaction, [firstEnd([money.expiryMs, expiresMs]), account])
  return true
}

/** Books the breakage of accounts with lots that have ended; gives the number of lots. */
export const expireDue = async (books: Books, nowMs: number, limit: number): Promise<number> => {
  const due = await books.transaction
    .selectFrom('lot')
    .select('account')
    .distinct()
    .where('remaining_nano_usd', '>', 0n)
    .where('expires_ms', '<=', BigInt(nowMs))
    .limit(limit)
    .execute()
  let count = 0
  for (const { account } of due) {
    const money = await moneyOnly(books, account)
    if (money !== null) count += await expireAccount(books, money, nowMs)
  }
  return count
}

/** Sets whether an account may begin calls. A closed one stays closed. */
export const setState = async (books: Books, account: string, state: AccountState): Promise<void> => {
  const { transaction, run } = books
  const [row] = await run.money(transaction, [account])
  if (row === undefined)
    throw new Problem('not_found', { message: `There is no account ${account}.`, param: 'account' })
  if (row.state === 'closed' && state !== 'closed')
    throw new Problem('conflict', { ...saying('account_closed_for_good', { account }), param: 'account' })
  await transaction.updateTable('account_money').set({ state }).where('account', '=', account).execute()
}
