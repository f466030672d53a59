/**
 * A store with very many calls: how long pages of the log and figures of usage take in it.
 * `bin/drover-node test/load/many-calls.ts --calls 10000000 [--file /path/to/drover.db]`; figures as JSON. A file that is named is
 * kept, and filled up to the number of calls. The calls go straight into the table, the figures are rolled as a server does it.
 */

import { strict as assert } from 'node:assert'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CallFilter } from '#admin/port.ts'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { usageOf } from '#base/usage.ts'
import type { UsageQuestion } from '#report/port.ts'
import { callValues } from '#store/row/call-row.ts'
import { sampleCall, sampleFilter } from '#store/sample-rows.ts'
import { openSqliteStore, sqliteWorkerUrl } from '#store/sqlite/client.ts'
import { openDatabase } from '#store/sqlite/open-database.ts'
import { makeChance } from '../e2e/chance.ts'

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    file: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
})
const total = Number(values.calls)
const days = 30
const firstMs = Date.UTC(2026, 9, 1)
const stepMs = (days * 86_400_000) / total
const callsPerCommit = 50_000

const chance = makeChance(Number(values.seed))
const oneOf = (name: string, count: number): string => `${name}_${Math.floor(chance() * count)}`

/** 200 keys of 40 accounts, 12 models at 4 providers, one call in 50 refused or failed, tags, conversations of about 10 calls. */
const callAt = (number: number) => {
  const key = Math.floor(chance() * chance() * 200)
  const model = Math.floor(chance() * chance() * 12)
  const provider = `provider_${model % 4}`
  const isBad = chance() < 0.02
  const input = Math.floor(chance() * 4000)
  return sampleCall(`call_${String(number).padStart(26, '0')}`, {
    timeMs: Math.floor(firstMs + number * stepMs),
    organisation: `org_${key % 40}`,
    project: `prj_${key % 40}`,
    account: `acc_${key % 40}`,
    key: `key_${key}`,
    model: `model_${model}`,
    provider: isBad ? null : provider,
    upstreamModel: isBad ? null : `upstream_${model}`,
    status: isBad ? 503 : 200,
    error: isBad ? 'upstream_overloaded' : null,
    end: isBad ? 'refused' : 'complete',
    attempts: [
      {
        provider,
        model: `upstream_${model}`,
        status: isBad ? 503 : 200,
        error: isBad ? 'upstream_overloaded' : null,
        startMs: 1,
        headersMs: 300,
        firstPartMs: isBad ? null : 320,
        endMs: 2000,
        upstreamRequestId: `req_${number}`,
        usage: null,
        costNanoUsd: isBad ? null : BigInt(input) * 600n,
        reason: 'weighted',
        left: null,
        breaker: null,
        credential: null,
        shims: [],
      },
    ],
    usage: isBad ? null : usageOf({ input, cachedInput: Math.floor(input / 2), output: Math.floor(chance() * 800) }),
    costNanoUsd: isBad ? 0n : BigInt(input) * 1000n,
    priceHash: '0123456789abcdef0123456789abcdef',
    ttftMs: 320,
    durationMs: 2000,
    tags: chance() < 0.5 ? { team: oneOf('team', 20), stage: 'live' } : {},
    conversation: oneOf('conversation', Math.max(1, Math.floor(total / 10))),
    callSite: oneOf('site', 50),
  })
}

const fill = async (file: string): Promise<number> => {
  const settings = { file, durability: 'process', nowMs: 0, busyTimeoutMs: 0 } as const
  const { database } = await openDatabase(settings)
  const startedMs = performance.now()
  const present = Number(database.prepare('select count(*) as count from call').get()?.['count'])
  const columns = Object.keys(callValues(callAt(0)))
  const places = columns.map(() => '?').join(', ')
  const insert = database.prepare(
    `insert into call (${columns.map((one) => `"${one}"`).join(', ')}) values (${places})`,
  )
  for (let number = present; number < total; number += callsPerCommit) {
    database.exec('begin')
    for (let one = number; one < Math.min(total, number + callsPerCommit); one += 1)
      insert.run(...(Object.values(callValues(callAt(one))) as (string | number | bigint | null)[]))
    database.exec('commit')
    process.stderr.write(`\r${Math.min(total, number + callsPerCommit)} calls`)
  }
  database.close()
  process.stderr.write('\n')
  return (performance.now() - startedMs) / 1000
}

const folder = mkdtempSync(join(tmpdir(), 'drover-many-'))
const file = values.file ?? join(folder, 'drover.db')
const filledSeconds = await fill(file)
const clock = systemClock()
const open = {
  url: `sqlite:${file}`,
  durability: 'process',
  workerUrl: sqliteWorkerUrl,
  clock,
  log: silentLog,
} as const
const store = await openSqliteStore(open)

const rounded = (ms: number): number => Math.round(ms * 10) / 10

/** The slowest of three. */
const timed = async <T>(run: () => Promise<T>): Promise<{ readonly ms: number; readonly result: T }> => {
  let slowestMs = 0
  for (let time = 0; ; time += 1) {
    const beganMs = performance.now()
    const result = await run()
    slowestMs = Math.max(slowestMs, performance.now() - beganMs)
    if (time === 2) return { ms: rounded(slowestMs), result }
  }
}

const noFilter = {
  account: null,
  project: null,
  member: null,
  key: null,
  model: null,
  provider: null,
  upstream_model: null,
  tag: null,
}
const asking = (changes: Partial<UsageQuestion>): UsageQuestion => ({
  fromMs: firstMs,
  toMs: firstMs + days * 86_400_000,
  grain: 'day',
  byTime: false,
  by: [],
  tagName: null,
  filter: noFilter,
  test: false,
  limit: 1000,
  after: null,
  ...changes,
})

try {
  const rollStartedMs = performance.now()
  let slowestStepMs = 0
  for (;;) {
    const beganMs = performance.now()
    const left = await store.rollForward()
    slowestStepMs = Math.max(slowestStepMs, performance.now() - beganMs)
    if (left === 0) break
  }
  const rolledSeconds = (performance.now() - rollStartedMs) / 1000

  const middle = firstMs + (days / 2) * 86_400_000
  const logs: Readonly<Record<string, Partial<CallFilter>>> = {
    newest: { limit: 100 },
    key: { limit: 100, key: 'key_150' },
    'account and model': { limit: 100, account: 'acc_7', model: 'model_3' },
    'error of an hour': { limit: 100, error: 'upstream_overloaded', fromMs: middle, toMs: middle + 3_600_000 },
    conversation: { limit: 100, conversation: 'conversation_5' },
    tag: { limit: 100, tag: 'team=team_3', status: [503, 503] },
    'nothing matches': { limit: 100, provider: 'provider_9' },
    'an old page': { limit: 100, beforeId: `call_${String(Math.floor(total / 2)).padStart(26, '0')}` },
  }
  const pages: Record<string, { readonly ms: number; readonly rows: number }> = {}
  for (const [name, filter] of Object.entries(logs)) {
    const { ms, result } = await timed(() => store.calls(sampleFilter(filter)))
    pages[name] = { ms, rows: result.calls.length }
  }
  const usages: Readonly<Record<string, Partial<UsageQuestion>>> = {
    total: {},
    'model by day': { by: ['model'], byTime: true },
    'account, provider': { by: ['account', 'provider'] },
    'key by day, first page': { by: ['key'], byTime: true },
    'one account by hour': { grain: 'hour', by: ['model'], byTime: true, filter: { ...noFilter, account: 'acc_7' } },
    'all by hour, first page': { grain: 'hour', by: ['model'], byTime: true },
    'tag team by model': { by: ['tag', 'model'], tagName: 'team' },
  }
  const figures: Record<string, { readonly ms: number; readonly rows: number }> = {}
  for (const [name, question] of Object.entries(usages)) {
    const { ms, result } = await timed(() => store.usage(asking(question)))
    assert.equal(result.pending, 0)
    figures[name] = { ms, rows: result.groups.length }
  }
  const [all] = (await store.usage(asking({}))).groups
  assert.equal(all?.tally.calls, total)
  const report = {
    calls: total,
    file_mib: Math.round(statSync(file).size / 1024 / 1024),
    filled_seconds: rounded(filledSeconds),
    rolled_seconds: rounded(rolledSeconds),
    rolled_microseconds_a_call: rounded((rolledSeconds * 1e6) / total),
    slowest_step_ms: rounded(slowestStepMs),
    pages_ms: pages,
    usage_ms: figures,
  }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
} finally {
  await store.close()
  rmSync(folder, { recursive: true })
}
