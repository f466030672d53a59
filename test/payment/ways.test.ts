import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import { actionOf, openOrder } from '#payment/open-order.ts'
import { pollPayments } from '#payment/poll.ts'
import { refundOrder } from '#payment/refund.ts'
import { benches, benchKeys, openWorld } from './bench.ts'

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

test('the checks of a method prove its keys, and say which one is wrong', async (context) => {
  for (const [name, make] of Object.entries(benches)) {
    const world = await openWorld(make, { keys })
    context.after(() => world.store.close())
    assert.ok(
      (await world.bench.method.check()).every(({ ok }) => ok),
      name,
    )
  }
})
