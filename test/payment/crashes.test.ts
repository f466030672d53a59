import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import type { CashierParts } from '#payment/cashier.ts'
import { takeNotice } from '#payment/notice.ts'
import { openOrder } from '#payment/open-order.ts'
import { pollPayments } from '#payment/poll.ts'
import type { PaymentStore } from '#payment/port.ts'
import { refundOrder } from '#payment/refund.ts'
import { networkAway } from '../fake/processor.ts'
import { benches, benchKeys, openWorld } from './bench.ts'

const keys = benchKeys()
const hundred = nanoOf('100')
/** A run makes fewer calls than this. */
const stepsMax = 60

class Crash extends Error {}

/** Counts calls of the store and of the network, before and after each: at the chosen one everything ends. */
const fuse = () => {
  let [count, at] = [0, Number.POSITIVE_INFINITY]
  let crashed = false
  return {
    set: (step: number): void => {
      count = 0
      at = step
      crashed = false
    },
    crashed: () => crashed,
    tick: (): void => {
      if (crashed) throw new Crash('nothing runs after the crash')
      count += 1
      if (count !== at) return
      crashed = true
      throw new Crash('crash')
    },
  }
}

const breaking = (store: PaymentStore, tick: () => void): PaymentStore =>
  new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return async (...given: unknown[]) => {
        tick()
        const answer: unknown = await Reflect.apply(method, target, given)
        tick()
        return answer
      }
    },
  })

for (const [name, make] of Object.entries(benches))
  test(`${name}: a crash at any step loses no payment and credits none twice`, async () => {
    const bomb = fuse()
    const world = await openWorld(make, { keys, fail: () => bomb.tick() })
    after(() => world.store.close())
    const { clock, bench } = world
    const fragile: CashierParts = { ...world.cashier, store: breaking(world.store, bomb.tick) }
    const request = (account: string) => ({
      account,
      creditNanoUsd: hundred,
      method: bench.name,
      way: null,
      currency: bench.currency,
      idempotencyKey: `once-${account}`,
      actor: 'test',
      trail: null,
      payerAddress: null,
      payer: null,
      returnUrl: null,
      keepCard: false,
      card: null,
    })
    /** Everything that happens to an order, until the crash. */
    const life = async (account: string): Promise<void> => {
      const { id } = await openOrder(fragile, request(account))
      bench.pay(id)
      await takeNotice(fragile, bench.name, bench.notice(id))
      await refundOrder(fragile, {
        order: id,
        amountNano: nanoOf('40'),
        source: 'operator',
        reason: 'x',
        actor: 't',
        trail: null,
      })
    }
    let steps = 0
    for (let step = 1; step < stepsMax; step += 1) {
      const account = await world.account()
      bomb.set(step)
      await life(account).catch((error: unknown) => assert.ok(bomb.crashed(), String(error)))
      if (!bomb.crashed()) break
      steps = step
      // The process is gone; the next one begins the order again where its client asks again, and polls what is open.
      bomb.set(Number.POSITIVE_INFINITY)
      clock.advance(90_000)
      const order = await openOrder(world.cashier, request(account))
      const paid = order.paidNano !== null
      if (!paid && (order.state === 'pending' || order.state === 'created')) bench.pay(order.id)
      for (let round = 0; round < 3; round += 1) {
        clock.advance(61_000)
        await pollPayments(world.cashier)
      }
      const refunds = await world.store.refundsOf(order.id)
      const back = refunds.length > 0
      const end = await world.order(order.id)
      assert.equal(end.state, back ? 'partially_refunded' : 'credited', `step ${step}`)
      assert.equal(await world.balance(account), back ? nanoOf('60') : hundred, `step ${step}`)
      assert.ok(
        refunds.every(({ state }) => state === 'done'),
        `step ${step}`,
      )
    }
    assert.ok(steps > 15, `only ${steps} steps were broken`)
    await world.sound()
  })

test('a network that breaks is not taken for an answer', () => {
  assert.equal(networkAway().code, 'upstream_error')
})
