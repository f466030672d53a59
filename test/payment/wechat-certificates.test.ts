import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import { nanoOf } from '#base/money.ts'
import type { RawNotice } from '#payment/method.ts'
import { refundOrder } from '#payment/refund.ts'
import { wechatMethod } from '#payment/wechat/method.ts'
import { transportTo } from '../fake/processor.ts'
import type { WechatFake } from '../fake/wechat-pay.ts'
import { wechatFake } from '../fake/wechat-pay.ts'
import type { World } from './bench.ts'
import { benchKeys, openWorld, wechatBench } from './bench.ts'

const keys = benchKeys()
const dayMs = 86_400_000

const opened = async (
  context: TestContext,
  trust: 'certificates' | 'moving' = 'certificates',
): Promise<{ readonly world: World; readonly fake: WechatFake }> => {
  let fake: WechatFake | undefined
  const world = await openWorld(
    (ground) => {
      const made = wechatBench(ground, trust)
      fake = made.fake
      return made
    },
    { keys },
  )
  context.after(() => world.store.close())
  return { world, fake: fake ?? assert.fail() }
}

/** A paid order, and the notice of it. */
const paid = async ({ world, fake }: { readonly world: World; readonly fake: WechatFake }) => {
  const account = await world.account()
  const { id } = await world.open(account)
  fake.pay(id)
  return { account, id }
}

const isRefused = async (world: World, notice: RawNotice, account: string): Promise<void> => {
  const status = await world.send(notice)
  assert.ok(status >= 400 && status < 500, `answered ${status}`)
  assert.equal(await world.balance(account), 0n)
}

test('while certificates change, what either signs is believed, and afterwards only the new one', async (context) => {
  const opening = await opened(context)
  const { world, fake } = opening
  const old = fake.certificates.signer()
  const first = await paid(opening)
  assert.equal(await world.send(fake.notice(first.id)), 204)
  assert.equal(await world.balance(first.account), nanoOf('100'))
  assert.equal(fake.certificatesAsked(), 1)
  // A day ahead it is listed and does not sign; then it signs, and nobody here has heard of it.
  fake.certificates.announce(keys.thief)
  world.clock.advance(61_000)
  fake.certificates.rotate()
  const second = await paid(opening)
  assert.equal(await world.send(fake.notice(second.id)), 204)
  assert.equal(fake.certificatesAsked(), 2)
  const third = await paid(opening)
  assert.equal(await world.send(fake.notice(third.id, { serial: old.serial, signer: old.key })), 204)
  const last = await paid(opening)
  world.clock.advance(dayMs)
  await isRefused(world, fake.notice(last.id, { serial: old.serial, signer: old.key }), last.account)
  fake.certificates.retire()
  assert.equal(await world.send(fake.notice(last.id)), 204)
  await world.sound()
})

test('a refund and its notice go through under a new certificate', async (context) => {
  const opening = await opened(context)
  const { world, fake } = opening
  const { account, id } = await paid(opening)
  await world.send(fake.notice(id))
  fake.certificates.announce(keys.thief)
  fake.certificates.rotate()
  fake.refundsBecome = 'PROCESSING'
  world.clock.advance(61_000)
  const asked = { order: id, source: 'operator' as const, reason: 'x', actor: 't', trail: null }
  const refund = await refundOrder(world.cashier, { ...asked, amountNano: nanoOf('40') })
  assert.equal(refund.state, 'sent')
  Object.assign(fake.refunds.get(refund.id) ?? assert.fail(), { status: 'SUCCESS' })
  assert.equal(await world.send(fake.refundNotice(refund.id)), 204)
  assert.equal((await world.order(id)).state, 'partially_refunded')
  assert.equal(await world.balance(account), nanoOf('60'))
  await world.sound()
})

test('only keys of the platform as it is now are believed, and made-up serials ask for the list once a minute', async (context) => {
  const opening = await opened(context)
  const { world, fake } = opening
  const own = fake.certificates.signer().serial
  const { account, id } = await paid(opening)
  await world.bench.method.check()
  const asked = fake.certificatesAsked()
  const { privateKey: signer } = keys.thief
  const good = fake.notice(id)
  const signature = 'wechatpay-signature'
  for (const [what, notice] of Object.entries({
    'made-up serial': fake.notice(id, { serial: 'F'.repeat(40) }),
    'made-up serial and key': fake.notice(id, { serial: 'A'.repeat(40), signer }),
    "known serial, somebody else's key": fake.notice(id, { serial: own, signer }),
    'no serial': fake.notice(id, { serial: '' }),
    'a public key that is not configured': fake.notice(id, { serial: 'PUB_KEY_ID_0001' }),
    "our own merchant's key": fake.notice(id, { signer: keys.merchant.privateKey }),
    probe: { ...good, headers: { ...good.headers, [signature]: `WECHATPAY/SIGNTEST/${good.headers[signature]}` } },
    'sealed under another APIv3 key': fake.notice(id, { apiV3Key: 'f'.repeat(32) }),
  }))
    await assert.doesNotReject(isRefused(world, notice, account), what)
  assert.equal(fake.certificatesAsked(), asked)
  world.clock.advance(61_000)
  await Promise.all(['B', 'C', 'D'].map((digit) => world.send(fake.notice(id, { serial: digit.repeat(40), signer }))))
  assert.equal(fake.certificatesAsked(), asked + 1)
  assert.equal(await world.send(fake.notice(id)), 204)
  assert.equal(await world.balance(account), nanoOf('100'))
})

test('a certificate that has ended signs nothing, listed or not', async (context) => {
  const opening = await opened(context)
  const { world, fake } = opening
  fake.certificates.announce(keys.thief, 3_600_000)
  fake.certificates.rotate()
  const short = fake.certificates.signer()
  const first = await paid(opening)
  assert.equal(await world.send(fake.notice(first.id)), 204)
  fake.certificates.announce(keys.platform)
  fake.certificates.rotate()
  world.clock.advance(3_600_000)
  const second = await paid(opening)
  await isRefused(world, fake.notice(second.id, { serial: short.serial, signer: short.key }), second.account)
  assert.equal(await world.send(fake.notice(second.id)), 204)
})

test('a merchant that is moving to the public key: answers are signed by it, notices still by a certificate', async (context) => {
  const opening = await opened(context, 'moving')
  const { world, fake } = opening
  const { account, id } = await paid(opening)
  assert.equal(await world.send(fake.notice(id)), 204)
  assert.equal(await world.balance(account), nanoOf('100'))
  assert.equal(fake.certificatesAsked(), 1)
})

test('the list cannot be had: what is known goes on, what is not is to come again', async (context) => {
  const opening = await opened(context)
  const { world, fake } = opening
  const { account, id } = await paid(opening)
  world.clock.advance(13 * 3_600_000)
  fake.broken.push(500)
  assert.equal(await world.send(fake.notice(id)), 204, 'a known certificate needs no list')
  assert.equal(await world.balance(account), nanoOf('100'))
  const fresh = wechatFake({ clock: world.clock, keys, trust: 'certificates' })
  const method = wechatMethod(fresh.settings(), { ...world, transport: transportTo(fresh.handler) })
  fresh.broken.push(500)
  await assert.rejects(method.readNotice(fresh.notice('ord_x'), world.clock.nowMs()), { code: 'upstream_error' })
  const wrong = wechatMethod(
    { ...fresh.settings(), apiV3Key: new Secret('e'.repeat(32)) },
    { ...world, transport: transportTo(fresh.handler) },
  )
  await assert.rejects(wrong.check(), { code: 'upstream_error', message: /check api_v3_key/ })
})
