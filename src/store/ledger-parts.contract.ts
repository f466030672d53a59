/** What every backend does for a hold that is settled part by part, as a lease is. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { leaseOwner } from '#ledger/lease.ts'
import type { Budget, DrawRequest } from '#ledger/port.ts'
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

const partsOf = (...amounts: readonly (readonly [call: string, amount: bigint])[]): DrawRequest => ({
  hold: 'batch_1',
  account,
  parts: amounts.map(([call, amount]) => settleOf(call, amount)),
})

const budget: Budget = { name: 'key:key_1', limitNanoUsd: 700n, period: 'day' }

export const ledgerPartsContract = ({ name, openAgain }: LedgerBackend): void => {
  test(`${name}: parts take of their hold, each once, and the rest is free when it is voided`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 1000n))
    await store.hold(holdOf('batch_1', 600n, { owner: null, budgets: [budget] }))
    await store.draw(partsOf(['call_1', 100n], ['call_2', 0n]))
    await balanceIs(store, { balance: 900n, held: 500n })
    const again = await store.draw(partsOf(['call_2', 7n], ['call_1', 9n], ['call_3', 50n]))
    assert.deepEqual(
      again.map(({ chargedNanoUsd, repeated }) => [chargedNanoUsd, repeated]),
      [
        [0n, true],
        [100n, true],
        [50n, false],
      ],
    )
    await balanceIs(store, { balance: 850n, held: 450n })
    const { spentNanoUsd, heldNanoUsd } = await store.budgetState(budget, startMs)
    assert.deepEqual([spentNanoUsd, heldNanoUsd], [150n, 450n])
    await provenOk(store, startMs)
    await store.voidHold(voidOf('batch_1'))
    await balanceIs(store, { balance: 850n, held: 0n })
    assert.equal((await store.budgetState(budget, startMs)).heldNanoUsd, 0n)
    await provenOk(store, startMs)
  })

  test(`${name}: what parts cost beyond their hold is excess; without a hold all of it is`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 1000n))
    await store.hold(holdOf('batch_1', 100n, { owner: null }))
    const [first, second] = await store.draw(partsOf(['call_1', 80n], ['call_2', 50n]))
    assert.deepEqual([first?.excessNanoUsd, second?.excessNanoUsd], [0n, 30n])
    await balanceIs(store, { balance: 870n, held: 0n })
    await store.voidHold(voidOf('batch_1'))
    const [late] = await store.draw(partsOf(['call_3', 5n]))
    assert.deepEqual([late?.chargedNanoUsd, late?.excessNanoUsd], [5n, 5n])
    await provenOk(store, startMs)
  })

  test(`${name}: a scoped lot that is kept back for the whole pays its parts`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 300n, { kind: 'promo', scope: ['m'] }))
    await grant(store, grantOf('lot_2', 300n))
    await store.hold(holdOf('batch_1', 500n, { owner: null, models: [['m']] }))
    const parts = ['call_1', 'call_2', 'call_3'].map((call) => settleOf(call, 120n, { model: ['m'] }))
    const drawn = await store.draw({ hold: 'batch_1', account, parts })
    assert.deepEqual(
      drawn.map(({ excessNanoUsd }) => excessNanoUsd),
      [0n, 0n, 0n],
    )
    await balanceIs(store, { balance: 240n, held: 140n })
    await provenOk(store, startMs)
    await store.voidHold(voidOf('batch_1'))
    await balanceIs(store, { balance: 240n, held: 0n })
    await provenOk(store, startMs)
  })

  test(`${name}: what was kept back of a scoped lot in slices is paid by that lot, all of it`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 300n, { kind: 'promo', scope: ['m'] }))
    await grant(store, grantOf('lot_2', 300n))
    await store.hold(holdOf('call_1', 80n, { models: [['m']] }))
    const slice = { call: 'call_1', account, nowMs: startMs, addNanoUsd: 80n, addMinNanoUsd: 80n, expiresMs: null }
    for (const _slice of [2, 3]) await store.extend({ ...slice, begun: true, provenNanoUsd: null })
    // Nobody says which model answered: only what was kept back pays of the scoped lot.
    await store.settle(settleOf('call_1', 240n, { model: [] }))
    const lots = await store.lots({ limit: 10, after: null, account, open: false })
    assert.deepEqual(
      lots.map(({ lot, remainingNanoUsd }) => [lot, remainingNanoUsd]),
      [
        ['lot_1', 60n],
        ['lot_2', 300n],
      ],
    )
    await provenOk(store, startMs)
  })

  test(`${name}: a hold of nobody outlives its process, and ends with its time; two who settle at once settle once`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 1000n))
    await store.hold(holdOf('batch_1', 600n, { owner: null }))
    await store.sweep({ nowMs: startMs, owner: 'node_2', limit: 100 })
    await balanceIs(store, { balance: 1000n, held: 600n })
    const calls = Array.from({ length: 20 }, (_unused, index) => [`call_${index}`, 10n] as const)
    const answers = await Promise.all(Array.from({ length: 10 }, () => store.draw(partsOf(...calls))))
    assert.equal(answers.flat().filter(({ repeated }) => !repeated).length, 20)
    await balanceIs(store, { balance: 800n, held: 400n })
    await store.sweep({ nowMs: startMs + 60_000, owner: null, limit: 100 })
    await balanceIs(store, { balance: 800n, held: 0n })
    await provenOk(store, startMs)
  })

  test(`${name}: of what is lent only what calls need is shown as held, and none of it is free`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    const lease = { lease: 'lease/1', account }
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 1000n))
    const owner = leaseOwner('node_a')
    const budgets = [{ ...budget, limitNanoUsd: 900n }]
    await store.hold(holdOf('lease/1', 800n, { key: null, owner, budgets, underWayNanoUsd: 100n }))
    await balanceIs(store, { balance: 1000n, held: 100n })
    assert.equal((await store.budgetState(budget, startMs)).heldNanoUsd, 100n)
    assert.equal((await store.budgetState({ ...budget, name: 'key:key_2' }, startMs)).heldNanoUsd, 0n)
    assert.equal((await store.hold(holdOf('call_1', 101n, { budgets }))).ok, false)
    assert.equal((await store.hold(holdOf('call_1', 201n))).ok, false)
    const revocation = { lot: 'lot_1', nowMs: startMs, reason: 'a mistake' }
    const { revokedNanoUsd, keptNanoUsd } = await store.revokeLot(revocation, sampleTrail('trl_2'))
    assert.deepEqual([revokedNanoUsd, keptNanoUsd], [200n, 800n])
    await grant(store, grantOf('lot_2', 50n))
    await store.hold(holdOf('call_2', 50n))
    await balanceIs(store, { balance: 850n, held: 150n })
    await store.noteLease({ ...lease, underWayNanoUsd: 300n })
    await balanceIs(store, { balance: 850n, held: 350n })
    // What a call costs beyond what was lent is not held.
    await store.noteLease({ ...lease, underWayNanoUsd: 900n })
    await balanceIs(store, { balance: 850n, held: 850n })
    await store.draw({ hold: 'lease/1', account, parts: [settleOf('call_3', 120n)], underWayNanoUsd: 180n })
    await balanceIs(store, { balance: 730n, held: 230n })
    await provenOk(store, startMs)
    const more = { call: 'lease/1', account, nowMs: startMs, addNanoUsd: 0n, addMinNanoUsd: 0n, expiresMs: null }
    await store.extend({ ...more, begun: false, provenNanoUsd: null, underWayNanoUsd: 0n })
    await balanceIs(store, { balance: 730n, held: 50n })
    assert.equal(await store.returnPart({ ...lease, amountNanoUsd: 600n, nowMs: startMs }), 600n)
    await balanceIs(store, { balance: 730n, held: 50n })
    await store.endLease({ ...lease, nowMs: startMs })
    await store.noteLease({ ...lease, underWayNanoUsd: 10n })
    assert.equal((await store.hold(holdOf('call_4', 680n))).ok, true)
    await balanceIs(store, { balance: 730n, held: 730n })
    await provenOk(store, startMs)
  })

  test(`${name}: credit that is lent outlives its day though no call needs it; a lease of which nothing is said is held`, async (context) => {
    const { store } = await openAgain(context, handClock(startMs))
    const laterMs = startMs + 2000
    const owner = leaseOwner('node_a')
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 500n, { kind: 'promo', expiresMs: startMs + 1000 }))
    await store.hold(holdOf('lease/1', 300n, { key: null, owner, underWayNanoUsd: 0n }))
    await store.hold(holdOf('lease/2', 100n, { key: null, owner }))
    await store.expireLots(laterMs, 10)
    await balanceIs(store, { balance: 400n, held: 100n }, laterMs)
    await provenOk(store, laterMs)
    assert.equal(await store.endLeases(owner, laterMs), 2)
    await balanceIs(store, { balance: 0n, held: 0n }, laterMs)
    await provenOk(store, laterMs)
  })
}
