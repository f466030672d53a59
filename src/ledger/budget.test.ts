import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crossedThresholds, crossingSays, labelOf } from './budget.ts'

const crossed = (before: bigint, after: bigint, limit = 100n): readonly number[] =>
  crossedThresholds([50, 80, 100, 150], { limitNanoUsd: limit, beforeNanoUsd: before, afterNanoUsd: after })

test('a threshold is crossed by the spend that reaches it, and by no later one', () => {
  assert.deepEqual(crossed(0n, 49n), [])
  assert.deepEqual(crossed(49n, 50n), [50])
  assert.deepEqual(crossed(50n, 79n), [])
  assert.deepEqual(crossed(10n, 100n), [50, 80, 100])
  assert.deepEqual(crossed(100n, 160n), [150])
  assert.deepEqual(crossed(50n, 50n), [])
  assert.deepEqual(crossed(0n, 499n, 1_000n), [], 'to the last unit')
  assert.deepEqual(crossed(499n, 500n, 1_000n), [50])
})

test('of a limit of nothing the first spend reaches all, and nothing reaches none', () => {
  assert.deepEqual(crossed(0n, 0n, 0n), [])
  assert.deepEqual(crossed(0n, 1n, 0n), [50, 80, 100, 150])
  assert.deepEqual(crossed(1n, 2n, 0n), [])
})

test('a budget is called by what it is for', () => {
  assert.equal(labelOf({ kind: 'project', subject: 'prj_1', model: null }), 'project prj_1')
  assert.equal(labelOf({ kind: 'key', subject: 'key_1', model: 'kimi-*' }), 'key key_1 for kimi-*')
})

test('what a crossing says names whose budget it is, and of which model', () => {
  const crossing = { account: 'acc_1', name: 'bud_1', threshold: 80, startMs: 0, timeMs: 0, toldMs: null }
  const spent = { spentNanoUsd: 8_000_000_000n, limitNanoUsd: 10_000_000_000n, period: 'day' } as const
  const label = labelOf({ kind: 'key', subject: 'key_1', model: 'kimi for all' })
  const { message, said } = crossingSays({ ...crossing, ...spent, label })
  assert.match(message, /^The budget of key key_1 for kimi for all has reached 80 %: 8\.00 USD of 10\.00 USD a day\./)
  assert.deepEqual(
    [said.code, said.given['kind'], said.given['subject'], said.given['model']],
    ['budget_reached', 'key', 'key_1', 'kimi for all'],
  )
  assert.equal(crossingSays({ ...crossing, ...spent, label: 'member mem_1' }).said.given['model'], null)
  const { kind, subject, model } = crossingSays({ ...crossing, ...spent, label: 'everybody' }).said.given
  assert.deepEqual([kind, subject, model], ['', 'everybody', null], 'a label of another form is said as it is')
})
