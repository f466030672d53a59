/**
 * Stripe's API as strict as the real one, with secrets of its own: it checks the key, reads bracketed forms, keeps idempotency keys and
 * refuses the same key with other fields, signs its events. From https://docs.stripe.com/api (from memory); interop/ drives it with
 * the official SDK.
 */

import { createHmac } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { Secret } from '#base/log.ts'
import type { RawNotice } from '#payment/method.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import { testCounter } from '#payment/test-cashier.ts'
import type { FakeHandler, FakeReply, FakeRequest, Paying } from './processor.ts'

type Settings = NonNullable<PaymentConfig['stripe']>
type Row = Record<string, unknown>

export type StripeNoticing = Paying & {
  readonly secret?: string
  readonly ageSeconds?: number
  readonly id?: string
  readonly type?: string
  readonly live?: boolean
  readonly object?: object
}

type DisputeEvent = `charge.dispute.${'created' | 'closed' | 'funds_withdrawn' | 'funds_reinstated'}`

export type StripeFake = {
  readonly handler: FakeHandler
  readonly settings: (api?: string) => Settings
  readonly secrets: { readonly key: string; readonly webhook: string }
  readonly sessions: ReadonlyMap<string, Row>
  readonly intents: Map<string, Row>
  readonly refunds: ReadonlyMap<string, Row>
  readonly sessionOf: (order: string) => Row
  readonly pay: (order: string, how?: Paying) => void
  readonly notice: (order: string, how?: StripeNoticing) => RawNotice
  readonly refundOutside: (order: string, amount: number) => string
  /** A refund that succeeded comes back; gives it as it is then. */
  readonly failRefund: (refund: string) => Row
  /** A payer's bank takes a payment back; gives the dispute. */
  readonly dispute: (order: string, status?: string) => string
  /** `returnedMinor`: of the fee, with the money of one that is won. */
  readonly decide: (dispute: string, status: string, returnedMinor?: number) => void
  readonly disputeNotice: (dispute: string, type: DisputeEvent) => RawNotice
  /** Until they are shown, a dispute has no movements: Stripe tells of it before its money has moved. */
  readonly withhold: (dispute: string) => readonly object[]
  readonly show: (dispute: string, movements: readonly object[]) => void
  refundsBecome: 'succeeded' | 'pending' | 'failed'
  /** Kept cards are refused from now on. */
  declines: boolean
  readonly broken: number[]
}

/** `a[b][0]=1` as an object; lists stay objects with numbers for names. */
export function fieldsOf(body: string): Row {
  const root: Row = {}
  for (const [path, value] of new URLSearchParams(body)) {
    const names = path.split(/[[\]]+/).filter((one) => one !== '')
    let place = root
    for (const name of names.slice(0, -1)) {
      place[name] ??= {}
      place = place[name] as Row
    }
    place[names.at(-1) ?? path] = value
  }
  return root
}

const row = (value: unknown): Row => (typeof value === 'object' && value !== null ? (value as Row) : {})

/** What Stripe keeps for a dispute, in cents. */
const disputeFee = 1500

/** One account in test mode. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a processor is one state, and each of its calls a function of its own below
export function stripeFake({ clock }: { readonly clock: Clock }): StripeFake {
  const [secretKey, webhookSecret] = ['sk_test_fake0123456789', 'whsec_fake0123456789abcdef']
  const [sessions, intents, refunds] = [new Map<string, Row>(), new Map<string, Row>(), new Map<string, Row>()]
  const [disputes, movements] = [new Map<string, Row>(), [] as Row[]]
  const idempotent = new Map<string, { readonly body: string; readonly reply: FakeReply }>()
  const broken: number[] = []
  let [counter, declines] = [0, false]
  let refundsBecome: 'succeeded' | 'pending' | 'failed' = 'succeeded'
  const seconds = (): number => Math.floor(clock.nowMs() / 1000)
  const next = (prefix: string): string => {
    counter += 1
    return `${prefix}_fake${counter}`
  }
  const json = (value: object, status = 200): FakeReply => ({
    status,
    headers: { 'content-type': 'application/json', 'request-id': next('req') },
    body: JSON.stringify(value),
  })
  const error = (status: number, code: string, more: object = {}): FakeReply =>
    json(
      { error: { type: status === 402 ? 'card_error' : 'invalid_request_error', code, message: code, ...more } },
      status,
    )
  const move = (type: string, source: Row, amount: number): void => {
    const fee = type === 'charge' ? Math.round(amount * 0.029) + 30 : 0
    movements.push({
      id: next('txn'),
      object: 'balance_transaction',
      type,
      amount,
      fee,
      currency: source['currency'],
      created: seconds(),
      source,
    })
  }

  const disputeMovement = (source: string, amount: number, fee: number): Row => {
    const movement: Row = {
      id: next('txn'),
      object: 'balance_transaction',
      type: 'adjustment',
      amount,
      fee,
      fee_details: fee === 0 ? [] : [{ amount: fee, currency: 'usd', description: 'Dispute fee', type: 'stripe_fee' }],
      net: amount - fee,
      currency: 'usd',
      created: seconds(),
      source,
    }
    movements.push(movement)
    return movement
  }

  const charge = (intent: Row): Row => ({
    id: next('ch'),
    object: 'charge',
    created: seconds(),
    amount: intent['amount_received'],
    currency: intent['currency'],
    payment_intent: intent['id'],
    metadata: intent['metadata'],
  })

  const createSession = (fields: Row): FakeReply => {
    const item = row(row(fields['line_items'])['0'])
    const price = row(item['price_data'])
    const ends = Number(fields['expires_at'])
    if (fields['mode'] !== 'payment' || !/^\d+$/.test(String(price['unit_amount'])) || item['quantity'] !== '1')
      return error(400, 'parameter_invalid')
    if (!(ends >= seconds() + 1800 && ends <= seconds() + 86_400)) return error(400, 'expires_at_invalid')
    if (typeof fields['success_url'] !== 'string') return error(400, 'parameter_missing')
    const id = next('cs_test')
    const session: Row = {
      id,
      object: 'checkout.session',
      livemode: false,
      status: 'open',
      payment_status: 'unpaid',
      url: `https://checkout.stripe.com/c/pay/${id}`,
      client_reference_id: fields['client_reference_id'],
      metadata: row(fields['metadata']),
      amount_total: Number(price['unit_amount']),
      currency: price['currency'],
      payment_intent: null,
      customer: fields['customer_creation'] === 'always' ? next('cus') : null,
      expires_at: ends,
    }
    sessions.set(id, session)
    return json(session)
  }

  const createIntent = (fields: Row): FakeReply => {
    const id = next('pi')
    const intent: Row = {
      id,
      object: 'payment_intent',
      livemode: false,
      amount: Number(fields['amount']),
      amount_received: 0,
      currency: fields['currency'],
      customer: fields['customer'],
      payment_method: fields['payment_method'],
      metadata: row(fields['metadata']),
      status: 'requires_payment_method',
    }
    intents.set(id, intent)
    if (fields['off_session'] !== 'true' || fields['confirm'] !== 'true') return error(400, 'parameter_invalid')
    if (declines) return error(402, 'card_declined', { payment_intent: intent })
    intent['status'] = 'succeeded'
    intent['amount_received'] = intent['amount']
    const made = charge(intent)
    intent['latest_charge'] = made
    move('charge', made, Number(intent['amount']))
    return json(intent)
  }

  const addRefund = (intent: Row, amount: number, metadata: Row): Row => {
    const refund: Row = {
      id: next('re'),
      object: 'refund',
      amount,
      currency: intent['currency'],
      payment_intent: intent['id'],
      status: refundsBecome,
      metadata,
      ...(refundsBecome === 'failed' ? { failure_reason: 'expired_or_canceled_card' } : {}),
    }
    refunds.set(String(refund['id']), refund)
    if (refundsBecome !== 'failed') move('refund', refund, -amount)
    return refund
  }
  const createRefund = (fields: Row): FakeReply => {
    const intent = intents.get(String(fields['payment_intent']))
    if (intent === undefined || intent['status'] !== 'succeeded') return error(400, 'resource_missing')
    const gone = [...refunds.values()]
      .filter((one) => one['payment_intent'] === intent['id'] && one['status'] !== 'failed')
      .reduce((sum, one) => sum + Number(one['amount']), 0)
    if (gone + Number(fields['amount']) > Number(intent['amount_received']))
      return error(400, 'charge_already_refunded')
    return json(addRefund(intent, Number(fields['amount']), row(fields['metadata'])))
  }

  const shown = (object: Row, url: URL): Row => {
    const wanted = [...url.searchParams].filter(([name]) => name.startsWith('expand')).map(([, value]) => value)
    const copy = { ...object }
    const intent = intents.get(String(object['payment_intent']))
    if (wanted.includes('payment_intent') && intent !== undefined) copy['payment_intent'] = intent
    if (wanted.includes('payment_method'))
      copy['payment_method'] = { id: 'pm_fake1', object: 'payment_method', card: { last4: '4242' } }
    return copy
  }

  const post = ({ url, body }: FakeRequest): FakeReply => {
    const fields = fieldsOf(body)
    if (url.pathname === '/v1/checkout/sessions') return createSession(fields)
    if (url.pathname === '/v1/payment_intents') return createIntent(fields)
    if (url.pathname === '/v1/refunds') return createRefund(fields)
    const [, session] = /^\/v1\/checkout\/sessions\/([^/]+)\/expire$/.exec(url.pathname) ?? []
    const found = session === undefined ? undefined : sessions.get(session)
    if (found !== undefined) {
      if (found['status'] !== 'open') return error(400, 'resource_missing')
      found['status'] = 'expired'
      return json(found)
    }
    const [, intent] = /^\/v1\/payment_intents\/([^/]+)\/cancel$/.exec(url.pathname) ?? []
    const cancelled = intent === undefined ? undefined : intents.get(intent)
    if (cancelled === undefined) return error(404, 'resource_missing')
    if (cancelled['status'] === 'succeeded') return error(400, 'payment_intent_unexpected_state')
    cancelled['status'] = 'canceled'
    return json(cancelled)
  }

  const list = (data: readonly Row[], url: URL): FakeReply => {
    const limit = Number(url.searchParams.get('limit') ?? '10')
    const after = url.searchParams.get('starting_after')
    const from = after === null ? 0 : data.findIndex((one) => one['id'] === after) + 1
    return json({ object: 'list', data: data.slice(from, from + limit), has_more: from + limit < data.length })
  }

  const get = ({ url }: FakeRequest): FakeReply => {
    const [, kind = '', id] =
      /^\/v1\/(checkout\/sessions|payment_intents|refunds|disputes)\/([^/]+)$/.exec(url.pathname) ?? []
    const tables: Readonly<Record<string, ReadonlyMap<string, Row>>> = {
      'checkout/sessions': sessions,
      payment_intents: intents,
      refunds,
      disputes,
    }
    if (id !== undefined && id !== 'search') {
      const object = tables[kind]?.get(id)
      return object === undefined ? error(404, 'resource_missing') : json(shown(object, url))
    }
    if (url.pathname === '/v1/payment_intents/search') {
      const named = /^metadata\['order'\]:'(\w+)'$/.exec(url.searchParams.get('query') ?? '')?.[1]
      return list(
        [...intents.values()].filter((one) => row(one['metadata'])['order'] === named),
        url,
      )
    }
    if (url.pathname === '/v1/refunds')
      return list(
        [...refunds.values()].filter((one) => one['payment_intent'] === url.searchParams.get('payment_intent')),
        url,
      )
    if (url.pathname === '/v1/balance') return json({ object: 'balance', livemode: false, available: [] })
    if (url.pathname === '/v1/balance_transactions') {
      const [from, until] = [Number(url.searchParams.get('created[gte]')), Number(url.searchParams.get('created[lt]'))]
      return list(
        movements.filter((one) => Number(one['created']) >= from && Number(one['created']) < until),
        url,
      )
    }
    return error(404, 'resource_missing')
  }

  const answer = (request: FakeRequest): FakeReply => {
    const { method, headers, body } = request
    if (headers['authorization'] !== `Bearer ${secretKey}`) return error(401, 'invalid_api_key')
    if (method === 'GET') return get(request)
    const key = headers['idempotency-key']
    if (key === undefined) return post(request)
    const before = idempotent.get(key)
    const asked = `${request.url.pathname} ${body}`
    if (before !== undefined)
      return before.body === asked
        ? before.reply
        : json({ error: { type: 'idempotency_error', message: 'other parameters' } }, 400)
    const reply = post(request)
    idempotent.set(key, { body: asked, reply })
    return reply
  }

  const sessionOf = (order: string): Row => {
    const found = [...sessions.values()].find((one) => one['client_reference_id'] === order)
    if (found === undefined) throw new Error(`the fake has no order ${order}`)
    return found
  }
  const eventOf = (type: string, object: object, how: StripeNoticing): RawNotice => {
    const body = JSON.stringify({
      id: how.id ?? next('evt'),
      object: 'event',
      type,
      livemode: how.live ?? false,
      created: seconds(),
      data: { object },
    })
    const time = seconds() - (how.ageSeconds ?? 0)
    const signature = createHmac('sha256', how.secret ?? webhookSecret)
      .update(`${time}.${body}`)
      .digest('hex')
    return {
      headers: { 'content-type': 'application/json', 'stripe-signature': `t=${time},v1=${signature},v0=old` },
      bytes: Buffer.from(body),
    }
  }

  return {
    sessions,
    intents,
    refunds,
    broken,
    sessionOf,
    secrets: { key: secretKey, webhook: webhookSecret },
    get refundsBecome() {
      return refundsBecome
    },
    set refundsBecome(status) {
      refundsBecome = status
    },
    get declines() {
      return declines
    },
    set declines(value) {
      declines = value
    },
    settings: (api) => ({
      ...testCounter,
      secretKey: new Secret(secretKey),
      webhookSecret: new Secret(webhookSecret),
      currencies: ['USD', 'CNY'],
      ways: ['checkout', 'alipay', 'wechat_pay'],
      api: api ?? null,
    }),
    handler: (request) => {
      const status = broken.shift()
      return status === undefined ? answer(request) : { status, body: '{"error":{"type":"api_error"}}' }
    },
    pay: (order, how = {}) => {
      const session = sessionOf(order)
      const id = how.transaction ?? next('pi')
      const intent: Row = {
        id,
        object: 'payment_intent',
        livemode: false,
        amount: session['amount_total'],
        amount_received: how.amountMinor ?? session['amount_total'],
        currency: (how.currency ?? String(session['currency'])).toLowerCase(),
        metadata: session['metadata'],
        payment_method: 'pm_fake1',
        status: 'succeeded',
      }
      // Told of again, the payment moves the balance no second time: what differs is what the bill says now.
      const known = row(intents.get(id))['latest_charge']
      const made = Object.assign(row(known ?? charge(intent)), { amount: intent['amount_received'] })
      intent['latest_charge'] = made
      intents.set(id, intent)
      if (known === undefined) move('charge', made, Number(intent['amount_received']))
      Object.assign(session, {
        status: 'complete',
        payment_status: 'paid',
        payment_intent: id,
        amount_total: intent['amount_received'],
        currency: intent['currency'],
        livemode: how.seller === 'live',
        ...(how.order === undefined ? {} : { metadata: { order: how.order } }),
      })
    },
    notice: (order, how = {}) => {
      const found = [...sessions.values()].find((one) => one['client_reference_id'] === order)
      const named = how.order === undefined ? {} : { metadata: { order: how.order }, client_reference_id: how.order }
      const object = how.object ?? { ...(found ?? { id: 'cs_none', metadata: { order } }), ...named }
      return eventOf(how.type ?? 'checkout.session.completed', object, how)
    },
    refundOutside: (order, amount) => {
      const intent = intents.get(String(sessionOf(order)['payment_intent']))
      return String(addRefund(row(intent), amount, {})['id'])
    },
    failRefund: (id) => {
      const refund = row(refunds.get(id))
      Object.assign(refund, { status: 'failed', failure_reason: 'expired_or_canceled_card' })
      move('refund_failure', refund, Number(refund['amount']))
      return refund
    },
    dispute: (order, status = 'needs_response') => {
      const intent = row(intents.get(String(sessionOf(order)['payment_intent'])))
      const id = next('dp')
      const isInquiry = status.startsWith('warning_')
      disputes.set(id, {
        id,
        object: 'dispute',
        amount: intent['amount_received'],
        currency: intent['currency'],
        payment_intent: intent['id'],
        status,
        metadata: {},
        balance_transactions: isInquiry ? [] : [disputeMovement(id, -Number(intent['amount_received']), disputeFee)],
      })
      return id
    },
    decide: (dispute, status, returnedMinor = 0) => {
      const found = disputes.get(dispute)
      if (found === undefined) return
      found['status'] = status
      const movements = found['balance_transactions'] as Row[]
      if (status === 'won') movements.push(disputeMovement(dispute, Number(found['amount']), -returnedMinor))
    },
    withhold: (dispute) => {
      const found = row(disputes.get(dispute))
      const movements = found['balance_transactions'] as Row[]
      found['balance_transactions'] = []
      return movements
    },
    show: (dispute, movements) => {
      row(disputes.get(dispute))['balance_transactions'] = [...movements]
    },
    disputeNotice: (dispute, type) => eventOf(type, row(disputes.get(dispute)), {}),
  }
}
