/** What is open is asked for again and again, with back-off: a lost notice, a crash or a processor that was away loses no payment. */

import { asProblem } from '#base/problem.ts'
import type { CashierParts } from './cashier.ts'
import { askAndTake, moveWith } from './cashier.ts'
import { closeOrder } from './open-order.ts'
import { endedStates, openStates } from './order-machine.ts'
import type { PaymentOrder, PaymentRefund } from './port.ts'
import { pollDelayMs, refundOrder, sendRefund } from './refund.ts'

/** How many of each one round asks for, one after the other. */
const roundMax = 20
/** After its end an order is looked at for a day. */
const lateForMs = 24 * 3_600_000

const later = (parts: CashierParts, id: string, nextPollMs: number | null): Promise<PaymentOrder> =>
  moveWith(parts, id, async (now) => ({ state: now.state, facts: { nextPollMs, polls: now.polls + 1 }, events: [] }))

const nextFor = (order: PaymentOrder, nowMs: number): number | null => {
  if (openStates.includes(order.state)) {
    const nextMs = nowMs + pollDelayMs(order.polls)
    return nowMs < order.expiresMs && nextMs > order.expiresMs ? order.expiresMs : nextMs
  }
  if (!endedStates.includes(order.state)) return null
  const lastMs = (order.endedMs ?? nowMs) + lateForMs
  return nowMs >= lastMs ? null : lastMs
}

/** Money that came too late for a shop that gives it back. */
const refundLate = async (parts: CashierParts, order: PaymentOrder): Promise<void> => {
  await refundOrder(parts, {
    order: order.id,
    amountNano: null,
    source: 'late',
    reason: 'paid when the order had ended',
    actor: 'system',
    trail: null,
  })
}

const pollOrder = async (parts: CashierParts, order: PaymentOrder): Promise<void> => {
  const nowMs = parts.clock.nowMs()
  if (order.state === 'paid_late') return refundLate(parts, order)
  const isOver = openStates.includes(order.state) && nowMs >= order.expiresMs
  const asked = isOver ? await closeOrder(parts, order.id) : await askAndTake(parts, order)
  if (asked.state === 'paid_late' && asked.nextPollMs !== null) return refundLate(parts, asked)
  if (asked.nextPollMs !== null && asked.nextPollMs <= nowMs) await later(parts, order.id, nextFor(asked, nowMs))
}

const pollRefund = async (parts: CashierParts, refund: PaymentRefund): Promise<void> => {
  await sendRefund(parts, refund.id)
}

export type PollRound = { readonly orders: number; readonly refunds: number; readonly failed: number }

/** One round; what fails is asked again later, and the rest goes on. */
export const pollPayments = async (parts: CashierParts): Promise<PollRound> => {
  const { store, clock, log } = parts
  let failed = 0
  const tell = (object: string, thrown: unknown): void => {
    failed += 1
    log.warn('a payment could not be asked for; it will be again', { object, problem: asProblem(thrown).message })
  }
  const orders = await store.dueOrders(clock.nowMs(), roundMax)
  for (const order of orders)
    try {
      await pollOrder(parts, order)
    } catch (thrown) {
      tell(order.id, thrown)
      await later(parts, order.id, clock.nowMs() + pollDelayMs(order.polls))
    }
  const refunds = await store.dueRefunds(clock.nowMs(), roundMax)
  for (const refund of refunds)
    try {
      await pollRefund(parts, refund)
    } catch (thrown) {
      tell(refund.id, thrown)
      await postponeRefund(parts, refund)
    }
  return { orders: orders.length, refunds: refunds.length, failed }
}

const postponeRefund = async (parts: CashierParts, refund: PaymentRefund): Promise<void> => {
  await moveWith(parts, refund.order, async (now) => {
    const current = await parts.store.refund(refund.id)
    if (current === null || current.nextPollMs === null) return null
    const nextPollMs = parts.clock.nowMs() + pollDelayMs(current.polls)
    return { state: now.state, facts: {}, refund: { ...current, polls: current.polls + 1, nextPollMs }, events: [] }
  })
}
