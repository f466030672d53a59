import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PricedSubject, PriceRule } from './price-rule.ts'
import { discountFactor, markupFactor, percentText, rulesFor } from './price-rule.ts'

const everything = { account: null, plan: null, model: null, families: null, vendor: null }
const rule = (
  name: string,
  changes: Partial<Omit<PriceRule, 'scope'>> & { scope?: Partial<PriceRule['scope']> } = {},
): PriceRule => ({
  name,
  kind: 'markup',
  basisPoints: 100,
  volumeMinNanoUsd: null,
  fromMs: null,
  untilMs: null,
  ...changes,
  scope: { ...everything, ...changes.scope },
})
const subject: PricedSubject = { account: 'acc', plan: 'pro', model: 'm', family: 'kimi', vendor: 'moonshot' }
const found = (rules: readonly PriceRule[], of: Partial<PricedSubject> = {}, { volume = 0n, atMs = 0 } = {}) => {
  const { markup, discount } = rulesFor(rules, { ...subject, ...of }, { atMs, volumeOf: () => volume })
  return { markup: markup?.name ?? null, discount: discount?.name ?? null }
}

test('the narrowest markup counts, and only that one: account, plan, model, family, vendor, everybody', () => {
  const rules = [
    rule('everybody'),
    rule('vendor', { scope: { vendor: 'moonshot' } }),
    rule('family', { scope: { families: ['kimi'] } }),
    rule('model', { scope: { model: 'm' } }),
    rule('plan', { scope: { plan: 'pro' } }),
    rule('account', { scope: { account: 'acc' } }),
  ]
  const names = rules.map(({ name }) => name)
  for (const [index, name] of names.entries()) assert.equal(found(rules.slice(0, index + 1).toReversed()).markup, name)
  assert.equal(found(rules, { account: 'other', plan: null }).markup, 'model')
  assert.equal(found(rules, { account: null, plan: null, model: 'n', family: null, vendor: null }).markup, 'everybody')
  assert.equal(found([rule('old'), rule('new')]).markup, 'new', 'of equals the later')
})

test('of discounts the largest counts, and none is added to another', () => {
  const rules = [
    rule('plan', { kind: 'discount', basisPoints: 1_000, scope: { plan: 'pro' } }),
    rule('bundle', { kind: 'discount', basisPoints: 1_500, scope: { families: ['kimi'] }, volumeMinNanoUsd: 100n }),
  ]
  assert.equal(found(rules, {}, { volume: 99n }).discount, 'plan', 'the condition is not met')
  assert.equal(found(rules, {}, { volume: 100n }).discount, 'bundle', 'it is met at the minimum itself')
  assert.equal(found(rules, { plan: null }, { volume: 99n }).discount, null)
  assert.equal(found(rules, { family: 'other' }, { volume: 100n }).discount, 'plan')
})

test('dates are from inside to outside', () => {
  const dated = [rule('dated', { fromMs: 10, untilMs: 20 })]
  assert.deepEqual(
    [9, 10, 19, 20].map((atMs) => found(dated, {}, { atMs }).markup),
    [null, 'dated', 'dated', null],
  )
})

test('factors are exact, and never below zero', () => {
  assert.deepEqual(markupFactor(rule('a', { basisPoints: 1_250 })), { numerator: 11_250n, denominator: 10_000n })
  assert.deepEqual(markupFactor(rule('a', { basisPoints: -10_001 })).numerator, 0n)
  assert.deepEqual(discountFactor(rule('a', { kind: 'discount', basisPoints: 1_500 })).numerator, 8_500n)
  assert.deepEqual(discountFactor(rule('a', { kind: 'discount', basisPoints: 10_000 })).numerator, 0n)
  assert.deepEqual(discountFactor(null), { numerator: 1n, denominator: 1n })
})

test('percentages are written without needless digits', () => {
  assert.deepEqual([1_500, 1_250, 1, 0, 10_000, 105].map(percentText), ['15%', '12.5%', '0.01%', '0%', '100%', '1.05%'])
})
