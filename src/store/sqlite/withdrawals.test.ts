/** What a purchase brought is taken back: the credit, the bonus that came with it, and what of that is spent or held already. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Grant } from '#ledger/port.ts'
import type { PaymentOrder, PaymentRefund, Withdrawal } from '#payment/port.ts'
import { account, grantOf, holdOf, settleOf, startMs } from '#store/ledger-sample.ts'
import { sampleCrediting, sampleEvent, sampleGrant, sampleOrder } from '#store/sample-order.ts'
import { assertRefused, openBooks, trail } from './test-books.ts'

const refund: PaymentRefund = {
  id: 'rfd_1',
  order: 'ord_1',
  state: 'pending',
  source: 'operator',
  amountNano: 40n,
  creditNanoUsd: 0n,
  bonusNanoUsd: 0n,
  cashNanoUsd: 0n,
  processorId: null,
  reason: 'asked',
  actor: 'local',
  createdMs: startMs,
  endedMs: null,
  nextPollMs: null,
  polls: 0,
  note: null,
}

/** 100 of credit for 60, and a bonus of 20 that is spent first. */
const bought = async (context: TestContext, changes: Partial<Grant> = {}) => {
  const books = await openBooks(context)
  const { ask } = books
  const draft = sampleOrder('ord_1', { creditNanoUsd: 100n, payNanoUsd: 60n, payNano: 400n, bonusNanoUsd: 20n })
  const order: PaymentOrder = await ask('createOrder', {
    order: draft,
    event: sampleEvent(draft, 'created'),
    trail: trail(),
  })
  const bonus = grantOf('lot_1b', 20n, { kind: 'promo', priority: 40, method: 'bonus', ...changes })
  const crediting = sampleCrediting(order, startMs)
  await ask('moveOrder', { ...crediting, deposit: { grants: [sampleGrant(order, startMs), bonus], upgrade: null } })
  const withdraw = async (asked: Partial<Withdrawal>, nowMs = startMs) => {
    const { version } = (await ask('order', 'ord_1')) ?? order
    const id = `rfd_${version}`
    const withdrawal: Withdrawal = {
      id,
      account,
      lot: 'lot_1',
      creditNanoUsd: 40n,
      bonusLot: null,
      bonusNanoUsd: 0n,
      bonusTakenNanoUsd: 0n,
      mayOwe: false,
      reason: 'asked',
      ...asked,
    }
    const moved = await ask('moveOrder', {
      order: 'ord_1',
      version,
      state: 'refund_pending',
      nowMs,
      facts: {},
      events: [],
      withdrawal,
      refund: { ...refund, id },
    })
    const told = moved.ok ? moved.refund : null
    return [told?.creditNanoUsd, told?.bonusNanoUsd, told?.cashNanoUsd]
  }
  /** Where the newest transaction of the account moved what. */
  const newest = async () => {
    const [last] = await ask('bookPage', { account, limit: 1, before: null })
    const short = (book: string): string => book.replace(`account:${account}:`, '')
    return (last?.entries ?? []).map(({ from, to, amountNano, lot }) => [short(from), short(to), amountNano, lot])
  }
  return { ...books, withdraw, newest }
}

const withBonus = { bonusLot: 'lot_1b', bonusNanoUsd: 20n }

test('credit and its bonus go back together; of the credit what was paid, of the bonus nothing', async (context) => {
  const { withdraw, money, lots, newest, sound } = await bought(context)
  assert.deepEqual(await money(), [120n, 0n])
  assert.deepEqual(await withdraw({ ...withBonus, bonusNanoUsd: 8n }), [40n, 8n, 24n])
  assert.deepEqual(await money(), [72n, 0n])
  assert.deepEqual(await lots(), { lot_1: 60n, lot_1b: 12n })
  assert.deepEqual(await newest(), [
    ['paid', 'operator:refunds', 24n, 'lot_1'],
    ['paid', 'operator:settlement-discount', 16n, 'lot_1'],
    ['promo', 'operator:promo-cost', 8n, 'lot_1b'],
  ])
  await sound()
})

test('where nothing is left of what was bought, no share of a last nanodollar can go back, whatever of its bonus is left', async (context) => {
  const { withdraw, lots } = await bought(context)
  await withdraw({ creditNanoUsd: 100n })
  assert.deepEqual(await lots(), { lot_1: 0n, lot_1b: 20n })
  await assertRefused(withdraw({ ...withBonus, creditNanoUsd: 1n, bonusNanoUsd: 8n }), 'conflict', /at most 0(\.0+)? %/)
})

test('the last nanodollar of what was bought goes back too', async (context) => {
  const { ask, withdraw, lots, sound } = await bought(context)
  await ask('settle', settleOf('c', 119n))
  await withdraw({ creditNanoUsd: 1n })
  assert.deepEqual(await lots(), { lot_1: 0n, lot_1b: 0n })
  await sound()
})

test('what is taken in the place of a bonus lies behind what is taken of the credit, whichever lots that needs', async (context) => {
  const { ask, give, withdraw, lots, sound } = await bought(context)
  await ask('settle', settleOf('c', 80n))
  await give('lot_r', 40n, { paidNanoUsd: 24n })
  assert.deepEqual(await lots(), { lot_1: 40n, lot_1b: 0n, lot_r: 40n })
  await withdraw({ ...withBonus, creditNanoUsd: 50n, returnedLots: ['lot_r'] })
  assert.deepEqual(
    await lots(),
    { lot_1: 0n, lot_1b: 0n, lot_r: 10n },
    '40 and 10 of the credit, and 20 in the place of the bonus',
  )
  await sound()
})

test('in the place of a bonus that is spent no more is taken than was asked for, however much of it is spent', async (context) => {
  const { ask, withdraw, money, lots, sound } = await bought(context)
  await ask('settle', settleOf('c', 15n))
  await withdraw({ ...withBonus, bonusNanoUsd: 8n })
  assert.deepEqual(await lots(), { lot_1: 57n, lot_1b: 0n }, '5 of the bonus are left, 3 are taken in its place')
  assert.deepEqual(await money(), [57n, 0n])
  await sound()
})

test('what came back of a withdrawal is taken after what never left: each lot for what it was paid, the bonus without being asked for twice', async (context) => {
  const { ask, give, withdraw, money, lots, newest, sound } = await bought(context)
  await ask('settle', settleOf('c', 5n))
  assert.deepEqual(await withdraw({ ...withBonus, creditNanoUsd: 40n }), [40n, 20n, 24n])
  // The bank sends it back: 40 of credit, 24 of it paid, and the bonus of 20.
  await give('lot_r', 40n, { paidNanoUsd: 24n })
  await give('lot_rb', 20n, { kind: 'promo', priority: 40, method: 'bonus' })
  assert.deepEqual(await lots(), { lot_1: 55n, lot_1b: 0n, lot_r: 40n, lot_rb: 20n })
  const returned = { returnedLots: ['lot_r', 'lot_none'], returnedBonusLots: ['lot_rb'] }
  assert.deepEqual(await withdraw({ ...withBonus, ...returned, creditNanoUsd: 80n }), [80n, 20n, 48n])
  assert.deepEqual(await newest(), [
    ['paid', 'operator:refunds', 33n, 'lot_1'],
    ['paid', 'operator:settlement-discount', 22n, 'lot_1'],
    ['paid', 'operator:refunds', 15n, 'lot_r'],
    ['paid', 'operator:settlement-discount', 10n, 'lot_r'],
    ['promo', 'operator:promo-cost', 20n, 'lot_rb'],
  ])
  assert.deepEqual(await lots(), { lot_1: 0n, lot_1b: 0n, lot_r: 15n, lot_rb: 0n })
  assert.deepEqual(await money(), [15n, 0n])
  await assertRefused(withdraw({ ...returned, creditNanoUsd: 16n }), 'conflict', /only 0\.000000015 USD/)
  await sound()
})

test('a bonus that came back and is spent then is made good out of what was bought, wherever that lies', async (context) => {
  const { ask, give, withdraw, lots, sound } = await bought(context)
  assert.deepEqual(await withdraw({ ...withBonus, creditNanoUsd: 90n }), [90n, 20n, 54n])
  await give('lot_r', 90n, { paidNanoUsd: 54n })
  await give('lot_rb', 20n, { kind: 'promo', priority: 40, method: 'bonus' })
  await ask('settle', settleOf('c', 20n))
  const returned = { returnedLots: ['lot_r'], returnedBonusLots: ['lot_rb'] }
  assert.deepEqual(await withdraw({ ...withBonus, ...returned, creditNanoUsd: 5n }), [5n, 20n, 3n])
  assert.deepEqual(await lots(), { lot_1: 0n, lot_1b: 0n, lot_r: 75n, lot_rb: 0n })
  const again = { ...withBonus, ...returned, creditNanoUsd: 5n, bonusTakenNanoUsd: 20n }
  assert.deepEqual(await withdraw(again), [5n, 0n, 3n])
  await sound()
})

test('in the place of a single nanodollar of a bonus that is spent goes one of what was bought', async (context) => {
  const { ask, withdraw, lots, sound } = await bought(context)
  await ask('settle', settleOf('c', 1n))
  assert.deepEqual(await withdraw(withBonus), [40n, 20n, 24n])
  assert.deepEqual(await lots(), { lot_1: 59n, lot_1b: 0n })
  await sound()
})

test('in the place of a bonus that is spent goes as much of what was bought, once', async (context) => {
  const { ask, withdraw, lots, newest, sound } = await bought(context)
  await ask('settle', settleOf('c', 15n))
  assert.deepEqual(await withdraw(withBonus), [40n, 20n, 24n])
  assert.deepEqual(await lots(), { lot_1: 45n, lot_1b: 0n })
  assert.deepEqual(await newest(), [
    ['paid', 'operator:refunds', 24n, 'lot_1'],
    ['paid', 'operator:settlement-discount', 16n, 'lot_1'],
    ['promo', 'operator:promo-cost', 5n, 'lot_1b'],
    ['paid', 'operator:promo-cost', 15n, 'lot_1'],
  ])
  assert.deepEqual(await withdraw({ ...withBonus, creditNanoUsd: 5n, bonusTakenNanoUsd: 12n }), [5n, 8n, 3n])
  assert.deepEqual(await withdraw({ ...withBonus, creditNanoUsd: 5n, bonusTakenNanoUsd: 20n }), [5n, 0n, 3n])
  await sound()
})

test('what of a bonus has ended is not asked for, what of it was spent before is', async (context) => {
  const { ask, withdraw, lots, sound } = await bought(context, { expiresMs: startMs + 1_000 })
  await ask('settle', settleOf('c', 15n))
  assert.deepEqual(await withdraw({ ...withBonus, creditNanoUsd: 10n }, startMs + 2_000), [10n, 15n, 6n])
  assert.deepEqual(await lots(), { lot_1: 75n, lot_1b: 0n })
  await sound()
})

test('what a person took back of a bonus is not taken again, nor is more than was spent of it', async (context) => {
  const { ask, withdraw, lots, sound } = await bought(context)
  await ask('settle', settleOf('c', 5n))
  const revocation = { lot: 'lot_1b', nowMs: startMs, reason: 'by hand' }
  assert.equal((await ask('revokeLot', { revocation, trail: trail() })).revokedNanoUsd, 15n)
  assert.deepEqual(await withdraw({ ...withBonus, creditNanoUsd: 10n, bonusTakenNanoUsd: 40n }), [10n, 0n, 6n])
  assert.deepEqual(await withdraw({ ...withBonus, creditNanoUsd: 10n }), [10n, 5n, 6n])
  assert.deepEqual(await lots(), { lot_1: 75n, lot_1b: 0n })
  await sound()
})

test('what calls hold stays; the refusal says what part could go back, and what may be owed goes back in all', async (context) => {
  const { ask, withdraw, money, newest, sound } = await bought(context)
  await ask('settle', settleOf('c', 15n))
  await ask('hold', holdOf('under way', 63n))
  await assertRefused(
    withdraw(withBonus),
    'conflict',
    /only 0\.000000042 USD .* 0\.00000006 USD, with the bonus .* at most 70\.00 %/,
  )
  assert.deepEqual(await withdraw({ ...withBonus, mayOwe: true }), [40n, 20n, 24n])
  assert.deepEqual(await money(), [45n, 63n])
  assert.deepEqual(await newest(), [
    ['paid', 'operator:refunds', 24n, 'lot_1'],
    ['paid', 'operator:settlement-discount', 16n, 'lot_1'],
    ['promo', 'operator:promo-cost', 2n, 'lot_1b'],
    ['shortfall', 'operator:promo-cost', 18n, null],
  ])
  await sound()
})

test('a bonus alone is refused by what of it is there', async (context) => {
  const { ask, withdraw } = await bought(context)
  await ask('settle', settleOf('c', 15n))
  await ask('hold', holdOf('under way', 100n))
  await assertRefused(
    withdraw({ ...withBonus, creditNanoUsd: 0n }),
    'conflict',
    /only 0\.000000005 USD .* at most 25\.00 %/,
  )
})

test('credit that is spent or held does not go back, unless it may become debt, and then all of it', async (context) => {
  const { ask, withdraw, money, lots, newest, sound } = await bought(context)
  await ask('settle', settleOf('c', 90n))
  await assertRefused(
    withdraw({}),
    'conflict',
    /only 0\.00000003 USD is neither spent nor held .* 0\.00000004 USD would have to go back\. .* at most 75\.00 %/,
  )
  await ask('hold', holdOf('under way', 10n))
  await assertRefused(withdraw({ creditNanoUsd: 21n }), 'conflict', /only 0\.00000002 USD/)
  assert.deepEqual(await lots(), { lot_1: 30n, lot_1b: 0n }, 'what is refused leaves nothing behind')
  assert.deepEqual(await withdraw({ creditNanoUsd: 50n, mayOwe: true }), [50n, 0n, 30n])
  assert.deepEqual(await money(), [-20n, 10n])
  assert.deepEqual(await newest(), [
    ['paid', 'operator:refunds', 12n, 'lot_1'],
    ['paid', 'operator:settlement-discount', 8n, 'lot_1'],
    ['shortfall', 'operator:refunds', 18n, null],
    ['shortfall', 'operator:settlement-discount', 12n, null],
  ])
  await ask('settle', settleOf('under way', 10n))
  // Nothing of the credit is left by now: all of it becomes debt.
  assert.deepEqual(await withdraw({ creditNanoUsd: 5n, mayOwe: true }), [5n, 0n, 3n])
  assert.deepEqual(await newest(), [
    ['shortfall', 'operator:refunds', 3n, null],
    ['shortfall', 'operator:settlement-discount', 2n, null],
  ])
  assert.deepEqual(await money(), [-35n, 0n])
  await sound()
})

test('what a processor takes for a dispute is booked, what it gives back too, and of nothing nothing', async (context) => {
  const { ask, money, newest, sound } = await bought(context)
  const fee = async (id: string, amountNano: bigint) => {
    const order = await ask('order', 'ord_1')
    await ask('moveOrder', {
      ...{ order: 'ord_1', version: order?.version ?? 0, state: 'credited', nowMs: startMs, facts: {}, events: [] },
      disputeFees: [{ id, account, method: 'stripe', currency: 'EUR', amountNano, reason: 'a dispute' }],
    })
    return newest()
  }
  const taken = [['operator:dispute-fees', 'operator:cash:stripe', 15n, null]]
  assert.deepEqual(await fee('dp_1', 15n), taken)
  assert.deepEqual(await fee('dp_2', 0n), taken, 'as before')
  assert.deepEqual(await fee('dp_3', -15n), [['operator:cash:stripe', 'operator:dispute-fees', 15n, null]])
  assert.deepEqual(await money(), [120n, 0n])
  await sound()
})

test('a lot that the order has not given is not taken back of', async (context) => {
  const { withdraw, money } = await bought(context)
  await assertRefused(withdraw({ lot: 'lot_2' }), 'conflict', /has given no lot lot_2/)
  await assertRefused(withdraw({ bonusLot: 'lot_2b', bonusNanoUsd: 1n }), 'conflict', /has given no lot lot_2b/)
  assert.deepEqual(await money(), [120n, 0n])
})

test('what had been paid for credit counts no more once it has gone back', async (context) => {
  const { ask, give, withdraw, database } = await bought(context)
  const paid = () =>
    database.prepare(`select paid_nano_usd as paid from account_money where account = '${account}'`).get()
  assert.deepEqual({ ...paid() }, { paid: 60n })
  await withdraw({ creditNanoUsd: 10n, bonusLot: 'lot_1b', bonusNanoUsd: 20n })
  assert.deepEqual({ ...paid() }, { paid: 54n })
  await give('lot_2', 1n)
  assert.deepEqual({ ...paid() }, { paid: 55n })
  assert.equal((await ask('balance', { account, nowMs: startMs }))?.promoNanoUsd, 0n)
})
