/** Any history of the books, in any interleaving, against the model: proven after every step. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { HandClock } from '#base/hand-clock.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Budget } from '#ledger/port.ts'
import type { LedgerModel } from './ledger-model.ts'
import { amountOf, ledgerModel } from './ledger-model.ts'
import type { LedgerBackend, Reopened } from './ledger-sample.ts'
import { account, balanceIs, begin, grant, grantOf, holdOf, settleOf, startMs, voidOf } from './ledger-sample.ts'
import { sampleTrail } from './sample-rows.ts'

const byDay: Budget = { name: 'key:key_1', limitNanoUsd: 100n, period: 'day' }
const byWeek: Budget = { name: 'key:key_1', limitNanoUsd: 3000n, period: 'week' }

type Action =
  | {
      readonly do: 'grant'
      readonly amount: bigint
      readonly lastsMs: number | null
      readonly priority: number
      readonly promo: boolean
      readonly forModel: string | null
    }
  | {
      readonly do: 'hold'
      readonly call: number
      readonly amount: bigint
      readonly least: bigint
      readonly slice: bigint | null
      readonly budgets: readonly Budget[]
      readonly owner: string
      readonly models: readonly string[]
    }
  | {
      readonly do: 'extend'
      readonly call: number
      readonly add: bigint
      readonly addMin: bigint
      readonly begun: boolean
      readonly proven: bigint | null
    }
  | { readonly do: 'settle'; readonly call: number; readonly charge: bigint; readonly model: string }
  | { readonly do: 'rerate'; readonly call: number; readonly target: bigint }
  | { readonly do: 'void'; readonly call: number }
  | { readonly do: 'revoke'; readonly lot: number }
  | { readonly do: 'adjust'; readonly amount: bigint }
  | { readonly do: 'expire' }
  | { readonly do: 'sweep'; readonly owner: string | null }
  | { readonly do: 'wait'; readonly byMs: number }
  | { readonly do: 'crash' }

/** Often so little that the next amount meets it. */
const upTo = (max: bigint): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: 0n, max }))
const amount = upTo(1000n)
const call = fc.integer({ min: 0, max: 3 })
/** Models that a lot may be for. */
const someModel = fc.constantFrom('k2', 'k3')
const owner = fc.constantFrom('node_1', 'node_2')
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constant('grant' as const),
    amount: fc.bigInt({ min: 1n, max: 2000n }),
    lastsMs: fc.option(fc.integer({ min: 1, max: 100_000 })),
    priority: fc.integer({ min: 0, max: 2 }),
    promo: fc.boolean(),
    forModel: fc.option(someModel),
  }),
  fc.record({
    do: fc.constant('hold' as const),
    call,
    amount,
    least: amount,
    slice: fc.option(amount),
    budgets: fc.subarray([byDay, byWeek]),
    owner,
    models: fc.subarray(['k2', 'k3']),
  }),
  fc.record({
    do: fc.constant('extend' as const),
    call,
    add: amount,
    addMin: amount,
    begun: fc.boolean(),
    proven: fc.option(amount),
  }),
  fc.record({ do: fc.constant('settle' as const), call, charge: upTo(1200n), model: someModel }),
  fc.record({ do: fc.constant('rerate' as const), call, target: upTo(1200n) }),
  fc.record({ do: fc.constant('revoke' as const), lot: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant('adjust' as const), amount: fc.bigInt({ min: -800n, max: 800n }) }),
  fc.record({ do: fc.constant('void' as const), call }),
  fc.record({ do: fc.constant('expire' as const) }),
  fc.record({ do: fc.constant('sweep' as const), owner: fc.option(owner) }),
  fc.record({ do: fc.constant('wait' as const), byMs: fc.integer({ min: 1, max: 40_000 }) }),
  fc.record({ do: fc.constant('crash' as const) }),
)

type Bench = {
  reopened: Reopened
  readonly model: LedgerModel
  readonly clock: HandClock
  lots: number
  readonly next: () => number
}

/** Asks the store and the model; gives what is to be compared once the store has answered. */
const ask = (bench: Bench, one: Action): (() => Promise<void>) => {
  const { model, clock } = bench
  const { store } = bench.reopened
  const nowMs = clock.nowMs()
  const compared =
    <T>(real: Promise<T>, expected: T) =>
    async (): Promise<void> =>
      assert.deepEqual(await real, expected)
  switch (one.do) {
    case 'grant': {
      bench.lots += 1
      const expiresMs = one.lastsMs === null ? null : nowMs + one.lastsMs
      const lot = grantOf(`lot_${bench.lots}`, one.amount, {
        nowMs,
        expiresMs,
        priority: one.priority,
        kind: one.promo ? 'promo' : 'paid',
        scope: one.forModel === null ? null : [one.forModel],
      })
      model.grant(lot)
      return compared(grant(store, lot), undefined)
    }
    case 'hold': {
      const least = one.least < one.amount ? one.least : one.amount
      const { budgets } = one
      const request = holdOf(`call_${one.call}`, one.amount, {
        nowMs,
        amountMinNanoUsd: least,
        sliceNanoUsd: one.slice,
        budgets,
        owner: one.owner,
        expiresMs: nowMs + 30_000,
        models: one.models.map((id) => [id]),
      })
      return compared(store.hold(request).then(amountOf), model.hold(request))
    }
    case 'extend': {
      const { add, begun, proven } = one
      const addMin = one.addMin < add ? one.addMin : add
      const request = {
        call: `call_${one.call}`,
        account,
        nowMs,
        addNanoUsd: add,
        addMinNanoUsd: addMin,
        expiresMs: null,
        begun,
        provenNanoUsd: proven,
      }
      return compared(
        store.extend(request).then(amountOf),
        model.extend(request.call, { add, addMin, begun, proven, nowMs }),
      )
    }
    case 'settle': {
      const name = `call_${one.call}`
      const expected = model.settle(name, one.charge, { nowMs, model: [one.model] })
      // A call that was never held is another matter, with a test of its own.
      return expected === null
        ? async () => {}
        : compared(store.settle(settleOf(name, one.charge, { nowMs, model: [one.model] })), expected)
    }
    case 'rerate': {
      const request = { call: `call_${one.call}`, targetNanoUsd: one.target, nowMs, reason: 'another price' }
      const expected = model.rerate(request.call, one.target, nowMs)
      return compared(store.rerate([request], sampleTrail(`trl_p${bench.next()}`)), [expected])
    }
    case 'void': {
      const name = `call_${one.call}`
      const expected = model.voidHold(name)
      return expected === null ? async () => {} : compared(store.voidHold(voidOf(name, nowMs)), expected)
    }
    case 'revoke': {
      const lot = `lot_${one.lot}`
      const expected = model.revoke(lot, nowMs) ?? 0n
      const revoked = store.revokeLot({ lot, nowMs, reason: 'a mistake' }, sampleTrail(`trl_r${bench.next()}`))
      const none = (): bigint => 0n
      return compared(
        revoked.then(({ revokedNanoUsd }) => revokedNanoUsd, none),
        expected,
      )
    }
    case 'adjust': {
      if (one.amount === 0n) return async () => {}
      const id = `lot_a${bench.next()}`
      const rest = { priority: 50, expiresMs: null, nowMs, kind: 'paid' } as const
      if (one.amount > 0n) model.grant(grantOf(id, one.amount, rest))
      else model.takeAway(-one.amount, nowMs)
      const adjustment = { id, account, amountNanoUsd: one.amount, nowMs, reason: 'a mistake' }
      return compared(store.adjustCredit(adjustment, sampleTrail(`trl_${id}`)), undefined)
    }
    case 'expire':
      model.expire(nowMs)
      return compared(
        store.expireLots(nowMs, 100).then(() => undefined),
        undefined,
      )
    case 'sweep':
      model.sweep(nowMs, one.owner)
      return compared(
        store.sweep({ nowMs, owner: one.owner, limit: 100 }).then(() => undefined),
        undefined,
      )
    default:
      return async () => {}
  }
}

/** What is asked of the calls of one account. */
const ofCalls: ReadonlySet<Action['do']> = new Set(['hold', 'extend', 'settle', 'void'] as const)

const step = async (bench: Bench, actions: readonly Action[], inLanes: boolean): Promise<void> => {
  // Asked all at once: the store answers in the order in which it was asked, grouped in whatever commits.
  let asked: (() => Promise<void>)[] = []
  const answered = async (): Promise<void> => {
    for (const check of asked) await check()
    asked = []
  }
  for (const one of actions) {
    const isAlone = inLanes && !ofCalls.has(one.do)
    if (isAlone) await answered()
    asked.push(ask(bench, one))
    if (isAlone) await answered()
  }
  await answered()
  for (const one of actions) {
    if (one.do === 'wait') bench.clock.advance(one.byMs)
    if (one.do === 'crash' && bench.reopened.again !== null) bench.reopened = await bench.reopened.again()
  }
}

/** Registers random histories of each kind of account. */
export const ledgerHistoryContract = ({ name, openAgain, runs, inLanes }: LedgerBackend): void => {
  for (const [billing, limit] of [
    ['prepaid', 0n],
    ['postpaid', 700n],
    ['unlimited', null],
  ] as const)
    test(`${name}: any history of a ${billing} account ends as the model says, and is proven at every step`, async (context) => {
      const history = fc.array(fc.array(action, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 })
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const clock = handClock(startMs)
          let numbers = 0
          const bench: Bench = {
            reopened: await openAgain(context, clock),
            model: ledgerModel(limit),
            clock,
            lots: 0,
            next: () => ++numbers,
          }
          await begin(bench.reopened.store, billing, limit ?? 0n)
          for (const actions of steps) {
            await step(bench, actions, inLanes === true)
            const { store } = bench.reopened
            const expected = bench.model.state(clock.nowMs())
            await balanceIs(store, { balance: expected.balance, held: expected.held }, clock.nowMs())
            if (limit !== null) assert.ok(expected.balance - expected.held + limit + expected.explained >= 0n)
            const verdict = await store.verifyBooks(startMs)
            assert.deepEqual([verdict.problems, verdict.openHolds], [[], bench.model.openCalls()])
          }
          await bench.reopened.store.close()
        }),
        { numRuns: runs },
      )
    })
}
