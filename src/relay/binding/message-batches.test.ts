import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { BindingRow } from '#resource/port.ts'
import type { Asking } from './asking.ts'
import { messageBatchActs } from './message-batches.ts'

const deleting = (document: object) => {
  const row = { id: 'msgbatch_1', kind: 'batch', form: 'anthropic', state: 'open', document: JSON.stringify(document) }
  const ports = { bindings: { binding: async () => row as BindingRow } }
  const asking = { ports, params: { id: row.id }, holder: 'acc_1', form: 'anthropic', nowMs: 0 }
  return messageBatchActs.drop(asking as unknown as Asking)
}

test('a batch that runs is not deleted; one that is being settled in a moment, as clients try again by themselves', async () => {
  const told = async (status: string) => {
    const problem = await deleting({ processing_status: status }).catch((thrown: unknown) => thrown)
    assert.ok(problem instanceof Problem)
    return [problem.code, problem.detail.retryAfterMs, /still runs/.test(problem.message)]
  }
  assert.deepEqual(await told('in_progress'), ['conflict', undefined, true])
  assert.deepEqual(await told('ended'), ['conflict', 1_000, false])
})
