import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { openaiChat } from '#protocol/openai-chat/index.ts'
import { openStage } from '#relay/test-stage.ts'
import type { BindingRow } from '#resource/port.ts'
import { modelRowOfName } from './batch-settle.ts'
import type { BatchWork } from './batch-work.ts'
import { settledLine } from './line-record.ts'

const batch: BindingRow = {
  id: 'batch_1',
  holder: 'acc_one',
  kind: 'batch',
  form: 'openai',
  organisation: null,
  account: 'acc_one',
  project: null,
  member: null,
  key: 'key_1',
  test: false,
  provider: 'alpha',
  credential: null,
  upstreamId: 'batch_1',
  purpose: null,
  document: '{}',
  state: 'open',
  work: null,
  createdMs: 0,
  expiresMs: null,
  nextMs: null,
}
const work: BatchWork = {
  ...{ call: 'call_1', endpoint: 'chat/completions', models: [], copy: null, input: null },
  ...{ tags: {}, callSite: null, session: null },
}

/** What a line of 400 bytes, answered with five letters, comes to; a token of the counter is a letter. */
const lineWith = async (usage: JsonObject | null, inputBytes: number | null = 400) => {
  const { ports } = openStage()
  const snapshot = ports.snapshot()
  const [row, upstream] = [modelRowOfName(snapshot, batch, ['m']), snapshot.upstreams.get('alpha')]
  const target = row?.targets[0]
  assert.ok(row !== null && target !== undefined && upstream !== undefined)
  const message = { role: 'assistant', content: 'Fine.' }
  const { record, part } = await settledLine({
    ...{ batch, work, protocol: openaiChat, upstream, nowMs: 10, countTokens: ports.countTokens },
    model: { name: 'm', row, target, inputBytes },
    outcome: {
      ...{ customId: 'a', status: 200, requestId: null, failure: null },
      body: { id: 'x', choices: [{ index: 0, message, finish_reason: 'stop' }], ...(usage === null ? {} : { usage }) },
    },
  })
  const { input = null, output = null, source = null } = record.usage ?? {}
  return { said: [input, output, source], charge: part?.chargeNanoUsd ?? null, warnings: record.warnings, record }
}

test('a line whose provider says all is charged by that', async () => {
  const { said, charge, warnings } = await lineWith({ prompt_tokens: 100, completion_tokens: 10 })
  assert.deepEqual([said, warnings], [[100, 10, 'reported'], []])
  assert.ok(charge !== null && charge > 0n)
})

test('what a line leaves unsaid is counted as for a call, and not taken for nothing', async () => {
  const whole = await lineWith({ prompt_tokens: 100, completion_tokens: 5 })
  for (const [usage, said] of [
    [{ prompt_tokens: 100 }, [100, 5, 'counted']],
    [{ completion_tokens: 5 }, [100, 5, 'estimated']],
    [{ prompt_tokens: -1, completion_tokens: 1e12 }, [100, 5, 'estimated']],
    [null, [100, 5, 'estimated']],
  ] as const) {
    const line = await lineWith(usage)
    assert.deepEqual(line.said, said)
    assert.equal(line.charge, whole.charge)
    assert.match(line.warnings.join(), /did not say all of it for this line, and it was counted/)
  }
})

test('where nobody knows how long a line was, its input is unknown, and nothing is charged for what is not known', async () => {
  const line = await lineWith({ completion_tokens: 5 }, null)
  assert.deepEqual([line.said, line.charge, line.record.costNanoUsd], [[null, 5, 'estimated'], null, null])
  assert.match(line.warnings.join(), /it is not known/)
})
