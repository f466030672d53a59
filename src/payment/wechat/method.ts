/** WeChat Pay v3: QR codes (Native), phone browsers (H5), WeChat's own browser (JSAPI). */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { AskGround } from '#payment/ask.ts'
import { objectAt, objectIn, textAt, wholeAt } from '#payment/ask.ts'
import type { Action, BeginRequest, Hint, PaymentMethod, RefundSeen } from '#payment/method.ts'
import type { Seen } from '#payment/order-machine.ts'
import type { PaymentOrder, PaymentRefund } from '#payment/port.ts'
import { minorOf, nanoOfMinor } from '#payment/price.ts'
import { readBill } from './bill.ts'
import type { WechatAnswer, WechatClient, WechatSettings } from './client.ts'
import { wechatClient } from './client.ts'
import { scriptParameters } from './sign.ts'

const dayMs = 86_400_000
const descriptionLengthMax = 127

type Ground = { readonly settings: WechatSettings; readonly client: WechatClient; readonly clock: AskGround['clock'] }

/** 2026-11-29T10:00:00+08:00: WeChat counts in Beijing time. */
const beijing = (timeMs: number): string => `${new Date(timeMs + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`

const codeOf = ({ object }: WechatAnswer): string => textAt(object, 'code') ?? 'UNKNOWN'

const refused = (what: string, answer: WechatAnswer): Problem =>
  new Problem('upstream_error', {
    message:
      `WeChat Pay refused ${what}: ${codeOf(answer)} ${(textAt(answer.object, 'message') ?? '').slice(0, 200)}`.trim(),
    facts: { status_code: answer.status, code: codeOf(answer) },
  })

const needed = (value: string | null, what: string): string => {
  if (value !== null) return value
  throw new Problem('invalid_request_error', { message: `This way of WeChat Pay needs ${what}.`, param: what })
}

/** WeChat Pay answers PARAM_ERROR to an address without TLS, and does not say which parameter it means. */
const secureUrl = (url: string): string => {
  if (url.startsWith('https://')) return url
  throw new Problem('invalid_request_error', {
    message: `WeChat Pay tells of payments over https only, and server.public_url leads to ${url}. Give it the https:// address of this server.`,
    param: 'server.public_url',
  })
}

const bodyOf = ({ settings }: Ground, order: PaymentOrder, request: BeginRequest): Record<string, unknown> => ({
  appid: settings.appId,
  mchid: settings.merchantId,
  description: request.description.slice(0, descriptionLengthMax),
  out_trade_no: order.id,
  time_expire: beijing(order.expiresMs),
  notify_url: secureUrl(needed(request.notifyUrl, 'server.public_url')),
  amount: { total: Number(minorOf(order.payNano)), currency: 'CNY' },
})

const begin = async (ground: Ground, order: PaymentOrder, request: BeginRequest): Promise<Action> => {
  const { client, settings } = ground
  const body = bodyOf(ground, order, request)
  const post = async (way: string, more: object, field: string): Promise<string> => {
    const answer = await client.call('POST', `/v3/pay/transactions/${way}`, { ...body, ...more })
    const value = textAt(answer.object, field)
    if (answer.status !== 200 || value === null) throw refused('the order', answer)
    return value
  }
  if (order.way === 'h5') {
    const address = needed(request.payerAddress, 'payer_address')
    const url = await post('h5', { scene_info: { payer_client_ip: address, h5_info: { type: 'Wap' } } }, 'h5_url')
    const back = request.returnUrl === null ? '' : `&redirect_url=${encodeURIComponent(request.returnUrl)}`
    return { kind: 'redirect', url: `${url}${back}` }
  }
  if (order.way === 'jsapi') {
    const prepayId = await post('jsapi', { payer: { openid: needed(request.payer, 'payer') } }, 'prepay_id')
    const pay = { appId: settings.appId, prepayId, timestamp: client.timestamp(), nonce: client.nonce() }
    return { kind: 'script', parameters: scriptParameters(pay, client.merchantKey) }
  }
  return { kind: 'qr', content: await post('native', {}, 'code_url') }
}

/** What of a transaction is not ours; `null` = nothing. */
const faultOf = ({ settings }: Ground, order: Pick<PaymentOrder, 'id'>, transaction: object): string | null => {
  if (textAt(transaction, 'appid') !== settings.appId) return 'paid to another app'
  if (textAt(transaction, 'mchid') !== settings.merchantId) return 'paid to another merchant'
  return textAt(transaction, 'out_trade_no') === order.id ? null : 'paid for another order'
}

const seenOf = (ground: Ground, order: PaymentOrder, transaction: Readonly<Record<string, unknown>>): Seen => {
  const state = textAt(transaction, 'trade_state')
  if (state === 'CLOSED' || state === 'REVOKED') return { kind: 'closed' }
  if (state !== 'SUCCESS' && state !== 'REFUND') return { kind: 'unpaid' }
  const amount = objectAt(transaction, 'amount')
  const total = wholeAt(amount, 'total')
  const id = textAt(transaction, 'transaction_id')
  if (total === null || id === null)
    throw new Problem('upstream_error', { message: 'WeChat Pay says that an order is paid, and not how much.' })
  const paidMs = Date.parse(textAt(transaction, 'success_time') ?? '')
  return {
    kind: 'paid',
    transaction: id,
    amountNano: nanoOfMinor(BigInt(total)),
    currency: textAt(amount, 'currency') ?? 'CNY',
    paidMs: Number.isNaN(paidMs) ? ground.clock.nowMs() : paidMs,
    fault: faultOf(ground, order, transaction),
  }
}

const query = async (ground: Ground, order: PaymentOrder): Promise<Seen> => {
  const path = `/v3/pay/transactions/out-trade-no/${order.id}?mchid=${ground.settings.merchantId}`
  const answer = await ground.client.call('GET', path)
  if (answer.status === 200) return seenOf(ground, order, answer.object)
  if (answer.status !== 404) throw refused('the question for an order', answer)
  // Never begun there: it can still be, until its time is over.
  return { kind: ground.clock.nowMs() >= order.expiresMs ? 'closed' : 'unpaid' }
}

const close = async ({ client, settings }: Ground, order: PaymentOrder): Promise<void> => {
  const path = `/v3/pay/transactions/out-trade-no/${order.id}/close`
  const answer = await client.call('POST', path, { mchid: settings.merchantId })
  const isOver = ['ORDERPAID', 'ORDER_CLOSED', 'ORDERNOTEXIST', 'ORDER_NOT_EXIST'].includes(codeOf(answer))
  if (answer.status !== 204 && !isOver) throw refused('to close an order', answer)
}

const refundSeen = ({ object }: WechatAnswer): RefundSeen => {
  const processorId = textAt(object, 'refund_id')
  const status = textAt(object, 'status')
  if (status === 'SUCCESS') return { kind: 'done', processorId }
  if (status === 'CLOSED') return { kind: 'failed', why: 'WeChat Pay has closed the refund' }
  if (status === 'ABNORMAL')
    return {
      kind: 'sent',
      processorId,
      note: "the payer's account cannot take it: finish the refund in the merchant platform",
    }
  return { kind: 'sent', processorId }
}

const sendRefund = async ({ client }: Ground, order: PaymentOrder, refund: PaymentRefund): Promise<RefundSeen> => {
  const answer = await client.call('POST', '/v3/refund/domestic/refunds', {
    out_trade_no: order.id,
    out_refund_no: refund.id,
    reason: refund.reason.slice(0, 80),
    amount: {
      refund: Number(minorOf(refund.amountNano)),
      total: Number(minorOf(order.paidNano ?? order.payNano)),
      currency: 'CNY',
    },
  })
  if (answer.status === 200) return refundSeen(answer)
  // Not enough money, frequency: to be sent again. What can never succeed comes back as credit.
  if (['INVALID_REQUEST', 'PARAM_ERROR', 'RESOURCE_NOT_EXISTS', 'MCH_NOT_EXISTS'].includes(codeOf(answer)))
    return { kind: 'failed', why: refused('the refund', answer).message }
  throw refused('the refund', answer)
}

const queryRefund = async (ground: Ground, order: PaymentOrder, refund: PaymentRefund): Promise<RefundSeen> => {
  const answer = await ground.client.call('GET', `/v3/refund/domestic/refunds/${refund.id}`)
  if (answer.status === 404) return sendRefund(ground, order, refund)
  if (answer.status !== 200) throw refused('the question for a refund', answer)
  return refundSeen(answer)
}

/**
 * A refund to a card that its bank sends back is `ABNORMAL` after it was `SUCCESS`, and waits in the merchant platform:
 * https://pay.weixin.qq.com/doc/v3/merchant/4013071196 (from memory).
 */
const askAgain = async ({ client }: Ground, order: PaymentOrder, named: string): Promise<RefundSeen> => {
  const answer = await client.call('GET', `/v3/refund/domestic/refunds/${encodeURIComponent(named)}`)
  if (answer.status !== 200) throw refused('the question for a refund', answer)
  return textAt(answer.object, 'out_trade_no') === order.id ? refundSeen(answer) : { kind: 'sent', processorId: null }
}

/** A refund that was made in the merchant platform has a number of its own, which the notice names. */
const foreignRefunds = async ({ client }: Ground, order: PaymentOrder, named: string | null) => {
  if (named === null || !/^[\w|*-]{1,64}$/.test(named)) return []
  const answer = await client.call('GET', `/v3/refund/domestic/refunds/${encodeURIComponent(named)}`)
  const refund = wholeAt(objectAt(answer.object, 'amount'), 'refund')
  const id = textAt(answer.object, 'refund_id')
  const isOurs = textAt(answer.object, 'out_trade_no') === order.id && textAt(answer.object, 'status') === 'SUCCESS'
  if (answer.status !== 200 || refund === null || id === null || !isOurs) return []
  return [{ id: named, processorId: id, amountNano: nanoOfMinor(BigInt(refund)) }]
}

const readNotice = async (
  ground: Ground,
  notice: { readonly headers: Readonly<Record<string, string>>; readonly bytes: Uint8Array },
): Promise<Hint> => {
  await ground.client.check(notice)
  const body = objectIn(notice.bytes, 'WeChat Pay')
  const id = textAt(body, 'id')
  const type = textAt(body, 'event_type') ?? ''
  if (id === null) throw new Problem('invalid_request_error', { message: 'The notice has no id.' })
  const inner = objectIn(Buffer.from(ground.client.open(objectAt(body, 'resource'))), 'WeChat Pay')
  const order = textAt(inner, 'out_trade_no')
  if (order === null) return { kind: 'nothing', id, why: `${type.slice(0, 40)} about no order` }
  if (textAt(inner, 'mchid') !== ground.settings.merchantId)
    throw new Problem('invalid_request_error', { message: 'The notice is for another merchant.' })
  if (type.startsWith('REFUND.'))
    return {
      ...{ kind: 'refund', id, order },
      refund: textAt(inner, 'out_refund_no'),
      processorId: textAt(inner, 'refund_id'),
    }
  if (type !== 'TRANSACTION.SUCCESS') return { kind: 'nothing', id, why: type.slice(0, 40) }
  if (textAt(inner, 'appid') !== ground.settings.appId)
    throw new Problem('invalid_request_error', { message: 'The notice is for another app.' })
  return { kind: 'order', id, order }
}

const bill = async ({ client }: Ground, day: string) => {
  const answer = await client.call('GET', `/v3/bill/tradebill?bill_date=${day}&bill_type=ALL`)
  if (codeOf(answer) === 'NO_STATEMENT_EXIST') return []
  const url = textAt(answer.object, 'download_url')
  if (answer.status !== 200 || url === null) throw refused('the bill', answer)
  const bytes = await client.download(url)
  const digest = createHash('sha1').update(bytes).digest('hex')
  if (textAt(answer.object, 'hash_type') !== 'SHA1' || textAt(answer.object, 'hash_value')?.toLowerCase() !== digest)
    throw new Problem('upstream_error', {
      message: 'The bill of WeChat Pay is not the one that it announced: its digest differs.',
    })
  return readBill(bytes.toString('utf8'))
}

/** Asks for an order that there is not: an answer that is signed and says so proves the keys of both sides. */
const check = async ({ client, settings }: Ground) => {
  const answer = await client.call('GET', `/v3/pay/transactions/out-trade-no/drover-check?mchid=${settings.merchantId}`)
  const ok = answer.status === 404
  return [
    { name: 'our signature', ok, detail: ok ? 'taken' : `${answer.status} ${codeOf(answer)}` },
    {
      name: 'their signature',
      ok: true,
      detail: settings.publicKey === null ? 'by platform certificate' : 'by public key',
    },
  ]
}

/** The method over a way to the network. */
export const wechatMethod = (settings: WechatSettings, parts: AskGround & { readonly ids: Ids }): PaymentMethod => {
  const ground: Ground = { settings, client: wechatClient(settings, parts), clock: parts.clock }
  return {
    name: 'wechat',
    title: 'WeChat Pay',
    currencies: ['CNY'],
    ways: ['native', 'h5', 'jsapi'],
    notifies: true,
    asks: true,
    keepsCards: false,
    bills: true,
    begin: async (order, request) => ({ processorId: null, action: await begin(ground, order, request) }),
    readNotice: (notice) => readNotice(ground, notice),
    taken: { status: 204, headers: {}, body: Buffer.alloc(0) },
    refused: (status, message) => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ code: 'FAIL', message: message.slice(0, 200) })),
    }),
    query: (order) => query(ground, order),
    close: (order) => close(ground, order),
    refund: (order, refund) => sendRefund(ground, order, refund),
    queryRefund: (order, refund) => queryRefund(ground, order, refund),
    refunds: (order, named) => foreignRefunds(ground, order, named),
    askAgain: (order, _refund, named) => askAgain(ground, order, named),
    bill: (day) => bill(ground, day),
    dayOf: (day) => {
      const fromMs = Date.parse(`${day}T00:00:00+08:00`)
      return { fromMs, untilMs: fromMs + dayMs }
    },
    check: () => check(ground),
    end: async () => {},
  }
}
