/** Orders and refunds as they may be seen. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { actionOf } from '#payment/open-order.ts'
import type { PaymentEvent, PaymentOrder, PaymentRefund } from '#payment/port.ts'
import { orderStates } from '#payment/port.ts'

const moment = (what: string) => z.string().nullable().describe(`${what} RFC 3339, UTC.`)

export const priceView = z.object({
  currency: z.string(),
  pay: z.string().describe('What the payer pays, with the fee.'),
  fee: z.string(),
  usd: z.string().describe('The credit that is bought.'),
  bonus_usd: z.string().describe('Given besides.'),
  per_usd: z.string().describe('What one dollar of credit costs in the currency.'),
})

export const orderView = priceView.extend({
  id: z.string(),
  account: z.string(),
  method: z.string(),
  way: z.string(),
  state: z.enum(orderStates),
  created: z.string(),
  expires: z.string(),
  paid_at: moment('When it was paid.'),
  credited_at: moment('When its credit was given.'),
  paid: z.string().nullable().describe('What came.'),
  paid_currency: z.string().nullable(),
  refunded: z.string(),
  disputed: z.string(),
  transaction: z.string().nullable().describe("The processor's id of the payment."),
  note: z.string().nullable(),
  confirmed_by: z.string().nullable(),
  approved_by: z.string().nullable(),
  action: z
    .unknown()
    .describe('How the payer goes on: a QR code, a link, bank details. Null once it is paid or has ended.'),
})

const momentOf = (timeMs: number | null): string | null => (timeMs === null ? null : rfc3339(timeMs))

export const viewOfPrice = (
  terms: Pick<PaymentOrder, 'currency' | 'payNano' | 'feeNano' | 'creditNanoUsd' | 'bonusNanoUsd' | 'settlementNano'>,
): z.input<typeof priceView> => ({
  currency: terms.currency,
  pay: decimalOf(terms.payNano),
  fee: decimalOf(terms.feeNano),
  usd: decimalOf(terms.creditNanoUsd),
  bonus_usd: decimalOf(terms.bonusNanoUsd),
  per_usd: decimalOf(terms.settlementNano),
})

export const viewOfOrder = (order: PaymentOrder): z.input<typeof orderView> => ({
  ...viewOfPrice(order),
  id: order.id,
  account: order.account,
  method: order.method,
  way: order.way,
  state: order.state,
  created: rfc3339(order.createdMs),
  expires: rfc3339(order.expiresMs),
  paid_at: momentOf(order.paidMs),
  credited_at: momentOf(order.creditedMs),
  paid: order.paidNano === null ? null : decimalOf(order.paidNano),
  paid_currency: order.paidCurrency,
  refunded: decimalOf(order.refundedNano),
  disputed: decimalOf(order.disputedNano),
  transaction: order.transaction,
  note: order.note,
  confirmed_by: order.confirmedBy,
  approved_by: order.approvedBy,
  action: order.state === 'created' || order.state === 'pending' ? actionOf(order) : null,
})

export const refundView = z.object({
  id: z.string(),
  order: z.string(),
  state: z.enum(['pending', 'sent', 'done', 'failed']),
  source: z.string(),
  amount: z.string().describe("In the order's currency."),
  usd: z.string().describe('The credit that was taken back for it.'),
  bonus_usd: z.string(),
  reason: z.string(),
  by: z.string(),
  created: z.string(),
  ended: moment('When the money had left.'),
  note: z.string().nullable(),
})

export const viewOfRefund = (refund: PaymentRefund): z.input<typeof refundView> => ({
  id: refund.id,
  order: refund.order,
  state: refund.state,
  source: refund.source,
  amount: decimalOf(refund.amountNano),
  usd: decimalOf(refund.creditNanoUsd),
  bonus_usd: decimalOf(refund.bonusNanoUsd),
  reason: refund.reason,
  by: refund.actor,
  created: rfc3339(refund.createdMs),
  ended: momentOf(refund.endedMs),
  note: refund.note,
})

export const paymentEventView = z.object({
  time: z.string(),
  kind: z.string(),
  state: z.string(),
  detail: z.string().nullable(),
})

export const viewOfPaymentEvent = (event: PaymentEvent): z.input<typeof paymentEventView> => ({
  time: rfc3339(event.timeMs),
  kind: event.kind,
  state: event.state,
  detail: event.detail,
})
