import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleKey } from '#policy/sample-key.ts'
import { codeOf, openStage } from './test-stage.ts'

test('a key that is revoked while its call waits to be let in lets nothing in, and its limits are given back', async () => {
  const gate = Promise.withResolvers<void>()
  let [taken, given] = [0, 0]
  const stage = openStage({
    key: { concurrency: 5 },
    limiter: () => ({
      take: async (tickets) => {
        await gate.promise
        taken += tickets.length
        return { ok: true, states: [] }
      },
      giveBack: async (returned) => {
        given += returned.length
      },
    }),
  })
  const [digest = ''] = stage.live.current().keys.keys()
  const caller = await stage.call()
  assert.equal(caller.ending(), 'open')
  stage.live.keysChanged([{ ...sampleKey({ concurrency: 5, revokedMs: 0 }), digest }])
  gate.resolve()
  await stage.settle()
  assert.deepEqual([caller.status(), codeOf(caller.json())], [401, 'invalid_api_key'])
  assert.equal(stage.arrivals('alpha'), 0)
  assert.ok(taken > 0)
  assert.equal(given, taken)
  assert.deepEqual([caller.record().status, caller.record().end], [401, 'refused'])
})

test('a change that is not about the key leaves the call what it had when it came', async () => {
  const gate = Promise.withResolvers<void>()
  const stage = openStage({
    key: { concurrency: 5 },
    limiter: () => ({ take: () => gate.promise.then(() => ({ ok: true, states: [] })), giveBack: async () => {} }),
  })
  const caller = await stage.call()
  stage.live.accountsChanged([{ id: 'acc_other', billing: 'prepaid', state: 'open', plan: null }])
  gate.resolve()
  await stage.settle()
  assert.equal(caller.ending(), 'open')
  assert.equal(stage.arrivals('alpha'), 1)
})
