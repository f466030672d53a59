import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import { topUpAccounts } from '#payment/auto-top-up.ts'
import type { AutoTopUp } from '#payment/port.ts'
import { benchKeys, openWorld, stripeBench } from './bench.ts'

const keys = benchKeys()
const hundred = nanoOf('100')

const opened = async () => {
  let fake: ReturnType<typeof stripeBench>['fake'] | null = null
  const world = await openWorld(
    (ground) => {
      const bench = stripeBench(ground)
      fake = bench.fake
      return bench
    },
    { keys },
  )
  assert.ok(fake !== null)
  return { world, fake: fake as ReturnType<typeof stripeBench>['fake'] }
}

const row = (account: string, changes: Partial<AutoTopUp> = {}): AutoTopUp => ({
  account,
  method: 'stripe',
  customer: 'cus_1',
  card: 'pm_1',
  ending: '4242',
  belowNanoUsd: nanoOf('10'),
  creditNanoUsd: nanoOf('50'),
  monthMaxNanoUsd: nanoOf('100'),
  enabled: true,
  failures: 0,
  nextTryMs: 0,
  note: null,
  ...changes,
})

/** An order that was paid and credited. */
const paid = async (context: TestContext) => {
  const { world, fake } = await opened()
  context.after(() => world.store.close())
  const account = await world.account()
  const { id } = await world.open(account)
  fake.pay(id)
  await world.send(fake.notice(id))
  return { world, fake, account, id }
}

test('a dispute takes the credit, what is spent becomes debt, and one that is won gives it again, once', async (context) => {
  const { world, fake, account, id } = await paid(context)
  const settle = { account, key: null, nowMs: world.clock.nowMs(), priceHash: null, rule: 'test', upstreamCosts: [] }
  await world.store.settle({ ...settle, call: 'call_1', chargeNanoUsd: nanoOf('30') })
  const dispute = fake.dispute(id)
  for (let time = 0; time < 3; time += 1) await world.send(fake.disputeNotice(dispute, 'charge.dispute.created'))
  assert.equal((await world.order(id)).state, 'disputed')
  assert.equal(await world.balance(account), -nanoOf('30'))
  fake.decide(dispute, 'won')
  for (let time = 0; time < 3; time += 1) await world.send(fake.disputeNotice(dispute, 'charge.dispute.closed'))
  assert.equal(await world.balance(account), nanoOf('70'))
  assert.equal((await world.order(id)).state, 'credited')
  assert.deepEqual(
    world.told.map(({ name, facts }) => [name, facts['outcome']]),
    [
      ['payment_disputed', 'open'],
      ['payment_disputed', 'won'],
    ],
  )
  await world.sound()
})

test('an inquiry takes nothing, and a lost dispute stays taken', async (context) => {
  const { world, fake, account, id } = await paid(context)
  const inquiry = fake.dispute(id, 'warning_needs_response')
  await world.send(fake.disputeNotice(inquiry, 'charge.dispute.created'))
  assert.equal(await world.balance(account), hundred)
  const dispute = fake.dispute(id, 'lost')
  // The decision comes first: the beginning is in it.
  await world.send(fake.disputeNotice(dispute, 'charge.dispute.closed'))
  await world.send(fake.disputeNotice(dispute, 'charge.dispute.created'))
  assert.equal(await world.balance(account), 0n)
  assert.equal((await world.order(id)).state, 'disputed')
  await world.sound()
})

test('a kept card is charged when credit runs low, at most to the cap of the month', async (context) => {
  const { world } = await opened()
  context.after(() => world.store.close())
  const account = await world.account()
  await world.store.setAutoTopUp(row(account), null)
  const spend = async (call: string, usd: string): Promise<void> => {
    const settle = { account, key: null, nowMs: world.clock.nowMs(), priceHash: null, rule: 'test', upstreamCosts: [] }
    await world.store.settle({ ...settle, call, chargeNanoUsd: nanoOf(usd) })
  }
  await topUpAccounts(world.cashier)
  assert.equal(await world.balance(account), nanoOf('50'))
  await topUpAccounts(world.cashier)
  assert.equal(await world.balance(account), nanoOf('50'))
  await spend('call_1', '45')
  await topUpAccounts(world.cashier)
  assert.equal(await world.balance(account), nanoOf('5'), 'it rests after a charge')
  world.clock.advance(600_000)
  await topUpAccounts(world.cashier)
  assert.equal(await world.balance(account), nanoOf('55'))
  await spend('call_2', '50')
  world.clock.advance(600_000)
  await topUpAccounts(world.cashier)
  assert.equal(await world.balance(account), nanoOf('5'), 'the most of the month is reached')
  assert.match((await world.store.autoTopUp(account))?.note ?? '', /most of this month/)
  world.clock.advance(3 * 86_400_000)
  await topUpAccounts(world.cashier)
  assert.equal(await world.balance(account), nanoOf('55'), 'a new month has begun')
  await world.sound()
})

test('two nodes that both believe they lead charge a card once, and tell once of a refusal', async (context) => {
  const { world, fake } = await opened()
  context.after(() => world.store.close())
  const account = await world.account()
  const both = () => Promise.all([topUpAccounts(world.cashier), topUpAccounts(world.cashier)])
  await world.store.setAutoTopUp(row(account), null)
  await both()
  assert.equal(await world.balance(account), nanoOf('50'))
  assert.equal([...fake.intents.values()].filter((one) => one['status'] === 'succeeded').length, 1)
  fake.declines = true
  await world.store.setAutoTopUp(row(account, { belowNanoUsd: hundred, nextTryMs: 1 }), null)
  await both()
  assert.equal((await world.store.autoTopUp(account))?.failures, 1)
  assert.equal(world.told.filter(({ name }) => name === 'payment_stuck').length, 1)
  await world.sound()
})

test('cards that can never be charged as their owners wish keep nobody else from a turn', async (context) => {
  const { world } = await opened()
  context.after(() => world.store.close())
  const accounts = await Promise.all(Array.from({ length: 21 }, () => world.account()))
  for (const [place, account] of accounts.entries())
    await world.store.setAutoTopUp(
      row(account, place < 20 ? { creditNanoUsd: 1n, nextTryMs: place } : { nextTryMs: 30 }),
      null,
    )
  await topUpAccounts(world.cashier)
  await topUpAccounts(world.cashier)
  assert.equal(await world.balance(accounts[20] ?? ''), nanoOf('50'))
  assert.match((await world.store.autoTopUp(accounts[0] ?? ''))?.note ?? '', /USD of credit can be bought/)
})

test('what a person says while a card is charged stays', async (context) => {
  const { world } = await opened()
  context.after(() => world.store.close())
  const account = await world.account()
  await world.store.setAutoTopUp(row(account), null)
  const off = row(account, { enabled: false, nextTryMs: 1, creditNanoUsd: nanoOf('5') })
  const { store } = world.cashier
  const meanwhile: typeof store = {
    ...store,
    noteTopUp: async (before, note) => {
      await store.setAutoTopUp(off, null)
      return store.noteTopUp(before, note)
    },
  }
  await topUpAccounts({ ...world.cashier, store: meanwhile })
  assert.equal(await world.balance(account), nanoOf('50'))
  assert.deepEqual(await store.autoTopUp(account), off)
})

test('a card that is refused rests longer each time, then is off; a charge whose answer is lost is not made twice', async (context) => {
  const { world, fake } = await opened()
  context.after(() => world.store.close())
  const account = await world.account()
  await world.store.setAutoTopUp(row(account), null)
  fake.declines = true
  const waits: number[] = []
  for (let time = 0; time < 3; time += 1) {
    await topUpAccounts(world.cashier)
    const { nextTryMs = 0, failures = 0 } = (await world.store.autoTopUp(account)) ?? {}
    assert.equal(failures, time + 1)
    waits.push((nextTryMs - world.clock.nowMs()) / 3_600_000)
    world.clock.advance(nextTryMs - world.clock.nowMs())
  }
  assert.deepEqual(waits, [1, 2, 4])
  assert.equal((await world.store.autoTopUp(account))?.enabled, false)
  assert.equal(await world.balance(account), 0n)
  fake.declines = false
  await world.store.setAutoTopUp(row(account, { nextTryMs: world.clock.nowMs() }), null)
  fake.broken.push(500)
  await topUpAccounts(world.cashier)
  await topUpAccounts(world.cashier)
  assert.equal(await world.balance(account), nanoOf('50'))
  assert.equal([...fake.intents.values()].filter((one) => one['status'] === 'succeeded').length, 1)
  await world.sound()
})

test('the payer leaves a card, and it is kept by the names that Stripe has for it', async (context) => {
  const { world, fake } = await opened()
  context.after(() => world.store.close())
  const account = await world.account()
  const { id } = await world.open(account)
  fake.pay(id)
  const session = fake.sessionOf(id)
  Object.assign(session, { customer: 'cus_9', metadata: { ...(session['metadata'] as object), keep_card: 'yes' } })
  assert.equal(await world.send(fake.notice(id)), 200)
  const { customer, card, ending, enabled } = (await world.store.autoTopUp(account)) ?? {}
  assert.deepEqual([customer, card, ending, enabled], ['cus_9', 'pm_fake1', '4242', false])
})

test('a notice that comes again brings no old card back, and changes nothing of what was said meanwhile', async (context) => {
  const { world, fake } = await opened()
  context.after(() => world.store.close())
  const account = await world.account()
  const leave = async (customer: string) => {
    world.clock.advance(60_000)
    const { id } = await world.open(account)
    fake.pay(id)
    const session = fake.sessionOf(id)
    Object.assign(session, { customer, metadata: { ...(session['metadata'] as object), keep_card: 'yes' } })
    return id
  }
  const [first, late, last] = [await leave('cus_first'), await leave('cus_late'), await leave('cus_last')]
  await world.send(fake.notice(first))
  await world.store.setAutoTopUp(row(account, { customer: 'cus_first', failures: 2, nextTryMs: 7 }), null)
  await world.send(fake.notice(first, { id: 'evt_again' }))
  const said = await world.store.autoTopUp(account)
  assert.deepEqual([said?.failures, said?.nextTryMs], [2, 7], 'the same card is no new one')
  await world.send(fake.notice(last))
  // One that had never come before, and the first again.
  for (const id of [late, first]) assert.equal(await world.send(fake.notice(id, { id: `evt_${id}` })), 200)
  const now = await world.store.autoTopUp(account)
  assert.deepEqual(now, {
    ...said,
    customer: 'cus_last',
    card: 'pm_fake1',
    failures: 0,
    nextTryMs: world.clock.nowMs(),
  })
  assert.equal(now?.enabled, true)
})

test('what Stripe keeps for a dispute is booked once, whenever it shows, and again where it gives it back', async (context) => {
  const { world, fake, account, id } = await paid(context)
  const fees = async () => {
    const pages = await world.store.bookPage({ account, limit: 100, before: null })
    return pages.flatMap(({ entries }) =>
      entries
        .filter(({ from, to }) => [from, to].includes('operator:dispute-fees'))
        .map(({ from, to, amountNano, currency }) => [from, to, amountNano, currency]),
    )
  }
  const [book, cash] = ['operator:dispute-fees', 'operator:cash:stripe']
  const taken = [book, cash, nanoOf('15'), 'USD']
  const dispute = fake.dispute(id)
  const movements = fake.withhold(dispute)
  await world.send(fake.disputeNotice(dispute, 'charge.dispute.created'))
  assert.deepEqual(await fees(), [], 'its money has not moved yet')
  fake.show(dispute, movements)
  const withdrawn = fake.disputeNotice(dispute, 'charge.dispute.funds_withdrawn')
  await Promise.all(Array.from({ length: 20 }, () => world.send(withdrawn)))
  assert.deepEqual(await fees(), [taken])
  fake.decide(dispute, 'won', 1500)
  for (const type of ['charge.dispute.closed', 'charge.dispute.funds_reinstated'] as const)
    await world.send(fake.disputeNotice(dispute, type))
  assert.deepEqual(await fees(), [[cash, book, nanoOf('15'), 'USD'], taken])
  assert.equal(await world.balance(account), hundred)
  assert.deepEqual(
    (await world.store.paymentEvents(id)).map(({ kind }) => kind).filter((kind) => kind.startsWith('dispute_fee')),
    ['dispute_fee', 'dispute_fee_returned'],
  )
  await world.sound()
})

test('what else is sold through the same account of Stripe’s is taken and changes nothing, so that Stripe does not send it again and again', async (context) => {
  const { world, fake, account, id } = await paid(context)
  const other = { id: 'pi_other', object: 'payment_intent', metadata: { order: '1042' }, status: 'succeeded' }
  fake.intents.set('pi_other', other)
  const sold = { payment_intent: 'pi_other', metadata: {} }
  const notices = [
    fake.notice(id, { type: 'payment_intent.succeeded', object: other }),
    fake.notice(id, {
      object: { ...sold, id: 'cs_other', client_reference_id: 'customer 7', metadata: { order: '1042' } },
    }),
    fake.notice(id, { type: 'charge.refunded', object: { ...sold, id: 'ch_other' } }),
    fake.notice(id, { type: 'refund.created', object: { ...sold, id: 're_other' } }),
    fake.notice(id, { type: 'refund.created', object: { ...sold, id: 're_gone', payment_intent: 'pi_gone' } }),
    fake.notice(id, { type: 'payment_intent.succeeded', object: { id: 'pi_bare', metadata: {} } }),
  ]
  for (const notice of notices) assert.equal(await world.send(notice), 200, Buffer.from(notice.bytes).toString())
  assert.equal(await world.balance(account), hundred)
  assert.equal((await world.order(id)).state, 'credited')
  await world.sound()
})

test('a refund that was made at Stripe before its payment was seen takes the credit again', async (context) => {
  const { world, fake } = await opened()
  context.after(() => world.store.close())
  const account = await world.account()
  const { id } = await world.open(account)
  fake.pay(id)
  const refund = fake.refunds.get(fake.refundOutside(id, 4000)) ?? assert.fail()
  assert.equal(await world.send(fake.notice(id, { type: 'refund.created', object: refund })), 200)
  assert.equal(await world.balance(account), nanoOf('60'))
  assert.equal((await world.order(id)).state, 'partially_refunded')
  await world.sound()
})
