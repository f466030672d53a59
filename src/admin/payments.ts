/** Buying credit: what it costs, orders, and what people do with them. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf, nanoOf } from '#base/money.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { askAndTake, methodOf } from '#payment/cashier.ts'
import type { CheckLine, PaymentMethod } from '#payment/method.ts'
import { closeOrder, openOrder } from '#payment/open-order.ts'
import type { PaymentOrder } from '#payment/port.ts'
import { orderStates } from '#payment/port.ts'
import { openRefundRequest } from '#payment/refund-request.ts'
import { offerOf } from '#payment/shop.ts'
import { accountNames } from './account-names.ts'
import { accountNamed, balanceNow } from './credits.ts'
import { firstField, handleField, isSomething, pageFields, pageOf } from './field.ts'
import { idNames, namesView } from './id-names.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import {
  orderView,
  paymentEventView,
  priceView,
  refundView,
  viewOfOrder,
  viewOfPaymentEvent,
  viewOfPrice,
  viewOfRefund,
} from './payment-view.ts'
import { table } from './render.ts'
import { acceptTerms, termsOperations } from './terms.ts'
import { trailRowOf } from './trail-row.ts'

const usdField = () =>
  z
    .string()
    .regex(/^\d{1,9}(\.\d{1,2})?$/, 'must be a decimal with at most two places, such as "25.00"')
    .refine(isSomething, 'must be more than nothing')

export const orderField = () => z.string().min(1).max(100).describe('The order.')

/** Of the one who asks for an order or a refund of it. */
export const idempotencyKeyField = (what: 'order' | 'refund') =>
  z.string().min(8).max(100).optional().describe(`The same key gives the same ${what} again, however often it is sent.`)

const currencyField = () => z.enum(['USD', 'CNY'])

/** An order by its id. Throws Problem `not_found`. */
export const orderNamed = async (id: string, { ports }: OperationContext): Promise<PaymentOrder> => {
  const order = await ports.payments.cashier.store.order(id)
  if (order !== null) return order
  throw new Problem('not_found', {
    ...saying('no_order_listed', { id }),
    param: 'order',
  })
}

const methodView = z.object({
  method: z.string(),
  title: z.string(),
  on: z.boolean(),
  why: z.string().nullable().describe('Why it is off.'),
  currencies: z.array(z.string()),
  ways: z.array(z.string()),
  keeps_cards: z.boolean().describe('Whether `keep_card` leaves a card for automatic top-up.'),
  min_usd: z.string().nullable(),
  max_usd: z.string().nullable(),
})

const methods = operation({
  noun: 'payments',
  verb: 'methods',
  summary: 'How credit can be bought, what is offered, and why a method is off.',
  method: 'GET',
  path: '/payments/methods',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({
    data: z.array(methodView),
    presets_usd: z.array(z.string()),
    bonuses: z.array(z.object({ from_usd: z.string(), percent: z.string() })),
  }),
  flags: [],
  render: ({ data }) =>
    `${table(
      ['METHOD', 'ON', 'CURRENCIES', 'WAYS', 'MIN USD', 'MAX USD'],
      data.map((one) => [
        one.method,
        one.on ? 'yes' : 'no',
        one.currencies.join(', '),
        one.ways.join(', '),
        one.min_usd,
        one.max_usd,
      ]),
    )}${data.flatMap(({ method, why }) => (why === null ? [] : [`${method} is off: ${why}\n`])).join('')}`,
  run: async (_input, { ports }) => {
    const { cashier, off } = ports.payments
    const shop = cashier.shop()
    const on = [...cashier.methods.values()].map((method) => {
      const counter = shop.counters.get(method.name)
      return {
        method: method.name,
        title: method.title,
        on: true,
        why: null,
        currencies: [...method.currencies],
        ways: [...method.ways],
        keeps_cards: method.keepsCards,
        min_usd: counter === undefined ? null : decimalOf(counter.minNanoUsd),
        max_usd: counter === undefined ? null : decimalOf(counter.maxNanoUsd),
      }
    })
    const without = [...off()].map(([method, why]) => ({
      method,
      title: method,
      on: false,
      why,
      currencies: [],
      ways: [],
      keeps_cards: false,
      min_usd: null,
      max_usd: null,
    }))
    return {
      data: [...on, ...without],
      presets_usd: shop.presetsNanoUsd.map((nano) => decimalOf(nano)),
      bonuses: shop.bonuses.map(({ fromNanoUsd, basisPoints }) => ({
        from_usd: decimalOf(fromNanoUsd),
        percent: decimalOf(basisPoints * 10_000_000n),
      })),
    }
  },
})

const quote = operation({
  noun: 'payments',
  verb: 'quote',
  summary: 'What credit would cost the payer, in the payer’s currency, before anything is ordered.',
  method: 'GET',
  path: '/payments/quote',
  scope: 'read',
  input: z.strictObject({
    usd: usdField().describe('The credit to buy, in USD.'),
    method: z.string().min(1).max(40).describe('How it would be paid.'),
    currency: currencyField().optional().describe('In which currency. Absent: the first of the method.'),
  }),
  output: priceView.extend({ method: z.string() }),
  flags: [{ field: 'usd', flag: '--usd <amount>', describe: 'The credit to buy, in USD.' }],
  render: (view) =>
    `${view.pay} ${view.currency} (of it fee ${view.fee}) for ${view.usd} USD of credit${view.bonus_usd === '0.00' ? '' : ` and ${view.bonus_usd} USD besides`}\n`,
  run: async (input, { ports, clock }) => {
    const { cashier } = ports.payments
    const method = methodOf(cashier, input.method)
    const wish = { creditNanoUsd: nanoOf(input.usd), currency: input.currency ?? null, way: null }
    return {
      ...viewOfPrice(offerOf(cashier.shop(), method, { ...wish, nowMs: clock.nowMs() }).terms),
      method: method.name,
    }
  },
})

const create = operation({
  noun: 'payments',
  verb: 'create',
  summary: 'Order credit for an account. The answer says how it is paid; the credit comes when it is.',
  method: 'POST',
  path: '/payments',
  scope: 'write',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    usd: usdField().describe('The credit to buy, in USD.'),
    method: z.string().min(1).max(40).describe('How it is paid: stripe, wechat, alipay, manual.'),
    way: z.string().min(1).max(40).optional().describe('Of the method: native, h5, jsapi; page, qr; checkout …'),
    currency: currencyField().optional().describe('In which currency. Absent: the first of the method.'),
    idempotency_key: idempotencyKeyField('order'),
    payer_address: z.string().max(64).optional().describe("The payer's network address: WeChat's H5 asks for it."),
    payer: z
      .string()
      .max(128)
      .optional()
      .describe("The payer as the wallet knows them (openid): WeChat's JSAPI asks for it."),
    return_url: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .optional()
      .describe("Where the payer's browser goes afterwards."),
    accept_terms: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('The version of the terms of sale that the payer has just accepted.'),
    keep_card: z.boolean().default(false).describe('Of a method that keeps cards: keep this one for automatic top-up.'),
  }),
  output: orderView,
  flags: [{ field: 'usd', flag: '--usd <amount>', describe: 'The credit to buy, in USD.' }],
  render: (view) => {
    const action = view.action as { readonly kind?: string } | null
    return `${view.id}: ${view.pay} ${view.currency} for ${view.usd} USD of credit, ${view.state}\n${JSON.stringify(action, null, 2)}\n`
  },
  run: async (input, context) => {
    const account = await accountNamed(input.account, context)
    // What came for it could only go back.
    if ((await balanceNow(account.id, context)).state === 'closed')
      throw new Problem('conflict', { ...saying('account_takes_no_credit', { account: account.id }), param: 'account' })
    if (input.accept_terms !== undefined) await acceptTerms(account.id, input.accept_terms, context)
    const order = await openOrder(context.ports.payments.cashier, {
      account: account.id,
      creditNanoUsd: nanoOf(input.usd),
      method: input.method,
      way: input.way ?? null,
      currency: input.currency ?? null,
      idempotencyKey: input.idempotency_key ?? null,
      actor: context.actor.name,
      trail: (made) =>
        trailRowOf(
          { operation: 'payments.create' as const, object: made.id, before: null, after: viewOfOrder(made) },
          context,
        ),
      payerAddress: input.payer_address ?? null,
      payer: input.payer ?? null,
      returnUrl: input.return_url ?? null,
      keepCard: input.keep_card,
      card: null,
    })
    return viewOfOrder(order)
  },
})

/** An order with what its account is called: people know no ids. */
const namedView = orderView.extend({ account_name: z.string().nullable() })

const list = operation({
  noun: 'payments',
  verb: 'list',
  summary: 'List orders, the oldest first unless the newest are asked for.',
  method: 'GET',
  path: '/payments',
  scope: 'read',
  input: z.strictObject({
    ...pageFields(100),
    first: firstField(),
    account: handleField().optional().describe('Only of this account: id or name.'),
    method: z.string().max(40).optional().describe('Only of this method.'),
    state: z.enum(orderStates).optional().describe('Only in this state.'),
    refund_requested: z
      .boolean()
      .default(false)
      .describe('Only those whose payer asks for the money back and has no answer yet.'),
  }),
  output: z.object({
    data: z.array(
      namedView.extend({
        refund_requested: z.boolean().describe('Its payer asks for the money back, without an answer yet.'),
      }),
    ),
    next: z.string().nullable(),
  }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'ACCOUNT', 'METHOD', 'STATE', 'PAY', 'USD', 'CREATED', 'NOTE'],
      data.map((one) => [
        one.id,
        one.account_name ?? one.account,
        one.method,
        one.refund_requested ? `${one.state}, refund asked for` : one.state,
        `${one.pay} ${one.currency}`,
        one.usd,
        one.created,
        one.note,
      ]),
    ),
  run: async (input, context) => {
    const account = input.account === undefined ? null : (await accountNamed(input.account, context)).id
    const { store } = context.ports.payments.cashier
    const asked = {
      limit: input.limit,
      after: input.after ?? null,
      newestFirst: input.first === 'newest',
      account,
      method: input.method ?? null,
      state: input.state ?? null,
    }
    // As many of those that ask, from the same place on: all that are on this page are among them.
    const asking = await store.orders({ ...asked, refundRequested: true })
    const orders = input.refund_requested ? asking : await store.orders(asked)
    const page = pageOf(orders, input.limit)
    const names = await accountNames(page.data, context)
    const askingIds = new Set(asking.map(({ id }) => id))
    const data = page.data.map((order) => ({
      ...viewOfOrder(order),
      account_name: names.get(order.account) ?? null,
      refund_requested: askingIds.has(order.id),
    }))
    return { data, next: page.next }
  },
})

const detailView = namedView.extend({
  by_hand: z.boolean().describe('A person says that it was paid, and that a refund has left.'),
  events: z.array(paymentEventView),
  refunds: z.array(refundView),
  refund_request: z
    .object({ time: z.string(), reason: z.string() })
    .nullable()
    .describe('The payer asks for the money back; null = nobody does, or it is answered.'),
  names: namesView(),
})

const detailOf = async (order: PaymentOrder, context: OperationContext): Promise<z.input<typeof detailView>> => {
  const { store, methods } = context.ports.payments.cashier
  const [events, refunds, accounts] = await Promise.all([
    store.paymentEvents(order.id),
    store.refundsOf(order.id),
    accountNames([order], context),
  ])
  const request = openRefundRequest(events)
  const told = events.map(({ detail }) => detail)
  const names = await idNames([order.confirmedBy, order.approvedBy, ...told], context)
  return {
    ...viewOfOrder(order),
    account_name: accounts.get(order.account) ?? null,
    by_hand: methods.get(order.method)?.asks === false,
    events: events.map(viewOfPaymentEvent),
    refunds: refunds.map(viewOfRefund),
    refund_request: request === null ? null : { time: rfc3339(request.timeMs), reason: request.detail ?? '' },
    names,
  }
}

const show = operation({
  noun: 'payments',
  verb: 'show',
  summary: 'One order with everything that happened to it.',
  method: 'GET',
  path: '/payments/{order}',
  scope: 'read',
  input: z.strictObject({ order: orderField() }),
  output: detailView,
  flags: [{ field: 'order', positional: true, describe: 'The order.' }],
  run: async ({ order }, context) => detailOf(await orderNamed(order, context), context),
})

const refresh = operation({
  noun: 'payments',
  verb: 'refresh',
  summary: 'Ask the processor now what became of an order, and take what it says.',
  method: 'POST',
  path: '/payments/{order}/refresh',
  scope: 'write',
  input: z.strictObject({ order: orderField() }),
  output: detailView,
  flags: [{ field: 'order', positional: true, describe: 'The order.' }],
  render: (view) => `${view.id} is ${view.state}\n`,
  run: async ({ order: id }, context) => {
    const order = await orderNamed(id, context)
    return detailOf(await askAndTake(context.ports.payments.cashier, order), context)
  },
})

const close = operation({
  noun: 'payments',
  verb: 'close',
  summary: 'End an order that is not paid, at the processor and here. One that was paid meanwhile is credited.',
  method: 'POST',
  path: '/payments/{order}/close',
  scope: 'write',
  input: z.strictObject({ order: orderField() }),
  output: orderView,
  flags: [{ field: 'order', positional: true, describe: 'The order.' }],
  render: (view) => `${view.id} is ${view.state}\n`,
  run: async ({ order: id }, context) => {
    const before = await orderNamed(id, context)
    if (before.paidMs !== null)
      throw new Problem('conflict', { ...saying('nothing_to_close', { id, state: before.state }), param: 'order' })
    const change = {
      operation: 'payments.close' as const,
      object: id,
      before: { state: before.state },
      after: { state: 'closed' },
    }
    const trail = trailRowOf(change, context)
    return viewOfOrder(await closeOrder(context.ports.payments.cashier, id, { actor: context.actor.name, trail }))
  },
})

const check = operation({
  noun: 'payments',
  verb: 'check',
  summary: 'Check a method without paying: keys, clock, address, a signed call that moves nothing.',
  method: 'GET',
  path: '/payments/methods/{method}/check',
  scope: 'read',
  input: z.strictObject({ method: z.string().min(1).max(40).describe('The method.') }),
  output: z.object({
    method: z.string(),
    ok: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
    by_hand: z.array(z.string()).describe('What only a real payment shows.'),
  }),
  flags: [{ field: 'method', positional: true, describe: 'The method.' }],
  failure: ({ ok, method }) => (ok ? null : `${method} is not ready to take payments`),
  // Not a table: a reason is read to its end.
  render: ({ checks, by_hand }) =>
    [
      ...checks.map((one) => `${one.ok ? 'ok ' : 'NO '} ${one.name}: ${one.detail}\n`),
      ...(by_hand.length === 0 ? [] : ['\nThen, with money:\n', ...by_hand.map((line) => `  [ ] ${line}\n`)]),
    ].join(''),
  run: async (input, { ports }) => {
    const { cashier, off } = ports.payments
    const why = off().get(input.method)
    if (why !== undefined)
      return {
        method: input.method,
        ok: false,
        checks: [{ name: 'configuration', ok: false, detail: why }],
        by_hand: [],
      }
    const method = methodOf(cashier, input.method)
    const { publicUrl } = cashier.shop()
    const own = method.notifies
      ? [
          {
            name: 'address',
            ok: publicUrl?.startsWith('https://') === true,
            detail:
              publicUrl === null
                ? 'server.public_url is not set: notices cannot come'
                : `${publicUrl}/payments/notice/${method.name}`,
          },
        ]
      : []
    const checks = [...own, ...(await tried(method))]
    return { method: method.name, ok: checks.every(({ ok }) => ok), checks, by_hand: byHand(method.notifies) }
  },
})

/** A call that fails is what a check is for: it is told as a line, beside what was found before. */
const tried = async (method: PaymentMethod): Promise<readonly CheckLine[]> => {
  try {
    return await method.check()
  } catch (thrown) {
    return [{ name: 'a signed call', ok: false, detail: asProblem(thrown).message }]
  }
}

const byHand = (notifies: boolean): string[] => [
  "order the least amount: 'drover payments create --account … --usd … --method …', and pay it",
  ...(notifies ? ["within a minute 'drover payments show ORDER' has an event 'notice', and says credited"] : []),
  "the account's balance has grown by the credit once, and 'drover ledger verify' is ok",
  "refund a part: 'drover payments refund ORDER --amount …' comes to state done, and the money arrives",
  ...(notifies ? ["the day after 'drover payments reconcile --date …' finds no difference"] : []),
]

/** Found by `billing show` too. */
export const listMethods = methods
export const listOrders = list

export const paymentOperations = [
  methods,
  quote,
  create,
  list,
  show,
  refresh,
  close,
  check,
  ...termsOperations,
] as const
