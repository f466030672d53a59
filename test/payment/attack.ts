/** What people and networks do to payments, and what must become of it, for every method. */

import assert from 'node:assert/strict'
import { nanoOf } from '#base/money.ts'
import { pollPayments } from '#payment/poll.ts'
import type { World } from './bench.ts'

export type Attack = {
  readonly name: string
  /** Gives what happened, in words for the table; throws where it was wrong. */
  readonly run: (world: World) => Promise<string>
}

const hundred = nanoOf('100')

const credited = async ({ balance, order }: World, account: string, id: string): Promise<string> => {
  assert.equal(await balance(account), hundred)
  return `${(await order(id)).state}, credited once`
}

const nothing = async ({ balance, order }: World, account: string, id: string): Promise<string> => {
  assert.equal(await balance(account), 0n)
  return `${(await order(id)).state}, no credit`
}

/** Statuses that make a processor send again, or give up: never one that says it was taken. */
const refusedAs = (status: number): void => assert.ok(status >= 400, `answered ${status}`)

const simple: readonly Attack[] = [
  {
    name: 'paid and told: the plain case',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id)
      assert.ok((await world.send(world.bench.notice(id))) < 300)
      return credited(world, account, id)
    },
  },
  {
    name: 'the notice says paid, the processor says not',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      await world.send(world.bench.notice(id))
      return nothing(world, account, id)
    },
  },
  {
    name: 'the same notice 100 times at once',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id)
      const notice = world.bench.notice(id, { id: 'evt-same' })
      const statuses = await Promise.all(Array.from({ length: 100 }, () => world.send(notice)))
      assert.ok(statuses.some((status) => status < 300))
      await world.send(notice)
      return credited(world, account, id)
    },
  },
  {
    name: '100 different notices of one payment at once, while it is polled',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id)
      world.clock.advance(16_000)
      const notices = Array.from({ length: 100 }, () => world.bench.notice(id))
      await Promise.all([...notices.map((notice) => world.send(notice)), pollPayments(world.cashier)])
      return credited(world, account, id)
    },
  },
  {
    name: 'the notice is lost',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id)
      world.clock.advance(16_000)
      await pollPayments(world.cashier)
      return credited(world, account, id)
    },
  },
  {
    name: 'the notice comes before the processor knows of the payment, and again later',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      const early = world.bench.notice(id)
      await world.send(early)
      world.bench.pay(id)
      await world.send(early)
      return credited(world, account, id)
    },
  },
  {
    name: 'the processor is broken when the notice comes',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id)
      const notice = world.bench.notice(id)
      world.bench.broken.push(500)
      refusedAs(await world.send(notice))
      await nothing(world, account, id)
      await world.send(notice)
      return credited(world, account, id)
    },
  },
]

const wrong: readonly Attack[] = [
  ...(
    [
      ['less than asked', { amountMinor: 1 }],
      ['more than asked', { amountMinor: 10_001 }],
      ['another currency, the same number', { currency: 'EUR' }],
    ] as const
  ).map(
    ([what, how]): Attack => ({
      name: `paid ${what}`,
      run: async (world) => {
        const account = await world.account()
        const { id } = await world.open(account)
        world.bench.pay(id, how)
        await world.send(world.bench.notice(id))
        assert.equal((await world.order(id)).state, 'mismatch')
        assert.ok(world.told.some(({ name, object }) => name === 'payment_mismatch' && object === id))
        return nothing(world, account, id)
      },
    }),
  ),
  {
    name: 'paid for another order of the same shop',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id, { order: 'ord_00000000000000000000000000' })
      await world.send(world.bench.notice(id))
      world.clock.advance(16_000)
      await pollPayments(world.cashier)
      assert.equal((await world.order(id)).state, 'mismatch')
      return nothing(world, account, id)
    },
  },
  {
    name: 'paid to another seller, or in the other mode, as the processor itself says',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      if (world.bench.name === 'alipay') return 'its answers name no seller; its notices do, and are refused below'
      world.bench.pay(id, { seller: 'live' })
      await world.send(world.bench.notice(id))
      world.clock.advance(16_000)
      await pollPayments(world.cashier)
      assert.equal((await world.order(id)).state, 'mismatch')
      return nothing(world, account, id)
    },
  },
  {
    name: 'a paid order named in the notice of a cheap one',
    run: async (world) => {
      const [rich, poor] = [await world.account(), await world.account()]
      const dear = await world.open(rich)
      const cheap = await world.open(poor, '1')
      world.bench.pay(cheap.id)
      await world.send(world.bench.notice(cheap.id, { order: dear.id }))
      await nothing(world, rich, dear.id)
      return 'the named order is asked for: pending, no credit'
    },
  },
  {
    name: "another method's order named in a good notice",
    run: async (world) => {
      const account = await world.account()
      const own = await world.open(account)
      const order = { ...own, id: world.ids.next('ord'), method: 'manual', processorId: null, idempotencyKey: null }
      const event = {
        id: `${order.id}/x`,
        order: order.id,
        method: 'manual',
        kind: 'created',
        timeMs: 0,
        state: 'pending' as const,
        detail: null,
      }
      await world.store.createOrder(order, event, null)
      refusedAs(await world.send(world.bench.notice(order.id, { order: order.id })))
      assert.equal((await world.order(order.id)).state, order.state)
      await nothing(world, account, order.id)
      return 'refused with 404, no credit'
    },
  },
  {
    name: 'an order that there is not',
    run: async (world) => {
      refusedAs(await world.send(world.bench.notice('ord_none')))
      return 'refused with 404'
    },
  },
  {
    name: 'paid twice: a second payment of one order',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id)
      await world.send(world.bench.notice(id))
      world.bench.pay(id, { transaction: `second-${id}` })
      await world.send(world.bench.notice(id))
      assert.ok(world.told.some(({ object, message }) => object === id && /second time/.test(message)))
      return `${await credited(world, account, id)}, told`
    },
  },
  {
    name: 'a payment that has paid one order claimed by another',
    run: async (world) => {
      const [one, two] = [await world.account(), await world.account()]
      const first = await world.open(one)
      const second = await world.open(two)
      world.bench.pay(first.id, { transaction: `shared-${first.id}` })
      await world.send(world.bench.notice(first.id))
      world.bench.pay(second.id, { transaction: `shared-${first.id}` })
      refusedAs(await world.send(world.bench.notice(second.id)))
      await credited(world, one, first.id)
      return `the second is refused: ${await nothing(world, two, second.id)}`
    },
  },
]

const late: readonly Attack[] = [
  {
    name: 'paid after it had expired here',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.clock.advance(31 * 60_000)
      await pollPayments(world.cashier)
      assert.equal((await world.order(id)).state, 'expired_unpaid')
      world.bench.pay(id)
      await world.send(world.bench.notice(id))
      return `paid_late, then ${await credited(world, account, id)}`
    },
  },
  {
    name: 'paid while it is being closed',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.clock.advance(31 * 60_000)
      world.bench.pay(id)
      await pollPayments(world.cashier)
      return credited(world, account, id)
    },
  },
  {
    name: 'paid late, and no notice ever comes',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.clock.advance(31 * 60_000)
      await pollPayments(world.cashier)
      world.bench.pay(id)
      world.clock.advance(3_700_000)
      await pollPayments(world.cashier)
      return credited(world, account, id)
    },
  },
]

const back: readonly Attack[] = [
  {
    name: "half refunded in the processor's console: its notice is no payment",
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id)
      await world.send(world.bench.notice(id))
      const refund = world.bench.refundOutside(id, 5_000)
      const notice = world.bench.refundNotice(id, refund)
      await Promise.all([world.send(notice), world.send(notice), world.send(notice)])
      await world.send(notice)
      assert.equal(await world.balance(account), hundred / 2n)
      return `${(await world.order(id)).state}, half of the credit taken back once`
    },
  },
  {
    name: 'the refund notice comes before the payment notice',
    run: async (world) => {
      const account = await world.account()
      const { id } = await world.open(account)
      world.bench.pay(id)
      const paid = world.bench.notice(id)
      const refund = world.bench.refundOutside(id, 5_000)
      await world.send(world.bench.refundNotice(id, refund))
      await world.send(paid)
      await world.send(world.bench.refundNotice(id, refund))
      assert.ok((await world.balance(account)) <= hundred / 2n)
      return `${(await world.order(id)).state}, never more than what stayed paid`
    },
  },
]

export const attacks: readonly Attack[] = [...simple, ...wrong, ...late, ...back]
