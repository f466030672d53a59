import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lot } from './lot.ts'
import { covers, expiredLots, paidPart, reserveLots, scopedFree, spendLots } from './lot.ts'

const lot = (id: string, changes: Partial<Lot> = {}): Lot => ({
  id,
  kind: 'paid',
  method: 'manual',
  grantedNanoUsd: 100n,
  paidNanoUsd: 100n,
  remainingNanoUsd: 100n,
  priority: 50,
  expiresMs: null,
  scope: null,
  reservedNanoUsd: 0n,
  ...changes,
})
const kimi = lot('kimi', { scope: ['kimi-*'], reservedNanoUsd: 40n })
const general = lot('general')

test('a scope is ids, aliases, or beginnings before a star', () => {
  assert.equal(covers(null, []), true)
  assert.equal(covers(['kimi-*'], ['kimi-k2', 'k2']), true)
  assert.equal(covers(['kimi-*'], ['my-kimi-k2']), false)
  assert.equal(covers(['k2'], ['kimi-k2', 'k2']), true)
  assert.equal(covers(['kimi-k2'], ['kimi-k2-turbo']), false)
  assert.equal(covers(['*'], ['anything']), true)
})

test('a lot for some models pays only where every model that may answer is one of them', () => {
  assert.equal(scopedFree([kimi, general], [['kimi-k2']]), 60n)
  assert.equal(scopedFree([kimi, general], [['kimi-k2'], ['gpt-4.1']]), 0n)
  assert.equal(scopedFree([kimi, general], []), 0n)
  assert.deepEqual(reserveLots([kimi, general], [['kimi-k2']], 70n), [{ lot: 'kimi', amountNanoUsd: 60n }])
  const three = [kimi, lot('k2', { scope: ['kimi-k2'] }), lot('any', { scope: ['*'] })]
  const reserved = (amountNanoUsd: bigint) =>
    reserveLots(three, [['kimi-k2']], amountNanoUsd).map(({ lot: id, ...part }) => [id, part.amountNanoUsd])
  assert.deepEqual(reserved(170n), [
    ['kimi', 60n],
    ['k2', 100n],
    ['any', 10n],
  ])
  assert.deepEqual(reserved(60n), [['kimi', 60n]])
  assert.deepEqual(reserved(0n), [])
})

test('what pays for few things is spent first, and never what another hold keeps back', () => {
  const of = (amountNanoUsd: bigint, own: bigint, names: readonly string[]) => {
    const { spent, uncoveredNanoUsd } = spendLots([general, kimi], {
      amountNanoUsd,
      own: own === 0n ? [] : [{ lot: 'kimi', amountNanoUsd: own }],
      names,
    })
    return [...spent.map((one) => `${one.lot.id} ${one.amountNanoUsd}`), `uncovered ${uncoveredNanoUsd}`]
  }
  assert.deepEqual(of(170n, 0n, ['kimi-k2']), ['kimi 60', 'general 100', 'uncovered 10'])
  assert.deepEqual(of(90n, 40n, ['kimi-k2']), ['kimi 90', 'uncovered 0'])
  assert.deepEqual(of(90n, 40n, []), ['kimi 40', 'general 50', 'uncovered 0'])
  assert.deepEqual(of(90n, 0n, ['gpt-4.1']), ['general 90', 'uncovered 0'])
  assert.deepEqual(of(0n, 40n, ['kimi-k2']), ['uncovered 0'])
  assert.throws(() => of(-1n, 0n, []), /negative amount cannot be spent/)
})

test('what is kept back outlives its day, of scoped lots by name, of general ones by their sum', () => {
  const due = { expiresMs: 5 }
  const scoped = lot('scoped', { ...due, scope: ['k2'], reservedNanoUsd: 30n })
  const lots = [lot('first', due), scoped, lot('last', due), lot('small', { ...due, remainingNanoUsd: 1n })]
  const ended = expiredLots(lots, { heldNanoUsd: 120n, nowMs: 5 })
  assert.deepEqual(
    ended.map((one) => [one.lot.id, one.amountNanoUsd]),
    [
      ['scoped', 70n],
      ['last', 80n],
      ['small', 1n],
    ],
  )
})

test('of what is taken back of a bundle, the part that was paid goes back as money', () => {
  assert.equal(paidPart(lot('bundle', { paidNanoUsd: 85n }), 50n), 42n)
  assert.equal(paidPart(lot('promo', { paidNanoUsd: 0n }), 50n), 0n)
})
