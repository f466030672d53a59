/** Each method with its strict fake, a store in memory, and a cashier: what the attacks and the crashes are run on. */

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { HandClock } from '#base/hand-clock.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Ids } from '#base/id.ts'
import { systemIds } from '#base/id.ts'
import { nanoOf } from '#base/money.ts'
import { alipayMethod } from '#payment/alipay/method.ts'
import type { CashierParts } from '#payment/cashier.ts'
import type { PaymentMethod, RawNotice } from '#payment/method.ts'
import { takeNotice } from '#payment/notice.ts'
import { openOrder } from '#payment/open-order.ts'
import type { PaymentOrder } from '#payment/port.ts'
import type { Shop } from '#payment/shop.ts'
import { stripeMethod } from '#payment/stripe/method.ts'
import type { TestCashier } from '#payment/test-cashier.ts'
import { testCashier } from '#payment/test-cashier.ts'
import { wechatMethod } from '#payment/wechat/method.ts'
import type { Store } from '#store/face.ts'
import { sampleAccount, sampleFirst, sampleTrail } from '#store/sample-rows.ts'
import { openTestStore } from '#store/sqlite/test-store.ts'
import type { AlipayFake } from '../fake/alipay.ts'
import { alipayFake } from '../fake/alipay.ts'
import type { AlipayCertificateKeys } from '../fake/alipay-certificates.ts'
import type { FakeHandler, Paying } from '../fake/processor.ts'
import { transportTo } from '../fake/processor.ts'
import { stripeFake } from '../fake/stripe.ts'
import type { WechatFake, WechatWays } from '../fake/wechat-pay.ts'
import { wechatFake } from '../fake/wechat-pay.ts'

/** 2026-11-29, 04:00 in Beijing. */
export const startMs = Date.UTC(2026, 10, 28, 20)

export type Fail = (when: 'before' | 'after', path: string) => void

export type Bench = {
  readonly name: string
  readonly method: PaymentMethod
  readonly currency: 'USD' | 'CNY'
  readonly pay: (order: string, how?: Paying) => void
  /** A notice as the processor sends it, with what differs from the truth. */
  readonly notice: (order: string, how?: Paying & { readonly id?: string }) => RawNotice
  /** Notices that nobody may believe, by what is wrong with them. */
  readonly forged: (order: string) => Readonly<Record<string, RawNotice>>
  readonly refundOutside: (order: string, amountMinor: number) => string
  readonly refundNotice: (order: string, refund: string) => RawNotice
  /** Answers with these statuses for as many calls. */
  readonly broken: number[]
  readonly handler: FakeHandler
}

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Made once for a run: keys of RSA are slow to make. */
export const benchKeys = () => ({ merchant: pair(), platform: pair(), thief: pair() })
export type BenchKeys = ReturnType<typeof benchKeys>

type Ground = { readonly clock: HandClock; readonly ids: Ids; readonly keys: BenchKeys; readonly fail: Fail }

const cut = ({ headers, bytes }: RawNotice): RawNotice => ({ headers, bytes: bytes.subarray(0, bytes.length - 1) })
const changed = ({ headers, bytes }: RawNotice, from: string, to: string): RawNotice => ({
  headers,
  bytes: Buffer.from(Buffer.from(bytes).toString('utf8').replace(from, to)),
})
const without = ({ headers, bytes }: RawNotice, name: string): RawNotice => ({
  headers: Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name)),
  bytes,
})

export function wechatBench(
  { clock, ids, keys, fail }: Ground,
  trust: WechatWays['trust'] = 'key',
): Bench & { readonly fake: WechatFake } {
  const fake = wechatFake({ clock, keys, trust })
  return {
    fake,
    name: 'wechat',
    method: wechatMethod(fake.settings(), { clock, ids, transport: transportTo(fake.handler, fail) }),
    currency: 'CNY',
    pay: fake.pay,
    notice: fake.notice,
    forged: (order) => {
      const good = fake.notice(order)
      return {
        "signed by somebody else's key": fake.notice(order, { signer: keys.thief.privateKey }),
        'not signed': without(good, 'wechatpay-signature'),
        'one byte short': cut(good),
        'body changed after signing': changed(good, 'TRANSACTION.SUCCESS', 'TRANSACTION.SUCCESs'),
        'encrypted with an empty key': fake.notice(order, { apiV3Key: '\0'.repeat(32) }),
        'replayed after six minutes': fake.notice(order, { ageSeconds: 360 }),
        'from the future': fake.notice(order, { ageSeconds: -360 }),
        'an unknown serial number': fake.notice(order, { serial: 'PUB_KEY_ID_9' }),
        'a probe of the processor': {
          ...good,
          headers: { ...good.headers, 'wechatpay-signature': 'WECHATPAY/SIGNTEST/x' },
        },
        'for another app': fake.notice(order, { app: 'wx-other' }),
        'for another seller': fake.notice(order, { seller: '1900000999' }),
      }
    },
    refundOutside: fake.refundOutside,
    refundNotice: (_order, refund) => fake.refundNotice(refund),
    broken: fake.broken,
    handler: fake.handler,
  }
}

export function alipayBench(
  { clock, keys, fail }: Ground,
  authorities: AlipayCertificateKeys | null = null,
): Bench & { readonly fake: AlipayFake } {
  const fake = alipayFake({ clock, keys: { application: keys.merchant, platform: keys.platform }, authorities })
  const made = alipayMethod(fake.settings(), { clock, transport: transportTo(fake.handler, fail) })
  return {
    fake,
    name: 'alipay',
    // The payer opens the page as soon as there is one.
    method: {
      ...made,
      begin: async (order, request) => {
        const begun = await made.begin(order, request)
        if (begun.action.kind === 'redirect') assert.match(String(fake.open(begun.action.url).body), /^pay /)
        return begun
      },
    },
    currency: 'CNY',
    pay: fake.pay,
    notice: fake.notice,
    forged: (order) => {
      const good = fake.notice(order)
      return {
        "signed by somebody else's key": fake.notice(order, { signer: keys.thief.privateKey }),
        'not signed': {
          ...good,
          bytes: Buffer.from(
            Buffer.from(good.bytes)
              .toString()
              .replace(/sign=[^&]+/, 'sign='),
          ),
        },
        'one byte short': cut(good),
        'body changed after signing': changed(good, 'TRADE_SUCCESS', 'TRADE_FINISHED'),
        'signed with SHA-1, as it says itself': fake.notice(order, { signType: 'RSA' }),
        'a field given twice': { ...good, bytes: Buffer.concat([good.bytes, Buffer.from('&total_amount=1.00')]) },
        'for another app': fake.notice(order, { app: '2021999' }),
        'for another seller': fake.notice(order, { seller: '2088999' }),
      }
    },
    refundOutside: fake.refundOutside,
    refundNotice: (order, refund) => fake.notice(order, { refund }),
    broken: fake.broken,
    handler: fake.handler,
  }
}

export function stripeBench({ clock, fail }: Ground): Bench & { readonly fake: ReturnType<typeof stripeFake> } {
  const fake = stripeFake({ clock })
  return {
    fake,
    name: 'stripe',
    method: stripeMethod(fake.settings(), { clock, transport: transportTo(fake.handler, fail) }),
    currency: 'USD',
    pay: fake.pay,
    notice: fake.notice,
    forged: (order) => {
      const good = fake.notice(order)
      return {
        "signed with somebody else's secret": fake.notice(order, { secret: 'whsec_of_a_thief_0123456' }),
        'signed with an empty secret': fake.notice(order, { secret: '' }),
        'not signed': without(good, 'stripe-signature'),
        'one byte short': cut(good),
        'body changed after signing': changed(good, 'checkout.session.completed', 'checkout.session.completes'),
        'replayed after six minutes': fake.notice(order, { ageSeconds: 360 }),
        'from the future': fake.notice(order, { ageSeconds: -360 }),
        'a live event with a test key': fake.notice(order, { live: true }),
      }
    },
    refundOutside: fake.refundOutside,
    refundNotice: (order, refund) =>
      fake.notice(order, { type: 'refund.created', object: fake.refunds.get(refund) ?? {} }),
    broken: fake.broken,
    handler: fake.handler,
  }
}

export type World = TestCashier & {
  readonly bench: Bench
  readonly store: Store
  readonly clock: HandClock
  readonly ids: Ids
  readonly account: () => Promise<string>
  readonly open: (account: string, usd?: string, idempotencyKey?: string | null) => Promise<PaymentOrder>
  /** The status of the answer. */
  readonly send: (notice: RawNotice, cashier?: CashierParts) => Promise<number>
  readonly balance: (account: string) => Promise<bigint>
  readonly order: (id: string) => Promise<PaymentOrder>
  readonly sound: () => Promise<void>
}

export type MakeBench = (ground: Ground) => Bench
export const benches: Readonly<Record<string, MakeBench>> = {
  stripe: stripeBench,
  wechat: (ground) => wechatBench(ground),
  alipay: (ground) => alipayBench(ground),
}

/** The same methods where the keys of their processors come in certificates. */
export const certificateBenches = (authorities: AlipayCertificateKeys): Readonly<Record<string, MakeBench>> => ({
  'wechat, certificates': (ground) => wechatBench(ground, 'certificates'),
  'alipay, certificates': (ground) => alipayBench(ground, authorities),
})

/** A world of one method; `store` takes the place of the one in memory. */
export async function openWorld(
  make: MakeBench,
  {
    keys,
    shop = {},
    fail = () => {},
    openStore = openTestStore,
  }: {
    readonly keys: BenchKeys
    readonly shop?: Partial<Shop>
    readonly fail?: Fail
    readonly openStore?: (clock: HandClock) => Promise<Store>
  },
): Promise<World> {
  const clock = handClock(startMs)
  const ids = systemIds(clock)
  const store = await openStore(clock)
  await store.begin(sampleFirst())
  const bench = make({ clock, ids, keys, fail })
  const { cashier, told } = testCashier({ store, clock, ids, methods: [bench.method], shop })
  let accounts = 0
  return {
    bench,
    store,
    clock,
    ids,
    cashier,
    told,
    account: async () => {
      accounts += 1
      const name = `a${accounts}`
      await store.createAccount(sampleAccount(name), sampleTrail(`trl_${bench.name}_${name}`))
      return `acc_${name}`
    },
    open: (account, usd = '100', idempotencyKey = null) =>
      openOrder(cashier, {
        account,
        creditNanoUsd: nanoOf(usd),
        method: bench.name,
        way: null,
        currency: bench.currency,
        idempotencyKey,
        actor: 'test',
        trail: null,
        payerAddress: '203.0.113.9',
        payer: 'openid-1',
        returnUrl: null,
        keepCard: false,
        card: null,
      }),
    send: async (notice, by = cashier) => (await takeNotice(by, bench.name, notice)).status,
    balance: async (account) => (await store.balance(account, clock.nowMs()))?.balanceNanoUsd ?? 0n,
    order: async (id) => {
      const order = await store.order(id)
      assert.ok(order !== null, `no order ${id}`)
      return order
    },
    sound: async () => assert.deepEqual((await store.verifyBooks(clock.nowMs())).problems, []),
  }
}
