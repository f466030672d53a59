/** What people decide of orders: that a transfer came, that money goes back, what becomes of money that does not fit. */

import { z } from 'zod'
import { decimalOf, nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { TrailOperation } from '#base/trail-operation.ts'
import { resolveMismatch } from '#payment/mismatch.ts'
import { refundOrder, takeRefund } from '#payment/refund.ts'
import { refuseRefund, requestRefund } from '#payment/refund-request.ts'
import { refundUnspent } from '#payment/refund-unspent.ts'
import { approveTransfer, confirmTransfer } from '#payment/transfer.ts'
import { accountNamed } from './credits.ts'
import { handleField, isSomething } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { orderView, refundView, viewOfOrder, viewOfRefund } from './payment-view.ts'
import { idempotencyKeyField, orderField, orderNamed } from './payments.ts'
import { trailRowOf } from './trail-row.ts'

const amountField = () =>
  z
    .string()
    .regex(
      /^\d{1,9}(\.\d{1,2})?$/,
      'must be a decimal with at most 9 digits before the point and two after it, such as "25.00"',
    )
    .refine(isSomething, 'must be more than nothing')

const trailOf =
  (name: TrailOperation, object: string, context: OperationContext) =>
  (after: object): ReturnType<typeof trailRowOf> =>
    trailRowOf({ operation: name, object, before: null, after }, context)

const confirm = operation({
  noun: 'payments',
  verb: 'confirm',
  summary: 'Say that a bank transfer has come. Above the limit of drover.yaml another person must approve it.',
  method: 'POST',
  path: '/payments/{order}/confirm',
  scope: 'write',
  input: z.strictObject({
    order: orderField(),
    amount: amountField().describe('What came, as the bank statement says it.'),
    currency: z.enum(['USD', 'CNY']).describe('In which currency.'),
    reference: z.string().min(1).max(120).describe("The bank's own reference of the transfer; it pays one order only."),
  }),
  output: orderView,
  flags: [
    { field: 'order', positional: true, describe: 'The order.' },
    { field: 'amount', flag: '--amount <amount>', describe: 'What came, as the bank statement says it.' },
  ],
  render: (view) =>
    view.state === 'pending'
      ? `${view.id} waits for another person: drover payments approve ${view.id}\n`
      : `${view.id} is ${view.state}\n`,
  run: async (input, context) => {
    const { cashier, approveAboveNanoUsd } = context.ports.payments
    const order = await confirmTransfer(
      cashier,
      {
        order: input.order,
        amountNano: nanoOf(input.amount),
        currency: input.currency,
        reference: input.reference,
        actor: context.actor.name,
        trail: trailOf('payments.confirm', input.order, context),
      },
      approveAboveNanoUsd(),
    )
    return viewOfOrder(order)
  },
})

const approve = operation({
  noun: 'payments',
  verb: 'approve',
  summary: 'Agree, as another person, that a bank transfer has come; or reject what was said.',
  method: 'POST',
  path: '/payments/{order}/approve',
  scope: 'write',
  input: z.strictObject({ order: orderField(), reject: z.boolean().default(false).describe('It has not come.') }),
  output: orderView,
  flags: [{ field: 'order', positional: true, describe: 'The order.' }],
  render: (view) => `${view.id} is ${view.state}\n`,
  run: async ({ order, reject }, context) => {
    const { cashier } = context.ports.payments
    const trail = trailOf('payments.approve', order, context)
    return viewOfOrder(await approveTransfer(cashier, { order, reject, actor: context.actor.name, trail }))
  },
})

const refund = operation({
  noun: 'payments',
  verb: 'refund',
  summary:
    'Pay back an order or a part of it, in its currency and at its rate. Only credit that is not spent goes back.',
  method: 'POST',
  path: '/payments/{order}/refund',
  scope: 'write',
  input: z.strictObject({
    order: orderField(),
    amount: amountField().optional().describe("In the order's currency. Absent: all that is left."),
    reason: z.string().min(1).max(200).describe('Why, for the books and the trail.'),
    idempotency_key: idempotencyKeyField('refund'),
  }),
  output: refundView,
  flags: [
    { field: 'order', positional: true, describe: 'The order.' },
    { field: 'amount', flag: '--amount <amount>', describe: "In the order's currency. Absent: all that is left." },
  ],
  render: (view) => `${view.id}: ${view.amount} back for ${view.usd} USD of credit, ${view.state}\n`,
  run: async (input, context) => {
    await orderNamed(input.order, context)
    const refunded = await refundOrder(context.ports.payments.cashier, {
      order: input.order,
      amountNano: input.amount === undefined ? null : nanoOf(input.amount),
      source: 'operator',
      reason: input.reason,
      idempotencyKey: input.idempotency_key ?? null,
      actor: context.actor.name,
      trail: (made) =>
        trailRowOf(
          {
            operation: 'payments.refund' as const,
            object: input.order,
            before: null,
            after: { refund: made.id, amount: decimalOf(made.amountNano), reason: made.reason },
          },
          context,
        ),
    })
    return viewOfRefund(refunded)
  },
})

const requestBack = operation({
  noun: 'payments',
  verb: 'request-refund',
  summary: 'Ask for the money of an order back. Nothing moves before a person of the operator has decided.',
  method: 'POST',
  path: '/payments/{order}/refund-request',
  scope: 'write',
  input: z.strictObject({
    order: orderField(),
    reason: z.string().min(1).max(200).describe('Why, for the person who decides.'),
  }),
  output: orderView,
  flags: [{ field: 'order', positional: true, describe: 'The order.' }],
  render: (view) => `A refund of ${view.id} is asked for: the operator decides.\n`,
  run: async ({ order, reason }, context) => {
    await orderNamed(order, context)
    const trail = trailOf('payments.request-refund', order, context)({ reason })
    return viewOfOrder(await requestRefund(context.ports.payments.cashier, { order, reason, trail }))
  },
})

const refuse = operation({
  noun: 'payments',
  verb: 'refuse-refund',
  summary: 'Say no to a refund that a payer has asked for; `payments refund` says yes.',
  method: 'POST',
  path: '/payments/{order}/refund-refusal',
  scope: 'write',
  input: z.strictObject({
    order: orderField(),
    reason: z.string().min(1).max(200).describe('Why; the payer reads it.'),
  }),
  output: orderView,
  flags: [{ field: 'order', positional: true, describe: 'The order.' }],
  render: (view) => `The refund of ${view.id} is refused.\n`,
  run: async ({ order, reason }, context) => {
    await orderNamed(order, context)
    const trail = trailOf('payments.refuse-refund', order, context)({ reason })
    return viewOfOrder(await refuseRefund(context.ports.payments.cashier, { order, reason, trail }))
  },
})

const settleRefund = operation({
  noun: 'payments',
  verb: 'refund-done',
  summary: 'Say that a refund by bank transfer has left, or that it failed: then its credit comes back.',
  method: 'POST',
  path: '/payments/refunds/{refund}/done',
  scope: 'write',
  input: z.strictObject({
    refund: z.string().min(1).max(100).describe('The refund.'),
    reference: z.string().min(1).max(120).optional().describe("The bank's reference of the transfer."),
    failed: z.string().min(1).max(200).optional().describe('Why it could not be paid out.'),
  }),
  output: refundView,
  flags: [{ field: 'refund', positional: true, describe: 'The refund.' }],
  render: (view) => `${view.id} is ${view.state}\n`,
  run: async (input, context) => {
    const { cashier } = context.ports.payments
    const found = await cashier.store.refund(input.refund)
    if (found === null)
      throw new Problem('not_found', { ...saying('no_refund', { id: input.refund }), param: 'refund' })
    const order = await orderNamed(found.order, context)
    if (order.method !== 'manual')
      throw new Problem('conflict', {
        ...saying('refund_by_method', { method: order.method }),
        param: 'refund',
      })
    const seen =
      input.failed === undefined
        ? ({ kind: 'done', processorId: input.reference ?? null } as const)
        : ({ kind: 'failed', why: input.failed } as const)
    const change = {
      operation: 'payments.refund-done' as const,
      object: input.refund,
      before: { state: found.state },
      after: input,
    }
    await takeRefund(cashier, input.refund, { seen, trail: trailRowOf(change, context) })
    return viewOfRefund((await cashier.store.refund(input.refund)) ?? found)
  },
})

const resolve = operation({
  noun: 'payments',
  verb: 'resolve',
  summary:
    'Credit money that is not what its order asked for: what it is worth at the order’s rate. Or refund it instead.',
  method: 'POST',
  path: '/payments/{order}/resolve',
  scope: 'write',
  input: z.strictObject({ order: orderField(), reason: z.string().min(1).max(200).describe('Why it is ours.') }),
  output: orderView,
  flags: [{ field: 'order', positional: true, describe: 'The order.' }],
  render: (view) => `${view.id} is ${view.state}\n`,
  run: async (input, context) => {
    await orderNamed(input.order, context)
    const order = await resolveMismatch(context.ports.payments.cashier, {
      order: input.order,
      actor: context.actor.name,
      reason: input.reason,
      trail: trailOf('payments.resolve', input.order, context),
    })
    return viewOfOrder(order)
  },
})

const refundRest = operation({
  noun: 'payments',
  verb: 'refund-unspent',
  summary: 'Pay back what an account has bought and not spent, order by order: for an account that closes.',
  method: 'POST',
  path: '/payments/refund-unspent',
  scope: 'write',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    reason: z.string().min(1).max(200).default('the account was closed').describe('Why, for the books and the trail.'),
  }),
  output: z.object({
    data: z.array(refundView),
    kept: z.array(z.object({ order: z.string(), why: z.string() })).describe('Orders of which nothing could go back.'),
  }),
  flags: [],
  render: ({ data, kept }) =>
    [
      ...data.map((one) => `${one.order}: ${one.amount} back for ${one.usd} USD of credit, ${one.state}\n`),
      ...kept.map((one) => `${one.order}: nothing back: ${one.why}\n`),
    ].join(''),
  run: async ({ account: handle, reason }, context) => {
    const account = await accountNamed(handle, context)
    const { ports } = context
    const lots = await ports.customers.lots({ limit: 1000, after: null, account: account.id, open: true })
    const { refunds, kept } = await refundUnspent(ports.payments.cashier, {
      lots,
      reason,
      actor: context.actor.name,
      trail: (made) =>
        trailRowOf(
          {
            operation: 'payments.refund-unspent' as const,
            object: made.order,
            before: null,
            after: { refund: made.id, amount: decimalOf(made.amountNano), reason },
          },
          context,
        ),
    })
    return { data: refunds.map(viewOfRefund), kept: [...kept] }
  },
})

export const paymentDecisions = [
  refundRest,
  confirm,
  approve,
  refund,
  requestBack,
  refuse,
  settleRefund,
  resolve,
] as const
