import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pinnedShare } from './pinned-share.ts'

test('conversations stay against the weight up to a share of the turns of late, and not before there are enough of them', () => {
  let max = 0.2
  const share = pinnedShare(() => max)
  const first = Array.from({ length: 100 }, () => share.mayStay())
  assert.ok(first.every(Boolean), 'a few turns say nothing')
  assert.equal(share.mayStay(), false)
  for (let turn = 0; turn < 500; turn += 1) share.went()
  assert.equal(share.mayStay(), true)
  max = 0
  assert.equal(share.mayStay(), false)
})

test('what is long past is forgotten by halves', () => {
  const share = pinnedShare(() => 0.05)
  for (let turn = 0; turn < 99; turn += 1) share.mayStay()
  for (let turn = 0; turn < 5_000; turn += 1) share.went()
  assert.equal(share.mayStay(), true)
})
