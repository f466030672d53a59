import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import { refundOrder } from '#payment/refund.ts'
import { refundUnspent } from '#payment/refund-unspent.ts'
import { sampleTrail } from '#store/sample-rows.ts'
import { benchKeys, openWorld, stripeBench } from './bench.ts'

const keys = benchKeys()
const dayMs = 86_400_000

/** 100 dollars were bought and 10 given besides, which end after a month. */
const bought = async (context: TestContext) => {
  let fake: ReturnType<typeof stripeBench>['fake'] | undefined
  const world = await openWorld(
    (ground) => {
      const bench = stripeBench(ground)
      fake = bench.fake
      return bench
    },
    { keys, shop: { bonuses: [{ fromNanoUsd: nanoOf('100'), basisPoints: 1000n, lastsMs: 30 * dayMs }] } },
  )
  context.after(() => world.store.close())
  assert.ok(fake !== undefined)
  const account = await world.account()
  const { id } = await world.open(account)
  fake.pay(id)
  await world.send(fake.notice(id))
  let calls = 0
  const spend = async (usd: string): Promise<void> => {
    calls += 1
    const settle = { account, key: null, nowMs: world.clock.nowMs(), priceHash: null, rule: 'test', upstreamCosts: [] }
    await world.store.settle({ ...settle, call: `call_${calls}`, chargeNanoUsd: nanoOf(usd) })
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
  return { world, fake, account, id, spend, refund }
}

test('a bonus that is spent is not given away by a refund: bought credit goes in its place', async (context) => {
  const { world, account, spend, refund } = await bought(context)
  await spend('10')
  await assert.rejects(refund(null), { code: 'conflict', message: /110\.00 USD, with the bonus .* at most 90\.909 %/ })
  await assert.rejects(refund('90.91'), { code: 'conflict' })
  assert.equal((await refund('50')).bonusNanoUsd, nanoOf('5'))
  assert.equal(await world.balance(account), nanoOf('45'))
  assert.equal((await refund('40.90')).state, 'done')
  assert.equal(await world.balance(account), nanoOf('0.01'))
  await world.sound()
})

test('what of a bonus is there goes back first, and what of it has ended unspent is not asked for', async (context) => {
  const { world, account, spend, refund } = await bought(context)
  await spend('4')
  assert.equal((await refund('50')).bonusNanoUsd, nanoOf('5'))
  assert.equal(await world.balance(account), nanoOf('51'), 'of the bonus 1 is there, and all of what was bought')
  world.clock.advance(31 * dayMs)
  assert.equal(await world.balance(account), nanoOf('50'))
  await assert.rejects(refund('50'), { code: 'conflict' })
  const last = await refund('46')
  assert.equal(last.bonusNanoUsd, nanoOf('4'), 'the 4 that were spent, and not the 1 that has ended')
  assert.equal(await world.balance(account), 0n)
  await world.sound()
})

test('an account that closes has back what it has not used, at the price that it had with the bonus', async (context) => {
  const { world, account, spend } = await bought(context)
  await spend('60')
  const lots = await world.store.lots({ limit: 10, after: null, account, open: true })
  const closing = { lots, reason: 'closed', actor: 't', trail: () => sampleTrail('trl_refund') }
  const { refunds, kept } = await refundUnspent(world.cashier, closing)
  assert.deepEqual(kept, [])
  assert.deepEqual(
    refunds.map(({ amountNano }) => amountNano),
    [nanoOf('45.45')],
  )
  await world.sound()
})

test('a bank that takes all back makes debt of what is spent, bonus and all; a dispute that is won gives both again', async (context) => {
  const { world, fake, account, id, spend } = await bought(context)
  await spend('30')
  const dispute = fake.dispute(id)
  await world.send(fake.disputeNotice(dispute, 'charge.dispute.created'))
  assert.equal(await world.balance(account), -nanoOf('30'))
  await world.sound()
  fake.decide(dispute, 'won')
  await world.send(fake.disputeNotice(dispute, 'charge.dispute.closed'))
  assert.equal(await world.balance(account), nanoOf('80'))
  await world.sound()
})
