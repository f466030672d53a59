import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import type { RawNotice } from '#payment/method.ts'
import { alipayFake } from '../fake/alipay.ts'
import { serveProcessor } from '../fake/processor.ts'
import { stripeFake } from '../fake/stripe.ts'
import { wechatFake } from '../fake/wechat-pay.ts'
import type { Relay } from './harness.ts'
import { adminKey, eventually, startRelay } from './harness.ts'

type View = Readonly<Record<string, unknown>>

const clock = systemClock()

describe('credit is bought by each method, over the wire', () => {
  const fakes = { stripe: stripeFake({ clock }), wechat: wechatFake({ clock }), alipay: alipayFake({ clock }) }
  const closing: (() => Promise<unknown>)[] = []
  let relay: Relay

  const api = async (method: string, path: string, body?: object): Promise<View> => {
    const headers = {
      authorization: `Bearer ${adminKey}`,
      'content-type': 'application/json',
      accept: 'application/json',
    }
    const answer = await fetch(`${relay.url}/api/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const value = (await answer.json()) as View
    assert.equal(answer.status, 200, JSON.stringify(value))
    return value
  }
  const deliver = (method: string, { headers, bytes }: RawNotice): Promise<Response> =>
    fetch(`${relay.url}/payments/notice/${method}`, { method: 'POST', headers, body: Buffer.from(bytes) })
  const balance = async (): Promise<unknown> => (await api('GET', '/credits/acme'))['balance_usd']

  before(async () => {
    const [stripe, wechat, alipay] = [
      await serveProcessor(fakes.stripe.handler),
      await serveProcessor(fakes.wechat.handler),
      await serveProcessor(fakes.alipay.handler),
    ]
    closing.push(stripe.close, wechat.close, alipay.close)
    relay = await startRelay({
      config: `server: { public_url: "https://relay.example.com" }
settlement: { CNY: [{ rate: "1.0", from: 2026-01-01 }] }
seller: { name: Relay Ltd, address: 1 Test Street }
payments:
  stripe: { secret_key: "env:PAY_STRIPE", webhook_secret: "env:PAY_HOOK", api: "${stripe.url}" }
  wechat:
    { merchant_id: "1900000109", app_id: wx-app-1, certificate_serial: MERCHANT01, private_key: "env:PAY_MERCHANT",
      api_v3_key: "env:PAY_V3", public_key_id: PUB_KEY_ID_0001, public_key: "env:PAY_PLATFORM", api: "${wechat.url}" }
  alipay:
    { app_id: "2021000000000001", seller_id: "2088000000000001", private_key: "env:PAY_APPLICATION",
      alipay_public_key: "env:PAY_ALIPAY", gateway: "${alipay.url}/gateway.do" }
  manual: { currencies: [USD] }
`,
      env: {
        PAY_STRIPE: fakes.stripe.secrets.key,
        PAY_HOOK: fakes.stripe.secrets.webhook,
        PAY_MERCHANT: fakes.wechat.pems.merchant,
        PAY_V3: '0123456789abcdef0123456789abcdef',
        PAY_PLATFORM: fakes.wechat.pems.platform,
        PAY_APPLICATION: fakes.alipay.pems.application,
        PAY_ALIPAY: fakes.alipay.pems.platform,
      },
    })
    closing.push(() => relay.stop())
    await api('POST', '/accounts', { name: 'acme', billing: 'prepaid' })
  })
  after(async () => {
    for (const close of closing.reverse()) await close()
  })

  for (const [method, currency] of [
    ['stripe', 'USD'],
    ['wechat', 'CNY'],
    ['alipay', 'CNY'],
  ] as const)
    test(`${method}: ordered, paid, told, credited, invoiced, refunded in part`, async () => {
      const start = Number(await balance())
      assert.equal((await api('GET', `/payments/methods/${method}/check`))['ok'], true)
      const order = await api('POST', '/payments', { account: 'acme', usd: '20.00', method })
      assert.deepEqual([order['state'], order['pay'], order['currency']], ['pending', '20.00', currency])
      const id = String(order['id'])
      const action = order['action'] as { readonly url?: string }
      if (method === 'alipay') fakes.alipay.open(action.url ?? '')
      const fake = fakes[method]
      fake.pay(id)
      assert.ok((await deliver(method, fake.notice(id))).status < 300)
      const shown = await api('GET', `/payments/${id}`)
      assert.equal(shown['state'], 'credited')
      assert.equal(Number(await balance()), start + 20)
      await deliver(method, fake.notice(id))
      assert.equal(Number(await balance()), start + 20)
      const invoice = await eventually(
        'the invoice',
        async () => {
          const found = (await api('GET', '/invoices?account=acme'))['data'] as View[]
          return found.find((one) => one['about'] === `order/${id}`)
        },
        15_000,
      )
      const pdf = await fetch(`${relay.url}/api/v1/invoices/${String(invoice['number'])}/file`, {
        headers: { authorization: `Bearer ${adminKey}` },
      })
      assert.equal(pdf.headers.get('content-type'), 'application/pdf')
      assert.equal(
        Buffer.from(await pdf.arrayBuffer())
          .subarray(0, 5)
          .toString(),
        '%PDF-',
      )
      const refund = await api('POST', `/payments/${id}/refund`, { amount: '5.00', reason: 'test' })
      assert.deepEqual([refund['state'], refund['usd']], ['done', '5.00'])
      assert.equal(Number(await balance()), start + 15)
    })

  test('forged, oversized and misplaced notices are refused, and the page of return says nothing but the state', async () => {
    const order = await api('POST', '/payments', { account: 'acme', usd: '20.00', method: 'stripe' })
    const id = String(order['id'])
    const before = await balance()
    fakes.stripe.pay(id)
    assert.equal((await deliver('stripe', fakes.stripe.notice(id, { secret: '' }))).status, 400)
    const large = fakes.stripe.notice(id, { object: { metadata: { order: id }, fill: 'x'.repeat(70_000) } })
    assert.equal((await deliver('stripe', large)).status, 413)
    assert.equal((await deliver('manual', fakes.stripe.notice(id))).status, 404)
    assert.equal((await deliver('paypal', fakes.stripe.notice(id))).status, 404)
    assert.equal(await balance(), before)
    const page = await (await fetch(`${relay.url}/payments/return/${id}`)).text()
    assert.match(page, /Waiting for your payment/)
    assert.ok(!page.includes('acme'))
    // The page has made the poller look: no notice was needed.
    await eventually('the credit', async () => ((await balance()) === before ? undefined : true), 15_000)
  })

  test('the books are sound, and a day of bills agrees', async () => {
    const verified = await api('GET', '/ledger/verify')
    assert.equal(verified['ok'], true, JSON.stringify(verified))
    const date = new Date(clock.nowMs()).toISOString().slice(0, 10)
    const { data } = await api('POST', '/payments/reconcile', { date, method: 'stripe' })
    assert.equal((data as View[])[0]?.['ok'], true, JSON.stringify(data))
  })
})
