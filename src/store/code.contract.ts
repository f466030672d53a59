/** What every backend does for redeem codes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CodeBatch, Redeemed } from '#admin/port.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Store } from './face.ts'
import { sampleAccount, sampleFirst, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const hourMs = 3_600_000

const batch = (changes: Partial<CodeBatch> = {}): CodeBatch => ({
  id: 'cod_1',
  name: 'spring',
  kind: 'promo',
  amountNanoUsd: 5n,
  scope: null,
  expiresMs: null,
  creditLastsMs: null,
  onePerAccount: false,
  createdMs: 1,
  voidedMs: null,
  ...changes,
})

const begin = async (store: Store, made: CodeBatch, digests: readonly string[]): Promise<void> => {
  await store.begin(sampleFirst())
  await store.createAccount(sampleAccount('one'), sampleTrail('trl_a'))
  await store.createAccount(sampleAccount('two'), sampleTrail('trl_b'))
  await store.createCodes(made, digests, sampleTrail('trl_c'))
}

let lots = 0
const redeem = (store: Store, digest: string, { account = 'acc_one', nowMs = 10 } = {}): Promise<Redeemed> => {
  lots += 1
  const redemption = { digest, account, lot: `lot_${lots}`, priority: 40, nowMs }
  return store.redeemCode(redemption, sampleTrail(`trl_${lots}`))
}
const reasonOf = (redeemed: Redeemed): string => (redeemed.ok ? 'redeemed now' : redeemed.reason)

/** Registers the tests that every backend passes as keeper of codes. */
export const codeContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: of 200 who redeem one code at once, for one account or for many, exactly one gets its credit`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store, batch(), ['d_1'])
    const accounts = ['acc_one', 'acc_two', 'acc_default']
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_unused, index) => redeem(store, 'd_1', { account: accounts[index % 3] ?? '' })),
    )
    const reasons = answers.map(reasonOf)
    assert.deepEqual([...new Set(reasons)].sort(), ['redeemed', 'redeemed now'])
    assert.equal(reasons.filter((one) => one === 'redeemed now').length, 1)
    const balances = await Promise.all(
      accounts.map(async (one) => (await store.balance(one, 10))?.balanceNanoUsd ?? 0n),
    )
    assert.equal(
      balances.reduce((sum, one) => sum + one, 0n),
      5n,
    )
    assert.deepEqual((await store.verifyBooks(10)).problems, [])
  })

  test(`${name}: an account redeems one code of a batch that says so, also of many at once`, async (context) => {
    const store = await open(context, handClock(0))
    const digests = Array.from({ length: 20 }, (_unused, index) => `d_${index}`)
    await begin(store, batch({ onePerAccount: true }), digests)
    const answers = (await Promise.all(digests.map((digest) => redeem(store, digest)))).map(reasonOf)
    assert.deepEqual(answers.toSorted(), [...Array<string>(19).fill('once'), 'redeemed now'])
    assert.equal(reasonOf(await redeem(store, 'd_5', { account: 'acc_two' })), 'redeemed now')
    assert.deepEqual(
      (await store.codeBatches()).map(({ codes, redeemed }) => [codes, redeemed]),
      [[20, 2]],
    )
  })

  test(`${name}: what is over, withdrawn or unknown is refused by name`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store, batch({ expiresMs: 20 }), ['d_1', 'd_2'])
    assert.equal(reasonOf(await redeem(store, 'd_none')), 'unknown')
    assert.equal(reasonOf(await redeem(store, 'd_1', { nowMs: 20 })), 'expired')
    assert.equal(reasonOf(await redeem(store, 'd_1', { nowMs: 19 })), 'redeemed now')
    assert.equal((await store.voidCodes('spring', 19, sampleTrail('trl_v')))?.voidedMs, 19)
    assert.equal(reasonOf(await redeem(store, 'd_2', { nowMs: 19 })), 'voided')
    assert.equal(await store.voidCodes('autumn', 19, sampleTrail('trl_w')), null)
    await assert.rejects(store.createCodes(batch({ id: 'cod_2' }), ['d_9'], sampleTrail('trl_x')), { code: 'conflict' })
  })

  test(`${name}: who guesses is stopped for the rest of the hour, and nobody else is`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store, batch(), ['d_1'])
    for (let guess = 0; guess < 20; guess += 1) assert.equal(reasonOf(await redeem(store, `d_g${guess}`)), 'unknown')
    const stopped = await redeem(store, 'd_1', { nowMs: 1_000_000 })
    assert.deepEqual(stopped, { ok: false, reason: 'guessing', retryMs: hourMs - 1_000_000 })
    assert.equal(reasonOf(await redeem(store, 'd_1', { account: 'acc_two' })), 'redeemed now')
    assert.equal(reasonOf(await redeem(store, 'd_1', { nowMs: hourMs })), 'redeemed')
  })
}
