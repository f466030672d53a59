/** An order of 100 yuan for 100 dollars of credit, for tests to vary; and its moves. */

import { nanoOf } from '#base/money.ts'
import type { Grant } from '#ledger/port.ts'
import type { OrderMove, PaymentEvent, PaymentOrder } from '#payment/port.ts'

export const sampleOrder = (id: string, changes: Partial<PaymentOrder> = {}): PaymentOrder => ({
  id,
  account: 'acc_one',
  method: 'wechat',
  way: 'native',
  state: 'pending',
  version: 0,
  currency: 'CNY',
  payNano: nanoOf('100'),
  feeNano: 0n,
  creditNanoUsd: nanoOf('100'),
  bonusNanoUsd: 0n,
  bonusLastsMs: null,
  settlementNano: nanoOf('1'),
  marketNano: nanoOf('7.10'),
  payNanoUsd: nanoOf('14.084507042'),
  feeNanoUsd: 0n,
  createdMs: 5,
  expiresMs: 1000,
  actor: 'local',
  idempotencyKey: null,
  processorId: null,
  transaction: null,
  action: null,
  paidNano: null,
  paidCurrency: null,
  paidMs: null,
  creditedMs: null,
  endedMs: null,
  refundedNano: 0n,
  disputedNano: 0n,
  note: null,
  confirmedBy: null,
  approvedBy: null,
  nextPollMs: 50,
  polls: 0,
  ...changes,
})

export const sampleEvent = (order: PaymentOrder, kind: string): PaymentEvent => ({
  id: `${order.id}/${kind}`,
  order: order.id,
  method: order.method,
  kind,
  timeMs: 6,
  state: order.state,
  detail: null,
})

/** The lot that an order gives. */
export const sampleGrant = (order: PaymentOrder, nowMs: number): Grant => ({
  lot: `lot_${order.id.slice(4)}`,
  account: order.account,
  kind: 'paid',
  amountNanoUsd: order.creditNanoUsd,
  priority: 50,
  expiresMs: null,
  nowMs,
  method: order.method,
  reason: null,
  settlement: {
    currency: order.currency,
    payNano: order.payNano,
    payNanoUsd: order.payNanoUsd,
    feeNanoUsd: order.feeNanoUsd,
    source: 'payer',
  },
})

/** The move by which an order is credited. */
export const sampleCrediting = (order: PaymentOrder, nowMs = 10): OrderMove => ({
  order: order.id,
  version: order.version,
  state: 'credited',
  nowMs,
  facts: {
    transaction: `tx of ${order.id}`,
    paidNano: order.payNano,
    paidCurrency: order.currency,
    paidMs: nowMs,
    creditedMs: nowMs,
    nextPollMs: null,
  },
  events: [sampleEvent(order, 'credited')],
  deposit: { grants: [sampleGrant(order, nowMs)], upgrade: null },
})
