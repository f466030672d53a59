/** What an account may do, changed: its plan, its credit limit, its end. */

import assert from 'node:assert/strict'
import type { AccountChange, AccountClosed, Upgrade } from '#admin/port.ts'
import { decimalOf, notBelowZero } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { paidPart } from '#ledger/lot.ts'
import { appendTrail } from '#store/operations/trail.ts'
import { setState } from './credit.ts'
import { expireAccount, lotsOf } from './money.ts'
import { moneyNeeded } from './settle.ts'
import type { Books } from './statement.ts'

const unknown = (account: string): Problem =>
  new Problem('not_found', { message: `There is no account ${account}.`, param: 'account' })

/** Takes the highest step that what was ever paid has reached. An account that has another plan by now keeps it. */
export const upgradeAccount = async (
  { transaction, run }: Books,
  account: string,
  { from, steps }: Upgrade,
): Promise<string | null> => {
  const [money] = await run.money(transaction, [account])
  assert(money !== undefined, 'credit was given to it a moment ago')
  const step = steps.findLast(({ atPaidNanoUsd }) => atPaidNanoUsd <= money.paid_nano_usd)
  if (step === undefined) return null
  const moved = await transaction
    .updateTable('account')
    .set({ plan: step.plan })
    .where('id', '=', account)
    .where('plan', '=', from)
    .returning('id')
    .executeTakeFirst()
  if (moved === undefined) return null
  await appendTrail(transaction, step.trail)
  return step.plan
}

/** A credit limit never goes below what is owed and held: the floor of calls under way was promised. */
const setCreditLimit = async ({ transaction, run }: Books, account: string, limitNanoUsd: bigint): Promise<void> => {
  const [money] = await run.money(transaction, [account])
  if (money === undefined) throw unknown(account)
  if (money.billing !== 'postpaid')
    throw new Problem('conflict', {
      ...saying('limit_of_postpaid', { account, billing: money.billing }),
      param: 'credit_limit',
    })
  const general = money.credit_nano_usd - money.scoped_nano_usd
  const needed = money.owed_nano_usd + money.held_nano_usd - money.reserved_nano_usd - general
  if (needed > limitNanoUsd)
    throw new Problem('conflict', {
      ...saying('limit_below_owed', {
        account,
        owed: decimalOf(money.owed_nano_usd),
        held: decimalOf(money.held_nano_usd),
        needed: decimalOf(needed),
      }),
      param: 'credit_limit',
    })
  await transaction
    .updateTable('account_money')
    .set({ credit_limit_nano_usd: limitNanoUsd })
    .where('account', '=', account)
    .execute()
}

/** @throws Problem `not_found`, `conflict`. */
export const changeAccount = async (books: Books, change: AccountChange): Promise<void> => {
  const { transaction } = books
  const { account, plan, isChosen, creditLimitNanoUsd } = change
  if (creditLimitNanoUsd !== undefined) await setCreditLimit(books, account, creditLimitNanoUsd)
  if (plan === undefined) return
  const chosen_plan = isChosen === true ? plan : null
  await transaction.updateTable('account').set({ plan, chosen_plan }).where('id', '=', account).execute()
}

/** Ends what was given as if its day had come; what calls under way hold of it outlives this until they have ended. */
export const closeAccount = async (books: Books, account: string, nowMs: number): Promise<AccountClosed> => {
  const { transaction } = books
  await setState(books, account, 'closed')
  await transaction
    .updateTable('lot')
    .set({ expires_ms: nowMs })
    .where('account', '=', account)
    .where('kind', '=', 'promo')
    .where('remaining_nano_usd', '>', 0n)
    .where((where) => where.or([where('expires_ms', 'is', null), where('expires_ms', '>', BigInt(nowMs))]))
    .execute()
  await expireAccount(books, await moneyNeeded(books, account, nowMs), nowMs)
  const left = await moneyNeeded(books, account, nowMs)
  const lots = await lotsOf(books, account)
  const unspentNanoUsd = lots.reduce((sum, lot) => sum + paidPart(lot, lot.remainingNanoUsd), 0n)
  return { refundableNanoUsd: notBelowZero(unspentNanoUsd - left.owedNanoUsd), heldNanoUsd: left.heldNanoUsd }
}
