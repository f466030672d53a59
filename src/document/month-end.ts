/** The end of a month: every account that pays gets its statement, and what it came to owe on account its invoice. */

import type { ClerkParts } from './clerk.ts'
import { issueOwed, issueStatement } from './clerk.ts'
import { monthAfter, monthBefore, monthRange, readPeriod } from './month.ts'

/** Calls of the last evening may reach the books a day later, from a node that was cut off. */
const graceMs = 86_400_000

export type MonthEnd = { readonly month: string; readonly statements: number; readonly invoices: number }

/**
 * Issues what the first month lacks that is over and was not looked at, in one pass through the books; `null` = all were. A server that was away for
 * months comes to each of them. A crash in between repeats one: what there is stays.
 */
export const endMonth = async (parts: ClerkParts): Promise<MonthEnd | null> => {
  if (parts.seller()?.statements !== 'monthly') return null
  const last = monthBefore(parts.clock.nowMs() - graceMs)
  const before = await parts.store.statedMonth()
  const month = before === null ? last : monthAfter(before)
  if (month > last) return null
  const periods = await readPeriod(parts.store, { ...monthRange(month), account: null })
  let [statements, invoices] = [0, 0]
  for (const [account, period] of periods) {
    const facts = await parts.account(account)
    if (facts === null || facts.billing === 'unlimited') continue
    const statement = await issueStatement(parts, { account, month, period, trail: null })
    statements += 1
    if (facts.billing !== 'postpaid') continue
    const invoice = await issueOwed(parts, { account, month, period, statement: statement.number, trail: null })
    if (invoice !== null) invoices += 1
  }
  await parts.store.noteStatedMonth(month)
  return { month, statements, invoices }
}
