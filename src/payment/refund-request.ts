/**
 * A payer asks for money back, and a person decides. The request is an event of its order, and so is what ends it: a refund, however it came about, or
 * a refusal. Nothing moves before that.
 */

import { telling } from '#base/event-sentences.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { CashierParts } from './cashier.ts'
import { eventOf, moveWith } from './cashier.ts'
import { refundableStates } from './order-machine.ts'
import type { PaymentEvent, PaymentOrder } from './port.ts'
import { refundRequestEnds } from './port.ts'
import { refundableWhole, standingOf } from './refund.ts'

export type RefundAsk = {
  readonly order: string
  /** For a person to read. */
  readonly reason: string
  readonly trail: TrailEntry | null
}

/** The request that nobody has answered yet; `null` = there is none. `events` in their order. */
export const openRefundRequest = (events: readonly PaymentEvent[]): PaymentEvent | null => {
  const last = events.findLast(({ kind }) => kind === 'refund_requested' || refundRequestEnds.includes(kind))
  return last?.kind === 'refund_requested' ? last : null
}

const conflict = (said: ReturnType<typeof saying>): Problem => new Problem('conflict', { ...said, param: 'order' })

/** Asks for an order's money back. @throws Problem `conflict` where none can go back, or it is asked for already. */
export const requestRefund = async (
  parts: CashierParts,
  { order: id, reason, trail }: RefundAsk,
): Promise<PaymentOrder> => {
  const order = await moveWith(parts, id, async (now) => {
    if (!refundableStates.includes(now.state))
      throw conflict(saying('order_gives_nothing_back', { order: now.id, state: now.state }))
    const { refundedNano, pendingNano } = standingOf(await parts.store.refundsOf(now.id))
    if (refundableWhole(now) - refundedNano - pendingNano <= 0n)
      throw conflict(saying('order_gave_all_back', { order: now.id }))
    if (openRefundRequest(await parts.store.paymentEvents(now.id)) !== null)
      throw conflict(saying('refund_asked_already', { order: now.id }))
    const said = { kind: 'refund_requested', name: `refund_requested/${now.version}`, state: now.state, detail: reason }
    return { state: now.state, facts: {}, trail, events: [eventOf(now, { ...said, timeMs: parts.clock.nowMs() })] }
  })
  parts.emit({
    name: 'refund_requested',
    account: order.account,
    object: order.id,
    ...telling('refund_asked', { order: order.id, method: order.method, reason }),
    figure: null,
    facts: { method: order.method },
  })
  return order
}

/** Says no to a request. @throws Problem `conflict` where there is none. */
export const refuseRefund = (parts: CashierParts, { order: id, reason, trail }: RefundAsk): Promise<PaymentOrder> =>
  moveWith(parts, id, async (now) => {
    if (openRefundRequest(await parts.store.paymentEvents(now.id)) === null)
      throw conflict(saying('refund_not_asked', { order: now.id }))
    const said = { kind: 'refund_refused', name: `refund_refused/${now.version}`, state: now.state, detail: reason }
    return { state: now.state, facts: {}, trail, events: [eventOf(now, { ...said, timeMs: parts.clock.nowMs() })] }
  })
