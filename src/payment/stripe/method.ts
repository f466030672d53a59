/** Stripe: its own page for cards and wallets (Checkout), and cards that are kept and charged later. */

import { Buffer } from 'node:buffer'
import { Problem } from '#base/problem.ts'
import type { AskGround } from '#payment/ask.ts'
import { objectAt, textAt, wholeAt } from '#payment/ask.ts'
import type { BeginRequest, Begun, BillLine, Hint, KeptCard, PaymentMethod, RefundSeen } from '#payment/method.ts'
import type { Seen } from '#payment/order-machine.ts'
import type { PaymentOrder, PaymentRefund } from '#payment/port.ts'
import { minorOf, nanoOfMinor } from '#payment/price.ts'
import type { StripeClient, StripeSettings } from './client.ts'
import { stripeClient } from './client.ts'
import { disputeHint, orderOf } from './dispute.ts'

type Fields = Readonly<Record<string, unknown>>
type Ground = { readonly settings: StripeSettings; readonly client: StripeClient; readonly clock: AskGround['clock'] }

const dayMs = 86_400_000
/**
 * Checkout takes ends between 30 minutes and a day ahead. Ours is counted from the order, not from now: asked for again, the page must
 * be asked for with the same fields. It outlives the order, which is ended at Stripe when its own time is over.
 */
const sessionSecondsMin = 60 * 60
const sessionSecondsMax = 86_000
const pageRowsMax = 100
const pagesMax = 1000

const listIn = (object: Fields): readonly Fields[] =>
  Array.isArray(object['data'])
    ? object['data'].filter((one): one is Fields => typeof one === 'object' && one !== null)
    : []

const cardsOf: Readonly<Record<string, string>> = { checkout: 'card', alipay: 'alipay', wechat_pay: 'wechat_pay' }

const endSeconds = (order: PaymentOrder): number => {
  const madeSeconds = Math.floor(order.createdMs / 1000)
  const wanted = Math.ceil(order.expiresMs / 1000)
  return Math.min(Math.max(wanted, madeSeconds + sessionSecondsMin), madeSeconds + sessionSecondsMax)
}

const beginSession = async (ground: Ground, order: PaymentOrder, request: BeginRequest): Promise<Begun> => {
  const back = request.returnUrl
  if (back === null)
    throw new Problem('conflict', {
      message: 'Stripe needs an address to return to: set server.public_url or give return_url.',
    })
  const metadata = { order: order.id, account: order.account, ...(request.keepCard ? { keep_card: 'yes' } : {}) }
  const way = cardsOf[order.way] ?? 'card'
  const session = await ground.client.post(
    '/v1/checkout/sessions',
    {
      mode: 'payment',
      client_reference_id: order.id,
      metadata,
      payment_method_types: [way],
      ...(way === 'wechat_pay' ? { payment_method_options: { wechat_pay: { client: 'web' } } } : {}),
      line_items: [
        {
          quantity: 1,
          price_data: {
            currency: order.currency.toLowerCase(),
            unit_amount: minorOf(order.payNano).toString(),
            product_data: { name: request.description },
          },
        },
      ],
      payment_intent_data: { metadata, ...(request.keepCard ? { setup_future_usage: 'off_session' } : {}) },
      ...(request.keepCard ? { customer_creation: 'always' } : {}),
      expires_at: endSeconds(order),
      success_url: back,
      cancel_url: back,
    },
    order.id,
  )
  const [id, url] = [textAt(session, 'id'), textAt(session, 'url')]
  if (id === null || url === null)
    throw new Problem('upstream_error', { message: 'Stripe has made no page for the order.' })
  return { processorId: id, action: { kind: 'redirect', url } }
}

/** A kept card, without the payer: charged at once, or refused at once. */
const chargeCard = async (
  { client }: Ground,
  order: PaymentOrder,
  card: NonNullable<BeginRequest['card']>,
): Promise<Begun> => {
  const intent = await client.post(
    '/v1/payment_intents',
    {
      amount: minorOf(order.payNano).toString(),
      currency: order.currency.toLowerCase(),
      customer: card.customer,
      payment_method: card.card,
      off_session: true,
      confirm: true,
      metadata: { order: order.id, account: order.account },
    },
    order.id,
  )
  return { processorId: textAt(intent, 'id'), action: { kind: 'none' } }
}

const faultOf = ({ client }: Ground, order: PaymentOrder, object: Fields): string | null => {
  if (object['livemode'] !== client.isLive) return client.isLive ? 'paid in test mode' : 'paid in live mode'
  return textAt(objectAt(object, 'metadata'), 'order') === order.id ? null : 'paid for another order'
}

const paidMsOf = ({ clock }: Ground, intent: Fields | null): number => {
  const created = wholeAt(objectAt(intent, 'latest_charge'), 'created')
  return created === null ? clock.nowMs() : created * 1000
}

type Paid = {
  readonly object: Fields
  readonly intent: Fields | null
  readonly transaction: string | null
  readonly total: number | null
}

const paidSeen = (ground: Ground, order: PaymentOrder, { object, intent, transaction, total }: Paid): Seen => {
  if (transaction === null || total === null)
    throw new Problem('upstream_error', { message: 'Stripe says that an order is paid, and not how much or by what.' })
  return {
    kind: 'paid',
    transaction,
    amountNano: nanoOfMinor(BigInt(total)),
    currency: (textAt(object, 'currency') ?? '').toUpperCase(),
    paidMs: paidMsOf(ground, intent),
    fault: faultOf(ground, order, object),
  }
}

const querySession = async (ground: Ground, order: PaymentOrder, id: string): Promise<Seen> => {
  const query = 'expand[0]=payment_intent&expand[1]=payment_intent.latest_charge'
  const session = await ground.client.get(`/v1/checkout/sessions/${encodeURIComponent(id)}?${query}`)
  if (textAt(session, 'payment_status') === 'paid') {
    const intent = objectAt(session, 'payment_intent')
    const transaction = textAt(intent, 'id') ?? textAt(session, 'payment_intent')
    return paidSeen(ground, order, { object: session, intent, transaction, total: wholeAt(session, 'amount_total') })
  }
  return { kind: textAt(session, 'status') === 'expired' ? 'closed' : 'unpaid' }
}

const queryIntent = async (ground: Ground, order: PaymentOrder, id: string): Promise<Seen> => {
  const intent = await ground.client.get(`/v1/payment_intents/${encodeURIComponent(id)}?expand[0]=latest_charge`)
  const status = textAt(intent, 'status')
  if (status === 'succeeded')
    return paidSeen(ground, order, {
      object: intent,
      intent,
      transaction: id,
      total: wholeAt(intent, 'amount_received'),
    })
  return { kind: status === 'canceled' || status === 'requires_payment_method' ? 'closed' : 'unpaid' }
}

/** A charge whose answer was lost: it is found by the order that it names. */
const findIntent = async ({ client }: Ground, order: PaymentOrder): Promise<string | null> => {
  const text = encodeURIComponent(`metadata['order']:'${order.id}'`)
  return textAt(listIn(await client.get(`/v1/payment_intents/search?query=${text}`))[0], 'id')
}

const query = async (ground: Ground, order: PaymentOrder): Promise<Seen> => {
  const processorId = order.processorId ?? (order.way === 'auto' ? await findIntent(ground, order) : null)
  // What was never begun has no address that anybody could pay at.
  if (processorId === null) return { kind: ground.clock.nowMs() >= order.expiresMs ? 'closed' : 'unpaid' }
  return order.way === 'auto' ? queryIntent(ground, order, processorId) : querySession(ground, order, processorId)
}

const isOver = (thrown: unknown): boolean => thrown instanceof Problem && thrown.detail.facts?.['status_code'] === 400

const close = async ({ client }: Ground, { processorId, way }: PaymentOrder): Promise<void> => {
  if (processorId === null) return
  const id = encodeURIComponent(processorId)
  try {
    await client.post(way === 'auto' ? `/v1/payment_intents/${id}/cancel` : `/v1/checkout/sessions/${id}/expire`, {})
  } catch (thrown) {
    // Paid or ended meanwhile: the question that follows says which.
    if (!isOver(thrown)) throw thrown
  }
}

const refundSeen = (refund: Fields): RefundSeen => {
  const processorId = textAt(refund, 'id')
  const status = textAt(refund, 'status')
  if (status === 'succeeded') return { kind: 'done', processorId }
  if (status === 'failed' || status === 'canceled')
    return { kind: 'failed', why: textAt(refund, 'failure_reason') ?? status }
  return { kind: 'sent', processorId }
}

const sendRefund = async ({ client }: Ground, order: PaymentOrder, refund: PaymentRefund): Promise<RefundSeen> => {
  try {
    const fields = {
      payment_intent: order.transaction,
      amount: minorOf(refund.amountNano).toString(),
      metadata: { refund: refund.id, order: order.id },
    }
    return refundSeen(await client.post('/v1/refunds', fields, refund.id))
  } catch (thrown) {
    if (isOver(thrown) && thrown instanceof Problem) return { kind: 'failed', why: thrown.message }
    throw thrown
  }
}

const queryRefund = async (ground: Ground, order: PaymentOrder, refund: PaymentRefund): Promise<RefundSeen> =>
  refund.processorId === null
    ? sendRefund(ground, order, refund)
    : refundSeen(await ground.client.get(`/v1/refunds/${encodeURIComponent(refund.processorId)}`))

/** A refund that succeeded may fail later, and its money is on our balance again: https://docs.stripe.com/refunds#failed-refunds (from memory). */
const askAgain = async ({ client }: Ground, { processorId }: PaymentRefund, named: string): Promise<RefundSeen> =>
  refundSeen(await client.get(`/v1/refunds/${encodeURIComponent(processorId ?? named)}`))

const refunds = async ({ client }: Ground, { transaction }: PaymentOrder) => {
  if (transaction === null) return []
  const list = await client.get(`/v1/refunds?payment_intent=${encodeURIComponent(transaction)}&limit=${pageRowsMax}`)
  return listIn(list).flatMap((refund) => {
    const [id, amount] = [textAt(refund, 'id'), wholeAt(refund, 'amount')]
    if (id === null || amount === null || textAt(refund, 'status') !== 'succeeded') return []
    return [
      { id: textAt(objectAt(refund, 'metadata'), 'refund'), processorId: id, amountNano: nanoOfMinor(BigInt(amount)) },
    ]
  })
}

/** The card that a payer has left, as Stripe has it now. */
const cardOf = async ({ client }: Ground, session: Fields): Promise<KeptCard | null> => {
  const [customer, intent] = [textAt(session, 'customer'), textAt(session, 'payment_intent')]
  if (textAt(objectAt(session, 'metadata'), 'keep_card') !== 'yes' || customer === null || intent === null) return null
  const found = await client.get(`/v1/payment_intents/${encodeURIComponent(intent)}?expand[0]=payment_method`)
  const method = objectAt(found, 'payment_method')
  const card = textAt(method, 'id')
  return card === null ? null : { customer, card, ending: textAt(objectAt(method, 'card'), 'last4') ?? '????' }
}

const readNotice = async (ground: Ground, event: Fields): Promise<Hint> => {
  const id = textAt(event, 'id') ?? 'none'
  const type = textAt(event, 'type') ?? ''
  const object = objectAt(objectAt(event, 'data'), 'object')
  if (object === null) return { kind: 'nothing', id, why: type.slice(0, 60) }
  if (type.startsWith('charge.dispute.')) return disputeHint(ground.client, id, object)
  const order = await orderOf(ground.client, object)
  if (order === null) return { kind: 'nothing', id, why: `${type.slice(0, 60)} about no order of ours` }
  if (type === 'charge.refunded' || type.startsWith('refund.') || type === 'charge.refund.updated')
    return { kind: 'refund', id, refund: textAt(object, 'id'), order }
  if (type === 'checkout.session.completed') {
    const card = await cardOf(ground, object)
    return { kind: 'order', id, order, ...(card === null ? {} : { card }) }
  }
  if (type.startsWith('checkout.session.') || type.startsWith('payment_intent.')) return { kind: 'order', id, order }
  return { kind: 'nothing', id, why: type.slice(0, 60) }
}

const billLine = (transaction: Fields): readonly BillLine[] => {
  const source = objectAt(transaction, 'source')
  const type = textAt(transaction, 'type') ?? ''
  // One that came back moves the balance once more, the other way round: https://docs.stripe.com/reports/balance-transaction-types (from memory).
  const isReturned = type === 'refund_failure'
  const isRefund = isReturned || type === 'refund' || type === 'payment_refund'
  const amount = wholeAt(source, 'amount')
  if ((!isRefund && type !== 'charge' && type !== 'payment') || source === null || amount === null) return []
  const metadata = objectAt(source, 'metadata')
  const fee = wholeAt(transaction, 'fee')
  const currency = (textAt(source, 'currency') ?? '').toUpperCase()
  const isSame = textAt(transaction, 'currency')?.toUpperCase() === currency
  const nano = nanoOfMinor(BigInt(amount))
  return [
    {
      kind: isRefund ? 'refund' : 'payment',
      id: textAt(metadata, isRefund ? 'refund' : 'order') ?? '',
      transaction: isRefund ? (textAt(source, 'id') ?? '') : (textAt(source, 'payment_intent') ?? ''),
      amountNano: isRefund && !isReturned ? -nano : nano,
      currency,
      feeNano: fee === null || !isSame ? null : nanoOfMinor(BigInt(fee)),
    },
  ]
}

/** What moved the balance on a day of UTC. */
const bill = async ({ client }: Ground, day: string): Promise<readonly BillLine[]> => {
  const from = Date.parse(`${day}T00:00:00Z`) / 1000
  const found: BillLine[] = []
  let after: string | null = null
  for (let page = 0; page < pagesMax; page += 1) {
    const query = `created[gte]=${from}&created[lt]=${from + 86_400}&limit=${pageRowsMax}&expand[0]=data.source`
    const list: Fields = await client.get(
      `/v1/balance_transactions?${query}${after === null ? '' : `&starting_after=${after}`}`,
    )
    const rows = listIn(list)
    found.push(...rows.flatMap(billLine))
    after = textAt(rows.at(-1), 'id')
    if (list['has_more'] !== true || after === null) return found
  }
  throw new Problem('upstream_error', {
    message: `Stripe has more than ${pagesMax * pageRowsMax} movements on ${day}.`,
  })
}

const check = async ({ client }: Ground) => {
  const balance = await client.get('/v1/balance')
  const isSame = balance['livemode'] === client.isLive
  return [
    { name: 'secret key', ok: true, detail: client.isLive ? 'live' : 'test mode: no money moves' },
    { name: 'mode', ok: isSame, detail: isSame ? 'as the key says' : 'the API answers in the other mode' },
  ]
}

/** The method over a way to the network. */
export const stripeMethod = (settings: StripeSettings, parts: AskGround): PaymentMethod => {
  const ground: Ground = { settings, client: stripeClient(settings, parts), clock: parts.clock }
  return {
    name: 'stripe',
    title: 'Stripe',
    currencies: settings.currencies,
    ways: settings.ways,
    notifies: true,
    asks: true,
    keepsCards: true,
    bills: true,
    begin: (order, request) =>
      request.card === null ? beginSession(ground, order, request) : chargeCard(ground, order, request.card),
    readNotice: async (notice, nowMs) => readNotice(ground, ground.client.event(notice, nowMs)),
    taken: { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from('{"received":true}') },
    refused: (status, message) => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ error: { message: message.slice(0, 200) } })),
    }),
    query: (order) => query(ground, order),
    close: (order) => close(ground, order),
    refund: (order, refund) => sendRefund(ground, order, refund),
    queryRefund: (order, refund) => queryRefund(ground, order, refund),
    refunds: (order) => refunds(ground, order),
    askAgain: (_order, refund, named) => askAgain(ground, refund, named),
    bill: (day) => bill(ground, day),
    dayOf: (day) => {
      const fromMs = Date.parse(`${day}T00:00:00Z`)
      return { fromMs, untilMs: fromMs + dayMs }
    },
    check: () => check(ground),
    end: async () => {},
  }
}
