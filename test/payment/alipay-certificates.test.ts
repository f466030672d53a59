import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import { nanoOf } from '#base/money.ts'
import { alipayMethod } from '#payment/alipay/method.ts'
import { makeMethods } from '#payment/index.ts'
import type { RawNotice } from '#payment/method.ts'
import { refundOrder } from '#payment/refund.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import { testCounter } from '#payment/test-cashier.ts'
import type { AlipayFake } from '../fake/alipay.ts'
import type { AlipayCertificates } from '../fake/alipay-certificates.ts'
import { alipayCertificateKeys } from '../fake/alipay-certificates.ts'
import { transportTo } from '../fake/processor.ts'
import type { World } from './bench.ts'
import { alipayBench, benchKeys, openWorld } from './bench.ts'

const keys = benchKeys()
const authorities = alipayCertificateKeys()

type Opened = { readonly world: World; readonly fake: AlipayFake; readonly certificates: AlipayCertificates }

const opened = async (context: TestContext): Promise<Opened> => {
  let fake: AlipayFake | undefined
  const world = await openWorld(
    (ground) => {
      const made = alipayBench(ground, authorities)
      fake = made.fake
      return made
    },
    { keys },
  )
  context.after(() => world.store.close())
  assert.ok(fake?.certificates !== undefined && fake.certificates !== null)
  return { world, fake, certificates: fake.certificates }
}

/** Of an order that is paid at the processor and not yet here. */
const paid = async ({ world, fake }: Opened) => {
  const account = await world.account()
  const { id } = await world.open(account)
  fake.pay(id)
  return { account, id }
}

const refuses = async ({ world }: Opened, notice: RawNotice, account: string): Promise<void> => {
  const status = await world.send(notice)
  assert.ok(status >= 400 && status < 500, `answered ${status}`)
  assert.equal(await world.balance(account), 0n)
}

test('an order, its notice and a refund in certificate mode', async (context) => {
  const opening = await opened(context)
  const { world, fake, certificates } = opening
  const { account, id } = await paid(opening)
  assert.equal(await world.send(fake.notice(id)), 200)
  assert.equal(await world.balance(account), nanoOf('100'))
  const asked = { order: id, source: 'operator' as const, reason: 'x', actor: 't', trail: null }
  const refund = await refundOrder(world.cashier, { ...asked, amountNano: nanoOf('40') })
  assert.equal(await world.send(fake.notice(id, { refund: refund.id })), 200)
  assert.equal((await world.order(id)).state, 'partially_refunded')
  assert.equal(await world.balance(account), nanoOf('60'))
  for (const signed of [true, false]) {
    const next = await paid(opening)
    const { serial } = certificates.signer()
    assert.equal(await world.send(fake.notice(next.id, { certificate: { serial, signed } })), 200)
    assert.equal(await world.balance(next.account), nanoOf('100'))
  }
  assert.equal(fake.certificatesAsked(), 0)
  assert.match((await world.bench.method.check()).map(({ detail }) => detail).join(), /by certificate, until 2028-11-/)
  await world.sound()
})

test('a certificate that follows is learned from an answer, and then believed of notices', async (context) => {
  const opening = await opened(context)
  const { world, fake, certificates } = opening
  const { account, id } = await paid(opening)
  const old = certificates.signer()
  certificates.follow(keys.thief)
  const notice = fake.notice(id)
  // Nobody here has heard of it, and a notice is no reason to ask.
  await refuses(opening, notice, account)
  assert.equal(fake.certificatesAsked(), 0)
  await world.bench.method.query(await world.order(id))
  assert.equal(fake.certificatesAsked(), 1)
  assert.equal(await world.send(notice), 200)
  const second = await paid(opening)
  assert.equal(await world.send(fake.notice(second.id, { signer: old.key })), 200, 'the old one has not ended')
  assert.equal(fake.certificatesAsked(), 1)
  await world.sound()
})

test('what follows must lead to the roots, be valid and be made out to the same owner', async (context) => {
  const opening = await opened(context)
  const { world, certificates } = opening
  const { account, id } = await paid(opening)
  const order = await world.order(id)
  for (const [what, how] of Object.entries({
    foreign: { isForeign: true },
    ended: { untilMs: world.clock.nowMs() },
    'somebody else': { owner: 'Example Ltd-2088999999999999' },
  })) {
    certificates.follow(keys.thief, how)
    await assert.rejects(world.bench.method.query(order), { code: 'upstream_error', message: /download it anew/ }, what)
    await refuses(opening, opening.fake.notice(id), account)
    world.clock.advance(61_000)
  }
  // One that is unknown is asked for once a minute.
  const asked = opening.fake.certificatesAsked()
  for (let time = 0; time < 3; time += 1) await assert.rejects(world.bench.method.query(order))
  assert.equal(opening.fake.certificatesAsked(), asked + 1)
})

test('a notice that another key signed is refused, and everything is when the certificate has ended', async (context) => {
  const opening = await opened(context)
  const { world, fake, certificates } = opening
  const { account, id } = await paid(opening)
  const { serial } = certificates.signer()
  const signer = keys.thief.privateKey
  for (const notice of [
    fake.notice(id, { signer }),
    fake.notice(id, { certificate: { serial: '0'.repeat(32), signed: true } }),
    fake.notice(id, { certificate: { serial: '0'.repeat(32), signed: false }, signer }),
    fake.notice(id, { certificate: { serial, signed: true }, signer }),
    fake.notice(id, {
      certificate: { serial: certificates.serials.application, signed: true },
      signer: keys.merchant.privateKey,
    }),
    fake.notice(id, { signer: authorities.root.privateKey }),
    fake.notice(id, { signer: authorities.issuer.privateKey }),
    fake.notice(id, { signType: 'RSA' }),
  ])
    await refuses(opening, notice, account)
  world.clock.advance(3 * 365 * 86_400_000)
  await refuses(opening, fake.notice(id), account)
  assert.match(
    (await world.bench.method.check().catch((thrown: unknown) => [{ detail: String(thrown) }])).at(0)?.detail ?? '',
    /download it anew/,
  )
})

test('certificates that do not belong together are refused before anything is asked', async (context) => {
  const { world, fake, certificates } = await opened(context)
  const { trust, ...rest } = fake.settings()
  assert.ok(trust.kind === 'certificates')
  const foreign = certificates.follow(keys.thief, { isForeign: true })
  for (const changes of [
    // It brings its own authority along.
    { alipay: new Secret(foreign.pem) },
    { root: new Secret(certificates.pems.application) },
    { alipay: new Secret('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n') },
    { application: new Secret('none') },
  ])
    assert.throws(
      () =>
        alipayMethod({ ...rest, trust: { ...trust, ...changes } }, { ...world, transport: transportTo(fake.handler) }),
      { code: 'invalid_request_error' },
    )
})

test('where they do not belong together the method is off with the reason, and the others start', async (context) => {
  const { world, fake, certificates } = await opened(context)
  const { trust, ...rest } = fake.settings()
  assert.ok(trust.kind === 'certificates')
  const foreign = certificates.follow(keys.thief, { isForeign: true })
  const config: PaymentConfig = {
    stripe: null,
    wechat: null,
    alipay: { ...rest, trust: { ...trust, alipay: new Secret(foreign.pem) } },
    manual: { ...testCounter, instructions: 'x', currencies: ['USD'], approveAboveNanoUsd: 0n },
    presetsNanoUsd: [],
    bonuses: [],
    settlement: [],
    late: 'credit',
    terms: null,
    description: 'x',
    kept: new Map(),
    off: new Map([['stripe', 'it has no key']]),
  }
  const made = await makeMethods(config, { ...world, transport: () => transportTo(fake.handler) })
  assert.deepEqual([...made.methods.keys()], ['manual'])
  assert.deepEqual([...made.off.keys()], ['stripe', 'alipay'])
  assert.match(made.off.get('alipay') ?? '', /payments\.alipay\.alipay_certificate: .*none of the root certificates/)
})
