import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareTriggers, triggerF1 } from './agreement.ts'

test('F1 of calls that both make', () => {
  assert.equal(triggerF1([true, true, false, false], [true, false, true, false]), 0.5)
  assert.equal(triggerF1([false, false], [false, false]), 1)
  assert.equal(triggerF1([true], [null]), 0, 'an answer that never came is a miss')
})

test('a reference that wavers as much as the target excuses it', () => {
  const reference = [true, true, false, false, true, false]
  const target = [false, true, true, false, true, false]
  const again = [true, false, false, true, true, false]
  const { f1, floor, chance, targetOnly, floorOnly } = compareTriggers(target, reference, again)
  assert.equal(f1, floor)
  assert.deepEqual([targetOnly, floorOnly], [2, 2])
  assert.ok(chance > 0.5)
})

test('a target that never calls differs beyond the noise', () => {
  const reference = Array.from({ length: 12 }, (_, place) => place % 2 === 0)
  const never = reference.map(() => false)
  const { f1, chance } = compareTriggers(never, reference, reference)
  assert.equal(f1, 0)
  assert.ok(chance < 0.05, String(chance))
})

test('cases on which the reference was silent are left out', () => {
  const { f1, targetOnly } = compareTriggers([false, true], [true, true], [null, true])
  assert.deepEqual([f1, targetOnly], [1, 0])
})
