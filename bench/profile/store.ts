/**
 * What a call costs the store by itself: `bin/drover-node bench/profile/store.ts [--relay CHECKOUT] [--calls 4000] [--at-once 8]
 * [--turns 5] [--budget] [--roll]`. Hold, settlement and record of each call, in the commits that so many callers at once make of them, with
 * the database in a file and no thread: what would cross to the store's thread and back is serialised all the same. Microseconds of
 * processor time, the least of the turns; with `--roll` also what the figures of usage cost. Another checkout is measured with its own code.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import type { CallRecord } from '#base/call-record.ts'
import type * as Mail from '#base/mailbox.ts'
import type * as Usages from '#base/usage.ts'
import type * as Face from '#store/face.ts'
import type * as Operations from '#store/operations/index.ts'
import type * as Samples from '#store/sample-rows.ts'
import type * as Batch from '#store/sqlite/batch.ts'
import type * as Opening from '#store/sqlite/open-database.ts'

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '4000' },
    'at-once': { type: 'string', default: '8' },
    turns: { type: 'string', default: '5' },
    budget: { type: 'boolean', default: false },
    roll: { type: 'boolean', default: false },
    relay: { type: 'string', default: '.' },
  },
})
const here = resolve(values.relay)
const at = <T>(path: string): Promise<T> => import(join(here, 'src', path)) as Promise<T>
const { openDatabase } = await at<typeof Opening>('store/sqlite/open-database.ts')
const { makeOperations } = await at<typeof Operations>('store/operations/index.ts')
const { runBatch } = await at<typeof Batch>('store/sqlite/batch.ts')
const { sampleAccount, sampleFirst, sampleTrail } = await at<typeof Samples>('store/sample-rows.ts')
const { makeMailbox } = await at<typeof Mail>('base/mailbox.ts')
const { faceOf } = await at<typeof Face>('store/face.ts')
const { usageOf } = await at<typeof Usages>('base/usage.ts')

const folder = mkdtempSync(join(tmpdir(), 'drover-store-cost-'))
const nowMs = Date.UTC(2026, 10, 22, 12)
const clock = { nowMs: () => nowMs, monotonicMs: () => performance.now(), after: () => () => {} }
const ground = {
  ...(await openDatabase({ file: join(folder, 'drover.db'), durability: 'process', nowMs, busyTimeoutMs: 0 })),
  operations: makeOperations(),
}
let before: Promise<unknown> = Promise.resolve()
let bytes = 0
const usNow = () => {
  const { user, system } = process.cpuUsage()
  return user + system
}
const mailbox = makeMailbox({
  clock,
  whom: 'The store',
  queueLengthMax: 10_000,
  answerTimeoutMs: 600_000,
  post: (asked) => {
    before = before.then(async () => {
      const message = serialize(asked)
      bytes += message.length
      const outcome = await runBatch(ground, deserialize(message))
      mailbox.answer(deserialize(serialize(outcome.answers)))
    })
  },
})
const store = faceOf(mailbox.ask as Operations.Execute, clock)

await store.begin(sampleFirst())
const rows = sampleAccount('one')
await store.createAccount(
  { ...rows, account: { ...rows.account, billing: 'prepaid' as const, creditLimitNanoUsd: 0n } },
  sampleTrail('trl_1'),
)
await store.grantCredit(
  {
    ...{
      lot: 'lot_1',
      account: 'acc_one',
      kind: 'paid' as const,
      amountNanoUsd: 10n ** 17n,
      priority: 50,
      expiresMs: null,
    },
    ...{ nowMs, method: 'manual', reason: null },
  },
  sampleTrail('trl_2'),
)

let count = 0
const oneCall = async (): Promise<void> => {
  count += 1
  const id = `call_01JD8Q${(Date.now() * 1000 + count).toString(36).padStart(20, '0')}`
  const budgets = values.budget
    ? [
        {
          name: 'key:key_1',
          limitNanoUsd: 10n ** 16n,
          period: 'month' as const,
          thresholds: [50, 80, 100],
          label: 'key "app"',
        },
      ]
    : []
  const held = await store.hold({
    ...{ call: id, account: 'acc_one', key: 'key_1', amountNanoUsd: 12_345_678n, amountMinNanoUsd: 1_234_567n },
    ...{ sliceNanoUsd: null, nowMs, expiresMs: nowMs + 660_000, owner: 'a1b2c3d4e5f60718293a4b5c', budgets },
    models: [['sold', 'alias-of-it']],
  })
  assert(held.ok)
  await new Promise((go) => setImmediate(go))
  const usage = usageOf({ input: 257, output: 200, source: 'reported' })
  const record: CallRecord = {
    ...{
      id,
      timeMs: nowMs,
      organisation: 'org_one',
      project: 'prj_one',
      member: null,
      account: 'acc_one',
      key: 'key_1',
    },
    ...{
      test: false,
      protocol: 'openai-chat',
      path: '/v1/chat/completions',
      stream: false,
      model: 'sold',
      provider: 'fake',
    },
    ...{ upstreamModel: 'any', status: 200, error: null, errorMessage: null, usage, costNanoUsd: 656_000n },
    attempts: [
      {
        ...{ provider: 'fake', model: 'any', status: 200, error: null, startMs: 1.1, headersMs: 2.2, firstPartMs: 2.5 },
        ...{ endMs: 3.25, usage, costNanoUsd: 300_000n, upstreamRequestId: 'req_0123456789', shims: [] },
        ...{ reason: null, left: null, breaker: null, credential: null },
      },
    ],
    ...{ priceHash: 'f00dfeedf00dfeedf00dfeedf00dfeed', pricing: null, ttftMs: 2.5, queuedMs: 0, longestGapMs: null },
    ...{ durationMs: 4.5, overheadMs: 1.2, end: 'complete', finishReason: 'stop', tags: {}, conversation: 'c0ffee12' },
    ...{ callSite: null, session: null, migration: null, arm: null, warnings: [], cache: null, requestBytes: 1024 },
    ...{ responseBytes: 800, upstreamDigest: 'abcdefabcdefabcd', deliveredDigest: 'abcdefabcdefabcd' },
    ...{ requestBody: null, responseBody: null },
  }
  const end = {
    ...{ call: id, account: 'acc_one', key: 'key_1', chargeNanoUsd: 656_000n, nowMs, priceHash: record.priceHash },
    ...{ rule: "the provider's own count", model: ['sold', 'alias-of-it'] },
    upstreamCosts: [{ provider: 'fake', amountNanoUsd: 300_000n }],
  }
  const ended = await store.settle(end)
  assert.equal(ended.chargedNanoUsd, 656_000n)
  await store.append(record)
}

const run = async (calls: number): Promise<readonly number[]> => {
  bytes = 0
  const first = usNow()
  let left = calls
  await Promise.all(
    Array.from({ length: Number(values['at-once']) }, async () => {
      while (left > 0) {
        left -= 1
        await oneCall()
      }
    }),
  )
  const all = usNow() - first
  const beforeRoll = usNow()
  if (values.roll) while ((await store.rollForward()) > 0);
  return [all, usNow() - beforeRoll, bytes].map((sum) => sum / calls)
}

const calls = Number(values.calls)
await run(calls)
const turns: (readonly number[])[] = []
for (let each = 0; each < Number(values.turns); each += 1) turns.push(await run(calls))
const least = (place: number): string => Math.min(...turns.map((turn) => turn[place] ?? 0)).toFixed(1)
console.log(`${least(0)} us, figures ${least(1)} us, ${least(2)} bytes sent; a call`)
const verdict = await store.verifyBooks(nowMs)
assert(verdict.ok, JSON.stringify(verdict.problems.slice(0, 3)))
ground.database.close()
rmSync(folder, { recursive: true })
