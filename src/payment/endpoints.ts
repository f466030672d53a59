/** Where processors send notices, and where payers return to. */

import { Buffer } from 'node:buffer'
import { Problem } from '#base/problem.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { Answer, Exchange } from '#http/inbound.ts'
import { sendAnswer } from '#http/reply.ts'
import type { CashierParts } from './cashier.ts'
import { moveWith } from './cashier.ts'
import { noticeBytesMax, takeNotice } from './notice.ts'
import { openStates } from './order-machine.ts'
import type { OrderState, PaymentOrder } from './port.ts'

export type PaymentEndpoint = { readonly kind: 'payment_notice' } | { readonly kind: 'payment_return' }

/** Rows for the server's table of endpoints. */
export const paymentEndpoints = (): readonly Endpoint<PaymentEndpoint>[] => [
  {
    method: 'POST',
    path: '/payments/notice/{method}',
    accepts: ['any'],
    bodyLimitBytes: noticeBytesMax,
    unlisted: true,
    value: { kind: 'payment_notice' },
  },
  { method: 'GET', path: '/payments/return/{order}', unlisted: true, value: { kind: 'payment_return' } },
]

const words: Readonly<Record<OrderState, readonly [string, string]>> = {
  created: ['Waiting for your payment', '等待付款'],
  pending: ['Waiting for your payment', '等待付款'],
  paid: ['Your payment has arrived and is being looked at', '已收到付款，正在处理'],
  credited: ['Paid: your credit is there', '付款成功，额度已到账'],
  closed: ['This order was closed and not paid', '订单已关闭，未付款'],
  expired_unpaid: ['This order has expired', '订单已过期'],
  paid_late: ['Your payment has arrived and is being looked at', '已收到付款，正在处理'],
  mismatch: ['Your payment has arrived and is being looked at', '已收到付款，正在处理'],
  refund_pending: ['Your refund is on its way', '正在退款'],
  partially_refunded: ['Part of this order was refunded', '订单已部分退款'],
  refunded: ['This order was refunded', '订单已退款'],
  disputed: ['This payment is disputed', '该付款存在争议'],
}

const pageOf = (order: PaymentOrder): Answer => {
  const [english, chinese] = words[order.state]
  const again = openStates.includes(order.state) ? '<meta http-equiv="refresh" content="3">' : ''
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${again}
<title>Payment</title><link rel="stylesheet" href="/quickstart.css"></head>
<body><main><h1>${english}</h1><p lang="zh-CN">${chinese}</p><p class="soft">${order.id}</p></main></body>
</html>
`
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
    body: Buffer.from(html),
  }
}

/** The browser's return proves nothing: it only makes the poller look soon. */
const returned = async (parts: CashierParts, id: string): Promise<Answer> => {
  const order = await parts.store.order(id)
  if (order === null) throw new Problem('not_found', { message: 'There is no such order.' })
  const nowMs = parts.clock.nowMs()
  if (openStates.includes(order.state) && (order.nextPollMs ?? nowMs) > nowMs && order.confirmedBy === null)
    await moveWith(parts, id, async (now) =>
      openStates.includes(now.state) ? { state: now.state, facts: { nextPollMs: nowMs }, events: [] } : null,
    )
  return pageOf(order)
}

/** Carries out one exchange that the table led here. The method's name in the path is the only thing believed of a notice. */
export const servePayment = async (
  exchange: Exchange,
  { value, parameters }: { readonly value: PaymentEndpoint; readonly parameters: Readonly<Record<string, string>> },
  parts: CashierParts,
): Promise<void> => {
  if (value.kind === 'payment_return')
    return sendAnswer(exchange.outbound, await returned(parts, parameters['order'] ?? ''))
  const name = parameters['method'] ?? ''
  if (!parts.methods.has(name))
    throw new Problem('not_found', { message: 'This payment method is not on: its notices are not taken.' })
  const { headers, body } = await exchange.read()
  const bytes = body.kind === 'bytes' ? body.bytes : Buffer.alloc(0)
  return sendAnswer(exchange.outbound, await takeNotice(parts, name, { headers, bytes }))
}
