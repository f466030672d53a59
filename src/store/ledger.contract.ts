/** What every backend does for the books. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { amountNanoMax, sumNanoMax } from '#base/money.ts'
import type { Budget } from '#ledger/port.ts'
import type { LedgerBackend } from './ledger-sample.ts'
import {
  account,
  balanceIs,
  begin,
  grant,
  grantOf,
  holdOf,
  provenOk,
  settleOf,
  startMs,
  voidOf,
} from './ledger-sample.ts'
import { sampleTrail } from './sample-rows.ts'

/** Every refusal, repeat and ending, one by one. */
const endings = ({ name, openAgain }: LedgerBackend): void => {
  test(`${name}: a hold is kept back, settled for less, and the rest is free again`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 1000n))
    assert.deepEqual(await store.hold(holdOf('call_1', 600n)), {
      ok: true,
      amountNanoUsd: 600n,
      cappedBy: null,
      roomNanoUsd: 600n,
    })
    await balanceIs(store, { balance: 1000n, held: 600n })
    assert.deepEqual(await store.hold(holdOf('call_2', 600n)), {
      ok: false,
      reason: 'credit',
      balanceNanoUsd: 1000n,
      heldNanoUsd: 600n,
      availableNanoUsd: 400n,
    })
    assert.deepEqual(await store.hold(holdOf('call_3', 600n, { amountMinNanoUsd: 100n })), {
      ok: true,
      amountNanoUsd: 400n,
      cappedBy: 'credit',
      roomNanoUsd: 400n,
    })
    assert.deepEqual(await store.settle(settleOf('call_1', 250n)), {
      state: 'settled',
      chargedNanoUsd: 250n,
      excessNanoUsd: 0n,
      repeated: false,
    })
    await store.voidHold(voidOf('call_3'))
    await balanceIs(store, { balance: 750n, held: 0n })
    assert.equal((await store.receipt('call_1'))?.state, 'settled')
    assert.equal((await store.receipt('call_3'))?.state, 'voided')
    await provenOk(store, startMs)
  })

  test(`${name}: where the whole is not covered a slice is held, and extended by what there is`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 1000n))
    const sliced = { amountMinNanoUsd: 50n, sliceNanoUsd: 100n }
    const whole = { ok: true, amountNanoUsd: 900n, cappedBy: null, roomNanoUsd: 900n }
    assert.deepEqual(await store.hold(holdOf('call_1', 900n, sliced)), whole)
    await store.voidHold(voidOf('call_1'))
    for (const [call, roomNanoUsd] of [
      ['call_2', 1000n],
      ['call_3', 900n],
    ] as const)
      assert.deepEqual(await store.hold(holdOf(call, 5000n, sliced)), {
        ok: true,
        amountNanoUsd: 100n,
        cappedBy: 'credit',
        roomNanoUsd,
      })
    await balanceIs(store, { balance: 1000n, held: 200n })
    const more = { call: 'call_2', account, nowMs: startMs, expiresMs: null, begun: true, provenNanoUsd: 90n }
    const extend = (addNanoUsd: bigint, addMinNanoUsd = 1n) => store.extend({ ...more, addNanoUsd, addMinNanoUsd })
    const grown = { ok: true, cappedBy: null, amountNanoUsd: 700n, roomNanoUsd: 700n }
    assert.deepEqual(await extend(600n), grown)
    assert.deepEqual(await extend(600n), { ...grown, cappedBy: 'credit', amountNanoUsd: 900n, roomNanoUsd: 900n })
    assert.equal((await extend(600n)).ok, false)
    assert.equal((await extend(0n, 0n)).ok, true)
    await balanceIs(store, { balance: 1000n, held: 1000n })
    await provenOk(store, startMs)
  })

  test(`${name}: usage beyond the hold is a shortfall, the next call is refused, new credit pays it first`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 100n))
    await store.hold(holdOf('call_1', 100n))
    assert.equal((await store.settle(settleOf('call_1', 130n))).excessNanoUsd, 30n)
    await balanceIs(store, { balance: -30n, held: 0n })
    assert.equal((await store.hold(holdOf('call_2', 1n))).ok, false)
    await provenOk(store, startMs)
    await grant(store, grantOf('lot_2', 50n))
    await balanceIs(store, { balance: 20n, held: 0n })
    await provenOk(store, startMs)
  })

  test(`${name}: what the columns of an account do not hold is refused in clear words, and the books stay as they were`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await assert.rejects(grant(store, grantOf('lot_0', amountNanoMax + 1n)), {
      code: 'invalid_request_error',
      message: /more than can be given at once: 999999999\.999999999 USD/,
    })
    for (let lot = 1; lot <= 9; lot += 1) await grant(store, grantOf(`lot_${lot}`, amountNanoMax))
    await assert.rejects(grant(store, grantOf('lot_10', amountNanoMax)), {
      code: 'conflict',
      message: /books hold 9000000000\.00 USD at most/,
    })
    const amountNanoUsd = -9n * amountNanoMax - sumNanoMax - 1n
    const slip = { id: 'adj_1', account, amountNanoUsd, nowMs: startMs, reason: 'a slip' }
    await assert.rejects(store.adjustCredit(slip, sampleTrail('trl_adj_1')), { code: 'conflict', message: /of debt/ })
    await balanceIs(store, { balance: 9n * amountNanoMax, held: 0n })
    await provenOk(store, startMs)
  })

  test(`${name}: postpaid goes down to its limit, unlimited is metered and never refused`, async (context) => {
    const clock = handClock(startMs)
    const { store } = await openAgain(context, clock)
    await begin(store, 'postpaid', 500n)
    assert.equal((await store.hold(holdOf('call_1', 500n))).ok, true)
    assert.equal((await store.hold(holdOf('call_2', 1n))).ok, false)
    await store.settle(settleOf('call_1', 500n))
    await balanceIs(store, { balance: -500n, held: 0n })
    await provenOk(store, startMs)
    const other = (await openAgain(context, clock)).store
    await begin(other, 'unlimited')
    assert.equal((await other.settle(settleOf('call_1', 70n))).excessNanoUsd, 0n)
    assert.equal((await other.hold(holdOf('call_2', 10n ** 15n))).ok, true)
    await balanceIs(other, { balance: -70n, held: 10n ** 15n })
    await provenOk(other, startMs)
  })

  test(`${name}: what has ended stays as it is, whatever is told later`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 100n))
    await grant(store, grantOf('lot_1', 100n))
    await store.hold(holdOf('call_1', 40n))
    assert.deepEqual(await store.hold(holdOf('call_1', 90n)), {
      ok: true,
      amountNanoUsd: 40n,
      cappedBy: null,
      roomNanoUsd: 40n,
    })
    await store.voidHold(voidOf('call_1'))
    const again = { state: 'voided', chargedNanoUsd: 0n, excessNanoUsd: 0n, repeated: true }
    assert.deepEqual(await store.settle(settleOf('call_1', 40n)), again)
    assert.deepEqual(await store.voidHold(voidOf('call_1')), again)
    assert.deepEqual(await store.hold(holdOf('call_1', 40n)), { ok: false, reason: 'ended' })
    await balanceIs(store, { balance: 100n, held: 0n })
    await provenOk(store, startMs)
  })

  test(`${name}: a suspended account begins no call and ends those it has; a closed one stays closed`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 100n))
    await store.hold(holdOf('call_1', 40n))
    await store.setAccountState(account, 'suspended', sampleTrail('trl_s'))
    assert.deepEqual(await store.hold(holdOf('call_2', 1n)), { ok: false, reason: 'suspended' })
    await store.settle(settleOf('call_1', 40n))
    await store.setAccountState(account, 'closed', sampleTrail('trl_c'))
    await assert.rejects(store.setAccountState(account, 'open', sampleTrail('trl_o')), { code: 'conflict' })
    await assert.rejects(grant(store, grantOf('lot_2', 1n)), { code: 'conflict' })
    assert.deepEqual(await store.hold(holdOf('call_3', 1n, { account: 'acc_none' })), {
      ok: false,
      reason: 'unknown_account',
    })
    await provenOk(store, startMs)
  })

  test(`${name}: what attempts cost is booked, also where nothing is charged`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 100n))
    const upstreamCosts = [{ provider: 'moonshot', amountNanoUsd: 7n }]
    await store.hold(holdOf('call_1', 40n))
    await store.settle(settleOf('call_1', 10n, { upstreamCosts }))
    await store.hold(holdOf('call_2', 40n))
    await store.voidHold({ ...voidOf('call_2'), upstreamCosts })
    await balanceIs(store, { balance: 90n, held: 0n })
    const verdict = await store.verifyBooks(startMs)
    assert.deepEqual(
      { ...verdict, problems: verdict.problems.length },
      { ok: true, transactions: 3, calls: 2, openHolds: 0, problems: 0 },
    )
  })
}

const dayMs = 86_400_000
const byDay: Budget = { name: 'key:key_1', limitNanoUsd: 100n, period: 'day' }
const byWeek: Budget = { name: 'key:key_1', limitNanoUsd: 150n, period: 'week' }

/** Time: lots and budgets. */
const times = ({ name, openAgain }: LedgerBackend): void => {
  test(`${name}: a budget refuses what is over it until its period ends`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'unlimited')
    const take = (call: string, amount: bigint, nowMs: number) =>
      store.hold(holdOf(call, amount, { nowMs, budgets: [byDay, byWeek] }))
    assert.equal((await take('call_1', 80n, startMs)).ok, true)
    const refused = await take('call_2', 30n, startMs)
    assert.deepEqual(refused, {
      ok: false,
      reason: 'budget',
      budget: byDay,
      availableNanoUsd: 20n,
      resetsMs: Date.UTC(2026, 10, 23),
    })
    await store.settle(settleOf('call_1', 60n))
    assert.equal((await take('call_3', 40n, startMs)).ok, true)
    await store.settle(settleOf('call_3', 40n))
    // Sunday is over, and with it the week: both periods begin anew.
    assert.equal((await take('call_4', 100n, startMs + dayMs)).ok, true)
    await store.settle(settleOf('call_4', 100n))
    const later = await take('call_5', 60n, startMs + 2 * dayMs)
    assert.ok(
      !later.ok && later.reason === 'budget' && later.budget.period === 'week' && later.availableNanoUsd === 50n,
    )
    assert.equal((await store.budgetState(byWeek, startMs + 2 * dayMs)).spentNanoUsd, 100n)
    await provenOk(store, startMs)
  })

  test(`${name}: lots are spent by priority and expiry; what is held outlives its lot's day`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_late', 100n, { expiresMs: startMs + 2000 }))
    await grant(store, grantOf('lot_soon', 100n, { expiresMs: startMs + 1000 }))
    await grant(store, grantOf('lot_first', 10n, { kind: 'promo', priority: 1 }))
    await store.hold(holdOf('call_1', 60n))
    await balanceIs(store, { balance: 160n, held: 60n }, startMs + 1000)
    assert.equal(await store.expireLots(startMs + 1000, 100), 0)
    await balanceIs(store, { balance: 160n, held: 60n }, startMs + 1000)
    await store.settle(settleOf('call_1', 30n, { nowMs: startMs + 1000 }))
    await balanceIs(store, { balance: 100n, held: 0n }, startMs + 1000)
    assert.equal(await store.expireLots(startMs + 1000, 100), 1)
    assert.equal(await store.expireLots(startMs + 2000, 100), 1)
    await balanceIs(store, { balance: 0n, held: 0n }, startMs + 2000)
    await provenOk(store, startMs)
  })

  test(`${name}: the sweeper resolves what was left, by what is proven of it`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 1000n))
    for (const call of ['call_1', 'call_2', 'call_3', 'call_4']) await store.hold(holdOf(call, 100n))
    const extension = {
      account,
      nowMs: startMs,
      addNanoUsd: 0n,
      addMinNanoUsd: 0n,
      expiresMs: null,
      begun: true,
      provenNanoUsd: null,
    }
    await store.extend({ ...extension, call: 'call_2' })
    await store.extend({ ...extension, call: 'call_3', provenNanoUsd: 30n })
    await store.extend({ ...extension, call: 'call_4', expiresMs: startMs + 200_000 })
    const late = startMs + 60_000
    assert.deepEqual(await store.sweep({ nowMs: late, owner: null, limit: 100 }), { settled: 1, voided: 1, lost: 1 })
    assert.deepEqual(await store.sweep({ nowMs: late, owner: 'node_1', limit: 100 }), {
      settled: 0,
      voided: 0,
      lost: 0,
    })
    assert.deepEqual(await store.sweep({ nowMs: late, owner: 'node_2', limit: 100 }), {
      settled: 0,
      voided: 0,
      lost: 1,
    })
    await balanceIs(store, { balance: 970n, held: 0n })
    await provenOk(store, startMs)
  })

  test(`${name}: a call whose process died has a line in the log with what the books made of it, once; one that may still be told of has none`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 1000n))
    for (const call of ['call_1', 'call_2', 'call_3']) await store.hold(holdOf(call, 100n))
    await store.hold(holdOf('call_4', 100n, { owner: null }))
    await store.hold(holdOf('call_5', 100n, { owner: 'node_2' }))
    await store.hold(holdOf('lease/abc', 100n))
    const extension = { account, nowMs: startMs, addNanoUsd: 0n, addMinNanoUsd: 0n, expiresMs: null, begun: true }
    await store.extend({ ...extension, call: 'call_2', provenNanoUsd: null })
    await store.extend({ ...extension, call: 'call_3', provenNanoUsd: 30n })
    const swept = await store.sweep({ nowMs: startMs + 60_000, owner: 'node_2', limit: 100 })
    assert.deepEqual(swept, { settled: 1, voided: 4, lost: 1 })
    const lineOf = async (call: string) => {
      const record = await store.call(call)
      if (record === null) return null
      const { timeMs, organisation, key, status, end, error, costNanoUsd } = record
      assert.match(record.errorMessage ?? '', /^The server ended while this call was under way\. In the books it is /)
      return [timeMs, organisation, key, status, end, error, costNanoUsd]
    }
    const whose = [startMs, 'org_one', 'key_1']
    assert.deepEqual(await lineOf('call_1'), [...whose, 500, 'cut', 'internal_error', 0n])
    assert.deepEqual(await lineOf('call_2'), [...whose, 200, 'cut', 'internal_error', 0n])
    assert.deepEqual(await lineOf('call_3'), [...whose, 200, 'cut', 'internal_error', 30n])
    for (const call of ['call_4', 'call_5', 'lease/abc']) assert.equal(await lineOf(call), null)
    const told = {
      ...{ call: 'call_1', account, key: 'key_1', beganMs: 1, begun: true, rule: 'another' },
      ...{ state: 'lost' as const, chargedNanoUsd: 7n },
    }
    await store.noteInterrupted([told, { ...told, call: 'call_9', key: null }])
    assert.deepEqual((await lineOf('call_1'))?.at(-1), 0n)
    assert.deepEqual(await lineOf('call_9'), [1, 'org_one', null, 200, 'cut', 'internal_error', 7n])
    await provenOk(store, startMs)
  })

  test(`${name}: a hold that nobody ended is a fault a minute after its end`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'unlimited')
    await store.hold(holdOf('call_1', 1n))
    await provenOk(store, startMs + 120_000)
    const verdict = await store.verifyBooks(startMs + 120_001)
    assert.deepEqual(
      [verdict.ok, verdict.openHolds, verdict.problems.map(({ kind }) => kind)],
      [false, 1, ['stale_hold']],
    )
  })
}

/** Many at once. */
const races = ({ name, openAgain }: LedgerBackend): void => {
  test(`${name}: 1,000 parallel holds with money for exactly 10: 10 pass, and settled in full the balance is 0`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 10n * 123_456_789n))
    const calls = Array.from({ length: 1000 }, (_unused, index) => `call_${index}`)
    const answers = await Promise.all(calls.map((call) => store.hold(holdOf(call, 123_456_789n))))
    const passed = calls.filter((_call, index) => answers[index]?.ok === true)
    assert.equal(passed.length, 10)
    await balanceIs(store, { balance: 1_234_567_890n, held: 1_234_567_890n })
    await Promise.all(passed.map((call) => store.settle(settleOf(call, 123_456_789n))))
    await balanceIs(store, { balance: 0n, held: 0n })
    await provenOk(store, startMs)
  })

  test(`${name}: the same settle 100 times is one charge with one answer`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 1000n))
    await store.hold(holdOf('call_1', 500n))
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_unused, index) => store.settle(settleOf('call_1', 100n + BigInt(index)))),
    )
    assert.equal(answers.filter(({ repeated }) => !repeated).length, 1)
    assert.deepEqual([...new Set(answers.map(({ chargedNanoUsd }) => chargedNanoUsd))], [100n])
    await balanceIs(store, { balance: 900n, held: 0n })
    await provenOk(store, startMs)
  })
}

/** Registers the tests that every backend passes as keeper of the books. */
export const ledgerContract = (backend: LedgerBackend): void => {
  endings(backend)
  times(backend)
  races(backend)
}
