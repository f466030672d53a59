import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import { reconcileDay } from '#payment/reconcile.ts'
import { refundOrder } from '#payment/refund.ts'
import { sampleTrail } from '#store/sample-rows.ts'
import type { Bench, MakeBench } from './bench.ts'
import { benchKeys, openWorld, stripeBench, wechatBench } from './bench.ts'

type Ground = Parameters<MakeBench>[0]

const keys = benchKeys()
const hundred = nanoOf('100')
const bonus = { bonuses: [{ fromNanoUsd: hundred, basisPoints: 1000n, lastsMs: null }] }

/** An order of 100 USD that was paid and credited, and the fake of its processor. */
const paid = async <B extends Bench>(context: TestContext, make: (ground: Ground) => B, shop = {}) => {
  let fake: B | undefined
  const world = await openWorld(
    (ground) => {
      fake = make(ground)
      return fake
    },
    { keys, shop },
  )
  context.after(() => world.store.close())
  assert.ok(fake !== undefined)
  const account = await world.account()
  const { id } = await world.open(account)
  fake.pay(id)
  await world.send(fake.notice(id))
  const spend = async (usd: string): Promise<void> => {
    const settle = { account, key: null, nowMs: world.clock.nowMs(), priceHash: null, rule: 'test', upstreamCosts: [] }
    await world.store.settle({ ...settle, call: `call_${usd}`, chargeNanoUsd: nanoOf(usd) })
  }
  /** What a book of the operator has, in a currency. */
  const inBook = async (book: string, currency: string): Promise<bigint> => {
    const pages = await world.store.bookPage({ account, limit: 100, before: null })
    return pages
      .flatMap(({ entries }) => entries)
      .filter((entry) => entry.currency === currency)
      .reduce(
        (sum, { from, to, amountNano }) => sum + (to === book ? amountNano : from === book ? -amountNano : 0n),
        0n,
      )
  }
  const refund = (usd: string | null) =>
    refundOrder(world.cashier, {
      order: id,
      amountNano: usd === null ? null : nanoOf(usd),
      source: 'operator',
      reason: 'asked for',
      actor: 't',
      trail: null,
    })
  return { world, fake: fake as B, account, id, spend, inBook, refund }
}

test('a refund at Stripe that fails after it had succeeded gives the credit back, once, and the books have the money again', async (context) => {
  const { world, fake, account, id, inBook, refund } = await paid(context, stripeBench, bonus)
  const made = await refund('40')
  assert.equal(made.state, 'done')
  assert.equal(await world.balance(account), nanoOf('66'))
  const there = fake.fake.refunds.get(made.processorId ?? '') ?? assert.fail()
  assert.equal(await world.send(fake.fake.notice(id, { type: 'refund.updated', object: there })), 200)
  assert.equal(await world.balance(account), nanoOf('66'), 'a notice that it is done changes nothing')
  fake.fake.failRefund(made.processorId ?? '')
  for (const type of ['refund.failed', 'charge.refund.updated'])
    await Promise.all(Array.from({ length: 10 }, () => world.send(fake.fake.notice(id, { type, object: there }))))
  assert.equal(await world.balance(account), nanoOf('110'))
  assert.equal((await world.store.refund(made.id))?.state, 'failed')
  const order = await world.order(id)
  assert.deepEqual([order.state, order.refundedNano], ['credited', 0n])
  assert.equal(await inBook('operator:cash:stripe', 'USD'), -hundred)
  assert.equal(await inBook('operator:refunds', 'USD'), 0n)
  const told = world.told.filter(({ name }) => name === 'payment_stuck')
  assert.match(told[0]?.message ?? '', /came back after it had left: expired_or_canceled_card/)
  await world.sound()
})

test('what came back goes back again with its bonus, as if it had never been away; in the place of what is spent of that as before', async (context) => {
  const ground = await paid(context, stripeBench, bonus)
  const { world, fake, account, id, spend, refund } = ground
  const fails = async (usd: string | null): Promise<void> => {
    const made = await refund(usd)
    const there = fake.fake.refunds.get(made.processorId ?? '') ?? assert.fail()
    fake.fake.failRefund(made.processorId ?? '')
    await world.send(fake.fake.notice(id, { type: 'refund.failed', object: there }))
  }
  // Of the bonus of 10, 4 are spent: the first refund takes 6 of it, and 4 of what was bought.
  await spend('4')
  await fails('50')
  await fails('50')
  assert.equal(await world.balance(account), nanoOf('106'))
  const half = await refund('50')
  assert.deepEqual([half.state, half.creditNanoUsd, half.bonusNanoUsd], ['done', nanoOf('50'), nanoOf('5')])
  // What is spent is not there twice: 51 are left, and all of the rest would be 55.
  assert.equal(await world.balance(account), nanoOf('51'))
  await assert.rejects(refund(null), { code: 'conflict', message: /only 51\.00 USD/ })
  const rest = await refund('46')
  assert.deepEqual([rest.state, rest.creditNanoUsd, rest.bonusNanoUsd], ['done', nanoOf('46'), nanoOf('4.6')])
  assert.equal((await world.order(id)).state, 'partially_refunded')
  assert.equal(await world.balance(account), nanoOf('0.4'))
  await world.sound()
})

test('the bill has a refund that came back twice, once each way; where nobody told us it is a difference', async (context) => {
  const { world, fake, id, refund } = await paid(context, stripeBench)
  const made = await refund('40')
  const there = fake.fake.failRefund(made.processorId ?? '')
  const question = { method: 'stripe', day: '2026-11-28', fee: null }
  const untold = await reconcileDay(world.cashier, question)
  assert.deepEqual(
    untold.theirsOnly.map(({ amountNano }) => amountNano),
    [nanoOf('40')],
  )
  await world.send(fake.fake.notice(id, { type: 'refund.failed', object: there }))
  assert.equal((await reconcileDay(world.cashier, question)).differences, 0)
})

test('one that was made at Stripe and fails pays the debt that it had made', async (context) => {
  const { world, fake, account, id, spend } = await paid(context, stripeBench)
  await spend('30')
  const there = fake.fake.refunds.get(fake.refundOutside(id, 10_000)) ?? assert.fail()
  await world.send(fake.fake.notice(id, { type: 'refund.created', object: there }))
  assert.equal(await world.balance(account), -nanoOf('30'))
  Object.assign(there, { status: 'failed' })
  await world.send(fake.fake.notice(id, { type: 'refund.failed', object: there }))
  assert.equal(await world.balance(account), nanoOf('70'))
  assert.equal((await world.order(id)).state, 'credited')
  await world.sound()
})

test('a closed account takes no credit: the money is kept for its payer, and a person is told', async (context) => {
  const { world, fake, account, id, inBook, refund } = await paid(context, stripeBench)
  const made = await refund(null)
  await world.store.closeAccount(account, world.clock.nowMs(), sampleTrail('trl_close'))
  const there = fake.fake.refunds.get(made.processorId ?? '') ?? assert.fail()
  Object.assign(there, { status: 'failed' })
  for (let time = 0; time < 2; time += 1)
    assert.equal(await world.send(fake.fake.notice(id, { type: 'refund.failed', object: there })), 200)
  assert.equal(await inBook('operator:refunds', 'USD'), hundred)
  assert.equal(await inBook('operator:cash:stripe', 'USD'), -hundred)
  assert.match(world.told.at(-1)?.message ?? '', /account is closed/)
  await world.sound()
})

test('a refund at WeChat Pay that its bank sends back is told of, and one that is closed then gives the credit back', async (context) => {
  for (const isOurs of [true, false]) {
    const { world, fake, account, id, inBook, refund } = await paid(context, (ground: Ground) => wechatBench(ground))
    const name = isOurs ? (await refund('40')).id : fake.refundOutside(id, 4000)
    await world.send(fake.refundNotice('', name))
    assert.equal(await world.balance(account), nanoOf('60'))
    const there = fake.fake.refunds.get(name) ?? assert.fail()
    Object.assign(there, { status: 'ABNORMAL' })
    for (let time = 0; time < 2; time += 1) await world.send(fake.refundNotice('', name))
    assert.equal(await world.balance(account), nanoOf('60'), 'it is still the payer that it goes to')
    const told = world.told.filter(({ name: event }) => event === 'payment_stuck')
    assert.deepEqual([told.length, /waits: .*merchant platform/.test(told[0]?.message ?? '')], [1, true])
    Object.assign(there, { status: 'CLOSED' })
    for (let time = 0; time < 2; time += 1) await world.send(fake.refundNotice('', name))
    assert.equal(await world.balance(account), hundred)
    assert.equal(await inBook('operator:cash:wechat', 'CNY'), -hundred)
    assert.equal(await inBook('operator:refunds', 'USD'), 0n)
    await world.sound()
  }
})
