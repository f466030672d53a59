/** Accounts, credit and calls with nothing special about them, for the contracts of the books. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { HandClock } from '#base/hand-clock.ts'
import type { Grant, HoldRequest, SettleRequest } from '#ledger/port.ts'
import type { Store } from './face.ts'
import { sampleAccount, sampleFirst, sampleTrail } from './sample-rows.ts'

/** A store that can be opened again as if its process had died; `again` is `null` where nothing would be left. */
export type Reopened = { readonly store: Store; readonly again: (() => Promise<Reopened>) | null }
export type LedgerBackend = {
  readonly name: string
  readonly openAgain: (context: TestContext, clock: HandClock) => Promise<Reopened>
  /** Random histories to try. */
  readonly runs: number
  /** What is asked at once is answered in that order only among the calls of one account; absent = always. */
  readonly inLanes?: true
}

/** 2026-11-22, a Sunday. */
export const startMs = Date.UTC(2026, 10, 22, 12)
export const account = 'acc_one'

export const begin = async (
  store: Store,
  billing: 'prepaid' | 'postpaid' | 'unlimited',
  creditLimitNanoUsd = 0n,
): Promise<void> => {
  await store.begin(sampleFirst())
  const rows = sampleAccount('one')
  await store.createAccount(
    { ...rows, account: { ...rows.account, billing, creditLimitNanoUsd } },
    sampleTrail('trl_1'),
  )
}

export const grantOf = (lot: string, amountNanoUsd: bigint, changes: Partial<Grant> = {}): Grant => ({
  lot,
  account,
  kind: 'paid',
  amountNanoUsd,
  priority: 50,
  expiresMs: null,
  nowMs: startMs,
  method: 'manual',
  reason: null,
  ...changes,
})

export const holdOf = (call: string, amountNanoUsd: bigint, changes: Partial<HoldRequest> = {}): HoldRequest => ({
  call,
  account,
  key: 'key_1',
  amountNanoUsd,
  amountMinNanoUsd: amountNanoUsd,
  sliceNanoUsd: null,
  nowMs: startMs,
  expiresMs: startMs + 60_000,
  owner: 'node_1',
  budgets: [],
  ...changes,
})

export const settleOf = (call: string, chargeNanoUsd: bigint, changes: Partial<SettleRequest> = {}): SettleRequest => ({
  call,
  account,
  key: 'key_1',
  chargeNanoUsd,
  nowMs: startMs,
  priceHash: 'h',
  rule: 'as reported',
  upstreamCosts: [],
  ...changes,
})

export const voidOf = (call: string, nowMs = startMs) => ({
  call,
  account,
  key: 'key_1',
  nowMs,
  rule: 'refused',
  upstreamCosts: [],
})

export const grant = async (store: Store, one: Grant): Promise<void> =>
  void (await store.grantCredit(one, sampleTrail(`trl_${one.lot}`)))

export const provenOk = async (store: Store, nowMs: number): Promise<void> => {
  const verdict = await store.verifyBooks(nowMs)
  assert.deepEqual(verdict.problems, [])
  assert.equal(verdict.ok, true)
}

export const balanceIs = async (
  store: Store,
  expected: { balance: bigint; held: bigint },
  nowMs = startMs,
): Promise<void> => {
  const found = await store.balance(account, nowMs)
  assert.deepEqual({ balance: found?.balanceNanoUsd, held: found?.heldNanoUsd }, expected)
}
