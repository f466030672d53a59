import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { systemIds } from '#base/id.ts'
import { Secret } from '#base/log.ts'
import { nanoOf } from '#base/money.ts'
import { alipayMethod } from '#payment/alipay/method.ts'
import type { PaymentMethod } from '#payment/method.ts'
import { actionOf, openOrder } from '#payment/open-order.ts'
import { pollPayments } from '#payment/poll.ts'
import { refundOrder } from '#payment/refund.ts'
import { stripeMethod } from '#payment/stripe/method.ts'
import { wechatMethod } from '#payment/wechat/method.ts'
import { alipayFake } from '../fake/alipay.ts'
import { alipayCertificateKeys } from '../fake/alipay-certificates.ts'
import type { FakeHandler } from '../fake/processor.ts'
import { transportTo } from '../fake/processor.ts'
import { stripeFake } from '../fake/stripe.ts'
import { wechatFake } from '../fake/wechat-pay.ts'
import { benches, benchKeys, certificateBenches, openWorld, startMs } from './bench.ts'

const keys = benchKeys()
const request = (account: string, way: string) => ({
  account,
  creditNanoUsd: nanoOf('10'),
  method: 'wechat',
  way,
  currency: 'CNY',
  idempotencyKey: null,
  actor: 'test',
  trail: null,
  payerAddress: '203.0.113.9',
  payer: 'openid-1',
  returnUrl: null,
  keepCard: false,
  card: null,
})

test('each way of WeChat gives what its payer needs', async (context) => {
  const world = await openWorld(benches['wechat'] ?? assert.fail(), { keys })
  context.after(() => world.store.close())
  const account = await world.account()
  const action = async (way: string) => actionOf(await openOrder(world.cashier, request(account, way)))
  const native = await action('native')
  assert.match(native?.kind === 'qr' ? native.content : '', /^weixin:\/\/wxpay/)
  const h5 = await action('h5')
  assert.match(h5?.kind === 'redirect' ? h5.url : '', /redirect_url=https%3A%2F%2Frelay\.example\.com/)
  const script = await action('jsapi')
  assert.deepEqual(Object.keys(script?.kind === 'script' ? script.parameters : {}).sort(), [
    'appId',
    'nonceStr',
    'package',
    'paySign',
    'signType',
    'timeStamp',
  ])
  await assert.rejects(openOrder(world.cashier, { ...request(account, 'jsapi'), payer: null }), {
    code: 'invalid_request_error',
  })
})

test('a refund that could not be sent is sent again under its own id, and parts add up to the whole', async (context) => {
  const world = await openWorld(benches['wechat'] ?? assert.fail(), { keys })
  context.after(() => world.store.close())
  const { clock } = world
  const account = await world.account()
  const { id } = await world.open(account)
  world.bench.pay(id)
  await world.send(world.bench.notice(id))
  const asked = { order: id, source: 'operator' as const, reason: 'x', actor: 't', trail: null }
  world.bench.broken.push(500)
  const refund = await refundOrder(world.cashier, { ...asked, amountNano: nanoOf('40') })
  assert.equal(refund.state, 'pending')
  assert.equal((await world.order(id)).state, 'refund_pending')
  clock.advance(61_000)
  await pollPayments(world.cashier)
  assert.equal((await world.store.refund(refund.id))?.state, 'done')
  assert.equal(await world.balance(account), nanoOf('60'))
  await assert.rejects(refundOrder(world.cashier, { ...asked, amountNano: nanoOf('60.01') }), {
    code: 'invalid_request_error',
  })
  await refundOrder(world.cashier, { ...asked, amountNano: null })
  assert.equal((await world.order(id)).state, 'refunded')
  assert.equal(await world.balance(account), 0n)
  await world.sound()
})

test('late money goes back where the shop says so', async (context) => {
  for (const [name, make] of Object.entries(benches)) {
    const world = await openWorld(make, { keys, shop: { late: 'refund' } })
    context.after(() => world.store.close())
    const account = await world.account()
    const { id } = await world.open(account)
    world.clock.advance(31 * 60_000)
    await pollPayments(world.cashier)
    world.bench.pay(id)
    await world.send(world.bench.notice(id))
    assert.equal((await world.order(id)).state, 'paid_late', name)
    await pollPayments(world.cashier)
    assert.equal((await world.order(id)).state, 'refunded', name)
    assert.equal(await world.balance(account), 0n, name)
    await world.sound()
  }
})

test('the checks of a method prove its keys', async (context) => {
  for (const [name, make] of Object.entries({ ...benches, ...certificateBenches(alipayCertificateKeys()) })) {
    const world = await openWorld(make, { keys })
    context.after(() => world.store.close())
    const lines = await world.bench.method.check()
    assert.ok(lines.length > 0 && lines.every(({ ok }) => ok), name)
  }
})

test('and say which key is wrong', async () => {
  const clock = handClock(startMs)
  const wrong = new Secret(String(keys.thief.privateKey.export({ type: 'pkcs8', format: 'pem' })))
  const wrongPublic = new Secret(String(keys.thief.publicKey.export({ type: 'spki', format: 'pem' })))
  const wechat = wechatFake({ clock, keys })
  const alipay = alipayFake({ clock, keys: { application: keys.merchant, platform: keys.platform } })
  const stripe = stripeFake({ clock })
  const ground = (handler: FakeHandler) => ({ clock, ids: systemIds(clock), transport: transportTo(handler) })
  const key = { kind: 'key', publicKey: wrongPublic } as const
  const id = 'PUB_KEY_ID_0001'
  const cases: readonly (readonly [PaymentMethod, RegExp])[] = [
    [
      stripeMethod({ ...stripe.settings(), secretKey: new Secret('sk_test_wrong') }, ground(stripe.handler)),
      /invalid_api_key/,
    ],
    [
      wechatMethod({ ...wechat.settings(), privateKey: wrong }, ground(wechat.handler)),
      /check merchant number, serial and private key/,
    ],
    [
      wechatMethod({ ...wechat.settings(), publicKey: { id, pem: wrongPublic } }, ground(wechat.handler)),
      /not believed/,
    ],
    [alipayMethod({ ...alipay.settings(), privateKey: wrong }, ground(alipay.handler)), /invalid signature/],
    [alipayMethod({ ...alipay.settings(), trust: key }, ground(alipay.handler)), /Check alipay_public_key/],
  ]
  for (const [method, words] of cases) await assert.rejects(method.check(), { code: 'upstream_error', message: words })
})
