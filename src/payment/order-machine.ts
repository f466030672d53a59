/**
 * What becomes of an order when something is seen of it: pure. A caller applies the step in one transaction with what it does
 * to the books, so that an order is credited once, however often, in whatever order and from wherever it is seen to be paid.
 */

import type { OrderState, PaymentOrder } from './port.ts'

/** What the processor says of an order, once it is certain that the processor says it. */
export type Seen =
  | {
      readonly kind: 'paid'
      readonly transaction: string
      readonly amountNano: bigint
      readonly currency: string
      readonly paidMs: number
      /** What of the payment is not ours (app, seller, another order); `null` = nothing. */
      readonly fault: string | null
    }
  /** It can still be paid. */
  | { readonly kind: 'unpaid' }
  /** It cannot be paid any more, and was not. */
  | { readonly kind: 'closed' }

export type Step =
  | { readonly kind: 'none' }
  /** Money came a second time for one order: nothing moves, a person is told. */
  | { readonly kind: 'second_payment'; readonly transaction: string }
  | { readonly kind: 'end'; readonly state: 'closed' | 'expired_unpaid' }
  | { readonly kind: 'credit'; readonly late: boolean }
  | { readonly kind: 'refund_late' }
  | { readonly kind: 'mismatch'; readonly why: string }

/** Before any money came. */
export const openStates: readonly OrderState[] = ['created', 'pending']
/** Nothing came while it could be paid. */
export const endedStates: readonly OrderState[] = ['closed', 'expired_unpaid']
/** The money is here and the credit is not: the account could not take it. */
export const uncreditedStates: readonly OrderState[] = ['paid', 'paid_late']
/** Money came, and the credit was given. */
export const creditedStates: readonly OrderState[] = ['credited', 'partially_refunded', 'refund_pending', 'disputed']

/** Why what was paid is not what was asked; `null` = it is. */
const faultOf = (
  order: Pick<PaymentOrder, 'currency' | 'payNano'>,
  seen: Extract<Seen, { readonly kind: 'paid' }>,
): string | null => {
  if (seen.fault !== null) return seen.fault
  if (seen.currency !== order.currency) return `paid in ${seen.currency}, and ${order.currency} was asked`
  if (seen.amountNano !== order.payNano) return 'another amount was paid than was asked'
  return null
}

/** `late`: what is done with money that comes when the order has ended. */
export const stepOf = (
  order: Pick<PaymentOrder, 'state' | 'currency' | 'payNano' | 'transaction' | 'expiresMs'>,
  seen: Seen,
  { late, nowMs }: { readonly late: 'credit' | 'refund'; readonly nowMs: number },
): Step => {
  const isOpen = openStates.includes(order.state)
  if (seen.kind === 'unpaid') return { kind: 'none' }
  if (seen.kind === 'closed')
    return isOpen ? { kind: 'end', state: nowMs >= order.expiresMs ? 'expired_unpaid' : 'closed' } : { kind: 'none' }
  const isEnded = endedStates.includes(order.state)
  if (!isOpen && !isEnded && order.transaction !== seen.transaction)
    return { kind: 'second_payment', transaction: seen.transaction }
  const isUncredited = uncreditedStates.includes(order.state)
  if (!isOpen && !isEnded && !isUncredited) return { kind: 'none' }
  const why = faultOf(order, seen)
  if (why !== null) return { kind: 'mismatch', why }
  if (isUncredited) return { kind: 'credit', late: order.state === 'paid_late' }
  if (isEnded && late === 'refund') return { kind: 'refund_late' }
  return { kind: 'credit', late: isEnded }
}

/** States from which money can be sent back, and to which an order comes when part of it or all has gone. */
export const refundableStates: readonly OrderState[] = [
  'paid',
  'paid_late',
  'mismatch',
  'credited',
  'partially_refunded',
  'refund_pending',
]

/** Where an order is once what is `refundedNano` of it has gone back and `pendingNano` is on its way. */
export const stateAfterRefund = (
  order: Pick<PaymentOrder, 'payNano' | 'feeNano' | 'paidNano' | 'creditedMs' | 'disputedNano' | 'state'>,
  { refundedNano, pendingNano }: { readonly refundedNano: bigint; readonly pendingNano: bigint },
): OrderState => {
  if (order.state === 'disputed') return 'disputed'
  if (pendingNano > 0n) return 'refund_pending'
  const wholeNano = order.creditedMs === null ? (order.paidNano ?? order.payNano) : order.payNano - order.feeNano
  if (refundedNano >= wholeNano) return 'refunded'
  if (refundedNano > 0n) return 'partially_refunded'
  // Why it was to go back is not known any more: a person says what becomes of it, so that nothing is credited as if it were what was asked.
  return order.creditedMs === null ? 'mismatch' : 'credited'
}

/** What of an amount of the payer's currency was credit: the part of the credit, rounded up, so that nothing is given away. */
export const creditFor = (
  { payNano, feeNano }: Pick<PaymentOrder, 'payNano' | 'feeNano'>,
  { wholeNanoUsd, amountNano }: { readonly wholeNanoUsd: bigint; readonly amountNano: bigint },
): bigint => {
  const priceNano = payNano - feeNano
  return (wholeNanoUsd * amountNano + priceNano - 1n) / priceNano
}
