/** A kept card is charged when credit runs low: within a cap for the month, with a rest after every refusal. */

import { telling } from '#base/event-sentences.ts'
import { decimalOf } from '#base/money.ts'
import type { Problem } from '#base/problem.ts'
import { asProblem } from '#base/problem.ts'
import type { CashierParts } from './cashier.ts'
import { askAndTake, methodOf, take } from './cashier.ts'
import { openOrder } from './open-order.ts'
import { openStates } from './order-machine.ts'
import type { AutoTopUp, PaymentOrder } from './port.ts'
import { offerOf } from './shop.ts'

const roundMax = 20
/** After a refusal, doubled each time; the third switches it off until a person says otherwise. */
const restMs = 3_600_000
const failuresMax = 3
/** After a charge: what it brought is seen before the next. */
const pauseMs = 10 * 60_000

const monthStartMs = (nowMs: number): number => {
  const now = new Date(nowMs)
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth())
}

const refused = async (parts: CashierParts, row: AutoTopUp, why: string): Promise<void> => {
  const failures = row.failures + 1
  const isOff = failures >= failuresMax
  const nextTryMs = parts.clock.nowMs() + restMs * 2 ** (failures - 1)
  const note = { failures, enabled: !isOff, nextTryMs, note: why.slice(0, 300) }
  if (!(await parts.store.noteTopUp(row, note))) return
  parts.emit({
    name: 'payment_stuck',
    account: row.account,
    object: row.account,
    ...telling('card_refused', {
      ending: row.ending,
      usd: decimalOf(row.creditNanoUsd),
      problem: why,
      is_off: isOff,
    }),
    figure: null,
    facts: { method: row.method, failures, off: isOff },
  })
}

const charge = (parts: CashierParts, row: AutoTopUp): Promise<PaymentOrder> =>
  openOrder(parts, {
    account: row.account,
    creditNanoUsd: row.creditNanoUsd,
    method: row.method,
    way: null,
    currency: null,
    // One charge for each state of the row: a crash between charge and note repeats the same one.
    idempotencyKey: `auto/${row.nextTryMs}/${row.failures}`,
    actor: 'system',
    trail: null,
    payerAddress: null,
    payer: null,
    returnUrl: null,
    keepCard: false,
    card: { customer: row.customer, card: row.card },
  })

/** Statuses of a processor that say no for good; others (a call too many, a key that is changed, an outage) say nothing of the charge. */
const refusedStatuses: readonly unknown[] = [400, 402, 404]

/** Whether a charge that was asked for is certain not to have been made. */
const isRefusal = ({ code, detail }: Problem): boolean =>
  detail.facts?.['declined'] === true ||
  refusedStatuses.includes(detail.facts?.['status_code']) ||
  code === 'idempotency_key_reused'

/** Why it cannot even be asked for: an amount out of bounds, a method that is off; `null` = it can. */
const hindranceOf = (parts: CashierParts, { method, creditNanoUsd }: AutoTopUp): string | null => {
  try {
    const wish = { creditNanoUsd, currency: null, way: null, nowMs: parts.clock.nowMs() }
    offerOf(parts.shop(), methodOf(parts, method), wish)
    return null
  } catch (thrown) {
    return asProblem(thrown).message
  }
}

const topUp = async (parts: CashierParts, row: AutoTopUp): Promise<void> => {
  const nowMs = parts.clock.nowMs()
  const spentNanoUsd = await parts.store.toppedUpSince(row.account, monthStartMs(nowMs))
  const nextMonthMs = monthStartMs(monthStartMs(nowMs) + 32 * 86_400_000)
  if (spentNanoUsd + row.creditNanoUsd > row.monthMaxNanoUsd) {
    await parts.store.noteTopUp(row, { ...row, nextTryMs: nextMonthMs, note: 'the most of this month is reached' })
    return
  }
  // A row that can never be charged would stand first in line for ever, and keep others from their turn.
  const hindrance = hindranceOf(parts, row)
  if (hindrance !== null) return refused(parts, row, hindrance)
  let order: PaymentOrder | null = null
  try {
    order = await charge(parts, row)
    order = await askAndTake(parts, order)
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (order !== null || !isRefusal(problem)) throw thrown
    await endDeclined(parts, row)
    await refused(parts, row, problem.message)
    return
  }
  // Accepted and not certain yet: the poller goes on asking.
  if (!openStates.includes(order.state) && order.creditedMs === null) return refused(parts, row, `it is ${order.state}`)
  await parts.store.noteTopUp(row, { ...row, failures: 0, nextTryMs: nowMs + pauseMs, note: null })
}

/** A refused charge leaves an order that nobody can pay. */
const endDeclined = async (parts: CashierParts, row: AutoTopUp): Promise<void> => {
  const page = { limit: 1000, after: null, account: row.account, method: row.method, state: 'created' as const }
  for (const order of await parts.store.orders(page))
    if (order.way === 'auto' && order.processorId === null) await take(parts, order.id, { kind: 'closed' })
}

/** One round over the accounts whose credit has fallen below their threshold. */
export const topUpAccounts = async (parts: CashierParts): Promise<number> => {
  const due = await parts.store.dueTopUps(parts.clock.nowMs(), roundMax)
  for (const row of due)
    try {
      await topUp(parts, row)
    } catch (thrown) {
      // The row stays as it is: under its key the same charge is asked for again, never a second one.
      parts.log.warn('an automatic top-up failed and will be tried again', {
        account: row.account,
        problem: asProblem(thrown).message,
      })
    }
  return due.length
}
