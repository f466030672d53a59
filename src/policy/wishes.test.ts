import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { narrowed, policyAllowed, regionAllowed } from './region.ts'
import { noWishes, wishesOf } from './wishes.ts'

/** The wish for none but these providers. */
const butThese = 'only' as const

test('nothing wished is no wish', () => {
  assert.equal(wishesOf(undefined), noWishes)
  assert.equal(wishesOf(null), noWishes)
  assert.deepEqual(wishesOf({ order: null, max_price: null }), noWishes)
})

test('every wish is read, names in lower case, prices exactly', () => {
  const wishes = wishesOf({
    order: ['Moonshot'],
    [butThese]: ['a', 'B'],
    ignore: [],
    sort: { by: 'price', partition: 'none' },
    allow_fallbacks: false,
    require_parameters: true,
    max_price: { prompt: 0.5, completion: '2.25', request: 0 },
    data_collection: 'deny',
  })
  assert.deepEqual(wishes, {
    order: ['moonshot'],
    [butThese]: ['a', 'b'],
    ignore: [],
    strategy: 'cheapest',
    allowFallbacks: false,
    requireParameters: true,
    maxPrice: { input: 500_000_000n, output: 2_250_000_000n, perCall: 0n },
    data: 'deny',
    warnings: [],
  })
  assert.equal(wishesOf({ data_collection: 'allow', zdr: true }).data, 'zero')
})

test('what is not known is said', () => {
  assert.deepEqual(wishesOf({ quantizations: ['fp8'], max_price: { image: 1 } }).warnings, [
    'provider.quantizations:not taken',
    'provider.max_price.image:not taken',
  ])
})

const wrong: readonly (readonly [unknown, string])[] = [
  ['moonshot', 'provider'],
  [['moonshot'], 'provider'],
  [{ order: 'moonshot' }, 'provider.order'],
  [{ [butThese]: [1] }, 'provider.only'],
  [{ ignore: {} }, 'provider.ignore'],
  [{ [butThese]: Array(65).fill('a') }, 'provider.only'],
  [{ sort: 'luck' }, 'provider.sort'],
  [{ sort: 7 }, 'provider.sort'],
  [{ allow_fallbacks: 'no' }, 'provider.allow_fallbacks'],
  [{ require_parameters: 1 }, 'provider.require_parameters'],
  [{ max_price: 1 }, 'provider.max_price'],
  [{ max_price: { prompt: -1 } }, 'provider.max_price.prompt'],
  [{ max_price: { completion: 'cheap' } }, 'provider.max_price.completion'],
  [{ data_collection: true }, 'provider.data_collection'],
]

for (const [value, param] of wrong)
  test(`a wrong type names its field: ${JSON.stringify(value).slice(0, 40)}`, () => {
    assert.throws(
      () => wishesOf(value),
      (thrown) => thrown instanceof Problem && thrown.code === 'invalid_request_error' && thrown.detail.param === param,
    )
  })

test('a region holds its parts, an unknown one is in none, and lists only ever narrow', () => {
  assert.equal(regionAllowed('eu-west-1', [['EU'], null]), true)
  assert.equal(regionAllowed('eu', [['eu', 'us'], ['us']]), false)
  assert.equal(regionAllowed('europe', [['eu']]), false)
  assert.equal(regionAllowed(null, [['eu']]), false)
  assert.equal(regionAllowed(null, [null, null]), true)
  assert.deepEqual(narrowed(['eu', 'us'], ['eu-west', 'cn']), ['eu-west'])
  assert.deepEqual(narrowed(['cn'], ['eu']), [])
  assert.deepEqual([narrowed(null, ['eu']), narrowed(['eu'], null), narrowed(null, null)], [['eu'], ['eu'], null])
})

test('an unknown policy is good enough for nobody who asks', () => {
  assert.equal(policyAllowed(null, 'allow'), true)
  assert.equal(policyAllowed(null, 'deny'), false)
  assert.equal(policyAllowed('no-training', 'deny'), true)
  assert.equal(policyAllowed('no-training', 'zero'), false)
  assert.equal(policyAllowed('zero-retention', 'zero'), true)
})
