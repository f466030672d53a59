/** Alipay: its page for computers, its page for phones, and QR codes. */

import { Buffer } from 'node:buffer'
import { nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { AskGround } from '#payment/ask.ts'
import { textAt } from '#payment/ask.ts'
import type { Action, BeginRequest, Hint, PaymentMethod, RefundSeen } from '#payment/method.ts'
import type { Seen } from '#payment/order-machine.ts'
import type { PaymentOrder, PaymentRefund } from '#payment/port.ts'
import { minorOf } from '#payment/price.ts'
import { readBill } from './bill.ts'
import type { AlipayAnswer, AlipayClient, AlipaySettings } from './client.ts'
import { alipayClient, beijingTime, fromBeijing } from './client.ts'

const dayMs = 86_400_000
const subjectLengthMax = 250

type Ground = { readonly settings: AlipaySettings; readonly client: AlipayClient; readonly clock: AskGround['clock'] }

/** Yuan with two places, without any float on the way. */
const yuanOf = (nano: bigint): string => {
  const fen = minorOf(nano).toString().padStart(3, '0')
  return `${fen.slice(0, -2)}.${fen.slice(-2)}`
}

/** @throws Problem for what is no amount of yuan with at most two places. */
const nanoOfYuan = (text: string | null): bigint => {
  if (text !== null && /^\d{1,12}(\.\d{1,2})?$/.test(text)) return nanoOf(text)
  throw new Problem('upstream_error', { message: 'Alipay says that an order is paid, and not how much.' })
}

const refused = (what: string, { object, code, subCode }: AlipayAnswer): Problem =>
  new Problem('upstream_error', {
    message:
      `Alipay refused ${what}: ${subCode === '' ? code : subCode} ${(textAt(object, 'sub_msg') ?? '').slice(0, 200)}`.trim(),
    facts: { code: subCode === '' ? code : subCode },
  })

const begin = async ({ client }: Ground, order: PaymentOrder, request: BeginRequest): Promise<Action> => {
  const content = {
    out_trade_no: order.id,
    total_amount: yuanOf(order.payNano),
    subject: request.description.slice(0, subjectLengthMax),
    time_expire: beijingTime(order.expiresMs),
  }
  const urls = { notify: request.notifyUrl, back: request.returnUrl }
  if (order.way === 'qr') {
    const answer = await client.call('alipay.trade.precreate', content, request.notifyUrl)
    const code = textAt(answer.object, 'qr_code')
    if (answer.code !== '10000' || code === null || textAt(answer.object, 'out_trade_no') !== order.id)
      throw refused('the order', answer)
    return { kind: 'qr', content: code }
  }
  const isPhone = order.way === 'wap'
  const method = isPhone ? 'alipay.trade.wap.pay' : 'alipay.trade.page.pay'
  const product = isPhone ? 'QUICK_WAP_WAY' : 'FAST_INSTANT_TRADE_PAY'
  return { kind: 'redirect', url: client.pageUrl(method, { ...content, product_code: product }, urls) }
}

const seenOf = (ground: Ground, order: PaymentOrder, object: Readonly<Record<string, unknown>>): Seen => {
  const status = textAt(object, 'trade_status')
  const id = textAt(object, 'trade_no')
  const paidMs = fromBeijing(textAt(object, 'send_pay_date'))
  // What was paid and then refunded in full is closed as well: only what was never paid has no date of payment.
  const isPaid =
    status === 'TRADE_SUCCESS' || status === 'TRADE_FINISHED' || (status === 'TRADE_CLOSED' && paidMs !== null)
  if (!isPaid) return { kind: status === 'TRADE_CLOSED' ? 'closed' : 'unpaid' }
  if (id === null)
    throw new Problem('upstream_error', { message: 'Alipay says that an order is paid, and not by what.' })
  return {
    kind: 'paid',
    transaction: id,
    amountNano: nanoOfYuan(textAt(object, 'total_amount')),
    currency: textAt(object, 'pay_currency') ?? 'CNY',
    paidMs: paidMs ?? ground.clock.nowMs(),
    fault: textAt(object, 'out_trade_no') === order.id ? null : 'paid for another order',
  }
}

const query = async (ground: Ground, order: PaymentOrder): Promise<Seen> => {
  const answer = await ground.client.call('alipay.trade.query', { out_trade_no: order.id })
  if (answer.code === '10000') return seenOf(ground, order, answer.object)
  // The page makes the trade when the payer opens it: until then there is none.
  if (answer.subCode === 'ACQ.TRADE_NOT_EXIST')
    return { kind: ground.clock.nowMs() >= order.expiresMs ? 'closed' : 'unpaid' }
  throw refused('the question for an order', answer)
}

const close = async ({ client }: Ground, order: PaymentOrder): Promise<void> => {
  const answer = await client.call('alipay.trade.close', { out_trade_no: order.id })
  const isOver = ['ACQ.TRADE_NOT_EXIST', 'ACQ.TRADE_STATUS_ERROR', 'ACQ.REASON_TRADE_STATUS_INVALID'].includes(
    answer.subCode,
  )
  if (answer.code !== '10000' && !isOver) throw refused('to close an order', answer)
}

/** Refused for good: sending it again cannot succeed. */
const hopeless: readonly string[] = [
  'ACQ.TRADE_HAS_FINISHED',
  'ACQ.TRADE_STATUS_ERROR',
  'ACQ.TRADE_NOT_EXIST',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
  'ACQ.REASON_TRADE_REFUND_FEE_ERR',
  'ACQ.TRADE_NOT_ALLOW_REFUND',
  'ACQ.DISCORDANT_REPEAT_REQUEST',
]

const queryRefund = async ({ client }: Ground, order: PaymentOrder, refund: PaymentRefund): Promise<RefundSeen> => {
  const answer = await client.call('alipay.trade.fastpay.refund.query', {
    out_trade_no: order.id,
    out_request_no: refund.id,
  })
  const isDone = answer.code === '10000' && textAt(answer.object, 'refund_status') === 'REFUND_SUCCESS'
  return isDone ? { kind: 'done', processorId: refund.id } : { kind: 'sent', processorId: null }
}

const sendRefund = async (ground: Ground, order: PaymentOrder, refund: PaymentRefund): Promise<RefundSeen> => {
  const answer = await ground.client.call('alipay.trade.refund', {
    out_trade_no: order.id,
    refund_amount: yuanOf(refund.amountNano),
    refund_reason: refund.reason.slice(0, 200),
    out_request_no: refund.id,
  })
  if (hopeless.includes(answer.subCode)) return { kind: 'failed', why: refused('the refund', answer).message }
  if (answer.code !== '10000') throw refused('the refund', answer)
  // 'Y': money moved by this call. Else it moved before, or has not yet: that is asked.
  if (textAt(answer.object, 'fund_change') === 'Y') return { kind: 'done', processorId: refund.id }
  return queryRefund(ground, order, refund)
}

/** One that has gone, of ours or made at Alipay: the notice names its number. */
const foreignRefunds = async ({ client }: Ground, order: PaymentOrder, named: string | null) => {
  if (named === null) return []
  const answer = await client.call('alipay.trade.fastpay.refund.query', {
    out_trade_no: order.id,
    out_request_no: named,
  })
  const isDone = answer.code === '10000' && textAt(answer.object, 'refund_status') === 'REFUND_SUCCESS'
  if (!isDone || textAt(answer.object, 'out_trade_no') !== order.id) return []
  return [{ id: named, processorId: named, amountNano: nanoOfYuan(textAt(answer.object, 'refund_amount')) }]
}

const readNotice = ({ settings, client }: Ground, bytes: Uint8Array): Hint => {
  const fields = client.notice(bytes)
  const id = fields['notify_id'] ?? ''
  const order = fields['out_trade_no'] ?? ''
  if (fields['app_id'] !== settings.appId)
    throw new Problem('invalid_request_error', { message: 'The notice is for another app.' })
  if (fields['seller_id'] !== settings.sellerId)
    throw new Problem('invalid_request_error', { message: 'The notice is for another seller.' })
  if (id === '' || order === '') return { kind: 'nothing', id: id === '' ? 'none' : id, why: 'it names no order' }
  // A partial refund comes to the same address and says TRADE_SUCCESS too: its own fields tell it from a payment.
  if ((fields['refund_fee'] ?? '') !== '' || (fields['gmt_refund'] ?? '') !== '')
    return { kind: 'refund', id, order, refund: fields['out_biz_no'] ?? null }
  return { kind: 'order', id, order }
}

const bill = async ({ client }: Ground, day: string) => {
  const answer = await client.call('alipay.data.dataservice.bill.downloadurl.query', {
    bill_type: 'trade',
    bill_date: day,
  })
  const url = textAt(answer.object, 'bill_download_url')
  if (answer.subCode === 'isp.bill_not_exist') return []
  if (answer.code !== '10000' || url === null) throw refused('the bill', answer)
  return readBill(await client.download(url))
}

const check = async ({ client }: Ground) => {
  const answer = await client.call('alipay.trade.query', { out_trade_no: 'drover-check' })
  const ok = answer.subCode === 'ACQ.TRADE_NOT_EXIST'
  return [
    { name: 'our signature', ok, detail: ok ? 'taken' : `${answer.code} ${answer.subCode}` },
    { name: 'their signature', ok: true, detail: client.trustWords() },
  ]
}

/** The method over a way to the network. */
export const alipayMethod = (settings: AlipaySettings, parts: AskGround): PaymentMethod => {
  const ground: Ground = { settings, client: alipayClient(settings, parts), clock: parts.clock }
  const plain = (status: number, text: string) => ({
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: Buffer.from(text),
  })
  return {
    name: 'alipay',
    title: 'Alipay',
    currencies: ['CNY'],
    ways: ['page', 'wap', 'qr'],
    notifies: true,
    asks: true,
    keepsCards: false,
    bills: true,
    begin: async (order, request) => ({ processorId: null, action: await begin(ground, order, request) }),
    readNotice: async ({ bytes }) => readNotice(ground, bytes),
    taken: plain(200, 'success'),
    refused: (status) => plain(status, 'failure'),
    query: (order) => query(ground, order),
    close: (order) => close(ground, order),
    refund: (order, refund) => sendRefund(ground, order, refund),
    queryRefund: async (order, refund) => {
      const seen = await queryRefund(ground, order, refund)
      return seen.kind === 'done' ? seen : sendRefund(ground, order, refund)
    },
    refunds: (order, named) => foreignRefunds(ground, order, named),
    bill: (day) => bill(ground, day),
    dayOf: (day) => {
      const fromMs = Date.parse(`${day}T00:00:00+08:00`)
      return { fromMs, untilMs: fromMs + dayMs }
    },
    check: () => check(ground),
    end: async () => {},
  }
}
