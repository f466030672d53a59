import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import { askAndTake } from '#payment/cashier.ts'
import { manualMethod } from '#payment/manual/method.ts'
import type { Hint, PaymentMethod, RefundSeen } from '#payment/method.ts'
import { takeNotice } from '#payment/notice.ts'
import { openOrder } from '#payment/open-order.ts'
import type { Seen } from '#payment/order-machine.ts'
import type { PaymentOrder } from '#payment/port.ts'
import { refundOrder } from '#payment/refund.ts'
import { testCashier } from '#payment/test-cashier.ts'
import { openDesk } from './test-desk.ts'

type View = Readonly<Record<string, unknown>>

const paid = (amount: string, transaction = 'tx'): Seen => ({
  kind: 'paid',
  transaction,
  amountNano: nanoOf(amount),
  currency: 'CNY',
  paidMs: 1,
  fault: null,
})

/** A processor that says what the test has written down. */
const opened = async (context: TestContext) => {
  const desk = await openDesk(context)
  const account = (await desk.store.account('acme'))?.id ?? assert.fail('there is no account')
  const says: {
    seen: Seen
    refund: RefundSeen
    hint: Hint
    made: { id: null; processorId: string; amountNano: bigint }[]
  } = {
    seen: { kind: 'unpaid' },
    refund: { kind: 'sent', processorId: null },
    hint: { kind: 'nothing', id: 'n', why: 'x' },
    made: [],
  }
  const method: PaymentMethod = {
    ...manualMethod({ instructions: 'x', currencies: ['CNY'] }),
    name: 'wechat',
    asks: true,
    query: async () => says.seen,
    refund: async () => says.refund,
    queryRefund: async () => says.refund,
    readNotice: async () => says.hint,
    refunds: async () => says.made,
    taken: { status: 204, headers: {}, body: Buffer.alloc(0) },
  }
  const { cashier, told } = testCashier({ store: desk.store, clock: desk.clock, methods: [method] })
  const order = (usd: string): Promise<PaymentOrder> =>
    openOrder(cashier, {
      account,
      creditNanoUsd: nanoOf(usd),
      method: 'wechat',
      way: null,
      currency: 'CNY',
      idempotencyKey: null,
      actor: 'test',
      trail: null,
      payerAddress: null,
      payer: null,
      returnUrl: null,
      keepCard: false,
      card: null,
    })
  const notice = (hint: Hint) => {
    says.hint = hint
    return takeNotice(cashier, 'wechat', { headers: {}, bytes: Buffer.alloc(0) })
  }
  const balance = async (): Promise<unknown> => (await desk.run('credits balance', { account: 'acme' }))['balance_usd']
  return { desk, cashier, told, says, order, notice, balance }
}

test('money that was not what was asked is not credited as if it were, also when its refund has failed', async (context) => {
  const { desk, cashier, says, order, notice, balance } = await opened(context)
  const made = await order('1000')
  says.seen = paid('1')
  assert.equal((await askAndTake(cashier, made)).state, 'mismatch')
  says.refund = { kind: 'failed', why: 'the bank has closed' }
  await refundOrder(cashier, {
    order: made.id,
    amountNano: null,
    source: 'operator',
    reason: 'x',
    actor: 'a',
    trail: null,
  })
  await notice({ kind: 'order', id: 'again', order: made.id })
  assert.deepEqual([(await desk.store.order(made.id))?.state, await balance()], ['mismatch', '0.00'])
})

test('a refund that is heard of before its payment does not keep what is left from being credited', async (context) => {
  const { desk, says, order, notice, balance } = await opened(context)
  const made = await order('100')
  says.seen = paid('100')
  says.made = [{ id: null, processorId: 'r1', amountNano: nanoOf('30') }]
  await notice({ kind: 'refund', id: 'early', order: made.id, refund: 'r1' })
  assert.deepEqual([(await desk.store.order(made.id))?.state, await balance()], ['partially_refunded', '70.00'])
  assert.equal((await desk.run('ledger verify'))['ok'], true)
})

test('a dispute that is heard of before its payment takes the credit again, and gives it where it is won', async (context) => {
  const { desk, says, order, notice, balance } = await opened(context)
  const made = await order('100')
  says.seen = paid('100')
  const dispute = { kind: 'dispute', order: made.id, dispute: 'dp_1', amountNano: nanoOf('100'), fees: [] } as const
  await notice({ ...dispute, id: 'e1', outcome: 'open' })
  assert.deepEqual([(await desk.store.order(made.id))?.state, await balance()], ['disputed', '0.00'])
  await notice({ ...dispute, id: 'e2', outcome: 'won' })
  assert.deepEqual([(await desk.store.order(made.id))?.state, await balance()], ['credited', '100.00'])
  assert.equal((await desk.run('ledger verify'))['ok'], true)
})

test('what a bank takes of an order that has gone back already leaves the cash as a loss, and comes again where it is won', async (context) => {
  const { desk, cashier, says, order, notice, balance } = await opened(context)
  const made = await order('100')
  says.seen = paid('100')
  await askAndTake(cashier, made)
  says.refund = { kind: 'done', processorId: 'r1' }
  await refundOrder(cashier, {
    order: made.id,
    amountNano: null,
    source: 'operator',
    reason: 'x',
    actor: 'a',
    trail: null,
  })
  const dispute = { kind: 'dispute', order: made.id, dispute: 'dp_1', amountNano: nanoOf('100'), fees: [] } as const
  const booked = async (): Promise<readonly unknown[]> =>
    ((await desk.run('ledger list', { account: 'acme' }))['data'] as View[])
      .filter(({ reason }) => String(reason).startsWith('dispute dp_1'))
      .map(({ entries }) => (entries as View[]).map(({ from, to, amount_nano: amount }) => [from, to, amount]))
  await notice({ ...dispute, id: 'e1', outcome: 'open' })
  const loss = ['operator:dispute-fees', 'operator:cash:wechat']
  assert.deepEqual([await balance(), await booked()], ['0.00', [[[...loss, '100000000000']]]])
  await notice({ ...dispute, id: 'e2', outcome: 'won' })
  assert.deepEqual(
    (await booked()).toSorted(),
    [[[...loss, '100000000000']], [[...loss.toReversed(), '100000000000']]].toSorted(),
  )
  assert.equal(await balance(), '0.00')
  assert.equal((await desk.run('ledger verify'))['ok'], true)
})

test('one person alone confirms no transfer that could be credited above the limit at the rate of the order', async (context) => {
  const desk = await openDesk(context)
  const made: View = await desk.run('payments create', {
    account: 'acme',
    usd: '500',
    method: 'manual',
    currency: 'CNY',
  })
  const said = await desk.run('payments confirm', {
    order: made['id'],
    amount: '6999',
    currency: 'CNY',
    reference: 'b1',
  })
  assert.equal(said['state'], 'pending')
})

test('an account has a bounded number of orders that wait to be paid, and the same again is no further one', async (context) => {
  const { cashier, says, order } = await opened(context)
  const first = await order('1')
  for (let count = 1; count < 50; count += 1) await order('1')
  await assert.rejects(order('1'), { code: 'conflict' })
  says.seen = paid('1')
  assert.equal((await askAndTake(cashier, first)).state, 'credited')
  assert.equal((await order('1')).state, 'pending')
})
