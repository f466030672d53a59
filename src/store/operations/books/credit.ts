/** Credit comes in, is looked at, and ends. */

import { Problem } from '#base/problem.ts'
import { grantEntries } from '#ledger/entry.ts'
import { expiredLots } from '#ledger/lot.ts'
import type { AccountState, Balance, Grant } from '#ledger/port.ts'
import { balanceOf, expireAccount, lotsOf, moneyAt, moneyOnly, post } from './money.ts'
import type { Books } from './statement.ts'

/** The balance of an account, without what has expired, whether that is booked yet or not. `null` = no such account. */
export const balanceAt = async (books: Books, account: string, nowMs: number): Promise<Balance | null> => {
  const money = await moneyOnly(books, account)
  if (money === null) return null
  const { billing, state, heldNanoUsd, creditLimitNanoUsd, expiryMs } = money
  const lots = expiryMs !== null && expiryMs <= nowMs ? await lotsOf(books, account) : []
  const gone = expiredLots(lots, { heldNanoUsd, nowMs }).reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n)
  return { account, billing, state, balanceNanoUsd: balanceOf(money) - gone, heldNanoUsd, creditLimitNanoUsd }
}

const earlier = (a: number | null, b: number | null): number | null => (a === null ? b : b === null || a < b ? a : b)

/** Grants a lot, which first pays what is owed. The same lot again changes nothing and gives `false`. */
export const grantLot = async (books: Books, grant: Grant): Promise<boolean> => {
  const { transaction, run } = books
  const { lot, account, kind, amountNanoUsd, priority, expiresMs, nowMs, method, reason } = grant
  if (amountNanoUsd <= 0n)
    throw new Problem('invalid_request_error', { message: 'Credit is more than nothing.', param: 'usd' })
  if (expiresMs !== null && expiresMs <= nowMs)
    throw new Problem('invalid_request_error', { message: `'expires' lies in the past.`, param: 'expires' })
  const money = await moneyAt(books, account, nowMs)
  if (money === null) throw new Problem('not_found', { message: `There is no account ${account}.`, param: 'account' })
  if (money.state === 'closed')
    throw new Problem('conflict', { message: `Account ${account} is closed: it takes no credit.`, param: 'account' })
  const repaidNanoUsd = money.owedNanoUsd < amountNanoUsd ? money.owedNanoUsd : amountNanoUsd
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
  await run.moveMoney(transaction, [amountNanoUsd - repaidNanoUsd, -repaidNanoUsd, 0n, account])
  await run.setExpiry(transaction, [earlier(money.expiryMs, expiresMs), account])
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
    const [row] = await books.run.money(books.transaction, [account])
    if (row === undefined) continue
    count += await expireAccount(books, { account, heldNanoUsd: row.held_nano_usd }, nowMs)
  }
  return count
}

/** Sets whether an account may begin calls. Closing needs that nothing is held. */
export const setState = async (books: Books, account: string, state: AccountState): Promise<void> => {
  const { transaction, run } = books
  const [row] = await run.money(transaction, [account])
  if (row === undefined)
    throw new Problem('not_found', { message: `There is no account ${account}.`, param: 'account' })
  if (row.state === 'closed' && state !== 'closed')
    throw new Problem('conflict', { message: `Account ${account} is closed, for good.`, param: 'account' })
  if (state === 'closed' && row.held_nano_usd > 0n)
    throw new Problem('conflict', {
      message: `Calls of account ${account} are under way. Suspend it, and close it when they have ended.`,
      param: 'account',
    })
  await transaction.updateTable('account_money').set({ state }).where('account', '=', account).execute()
}
