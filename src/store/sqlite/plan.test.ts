/** The plans of everything that reads the log or its figures: none of them goes through a whole table. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallFilter } from '#admin/port.ts'
import type { Asked } from '#base/mailbox.ts'
import type { UsageDimension, UsageQuestion } from '#report/port.ts'
import { everyUsage } from '#report/port.ts'
import { makeOperations } from '#store/operations/index.ts'
import { callRow } from '#store/row/call-row.ts'
import { fullCall, sampleCall, sampleFilter } from '#store/sample-rows.ts'
import { runBatch } from './batch.ts'
import { openDatabase } from './open-database.ts'

/** Statements that the store has run, each once. */
const openWatched = async () => {
  const settings = { file: ':memory:', durability: 'process', nowMs: 0, busyTimeoutMs: 0 } as const
  const ground = { ...(await openDatabase(settings)), operations: makeOperations() }
  const { database } = ground
  const texts = new Set<string>()
  const prepare = database.prepare.bind(database)
  database.prepare = (text) => {
    texts.add(text)
    return prepare(text)
  }
  const run = async (...asked: readonly [Asked['name'], unknown][]): Promise<void> => {
    const { answers } = await runBatch(
      ground,
      asked.map(([name, input], number) => ({ number, name, input })),
    )
    assert.deepEqual(
      answers.filter(({ ok }) => !ok),
      [],
    )
  }
  const plans = (): readonly { readonly text: string; readonly detail: string }[] =>
    [...texts]
      .filter((text) => /^(select|insert|update|with)/i.test(text))
      .flatMap((text) =>
        prepare(`explain query plan ${text}`)
          .all()
          .map((row) => ({ text, detail: String(row['detail']) })),
      )
  return { database, run, plans }
}

const filters: readonly Partial<CallFilter>[] = [
  {},
  { key: 'key_1' },
  { account: 'acc_default', model: 'm' },
  { provider: 'moonshot', status: [500, 599] },
  { error: 'upstream_overloaded', tag: 'team=search' },
  { status: [500, 599], tag: 'team=search', key: 'key_1' },
  { conversation: 'c', callSite: 's', end: 'cut' },
  { fromMs: 1, toMs: 1_795_366_251_101 },
  { fromMs: 1, key: 'key_1', beforeId: 'call_90' },
  { afterId: 'call_1' },
  { afterId: 'call_1', provider: 'moonshot', tag: 'team=search' },
]

const dimensions: readonly (readonly UsageDimension[])[] = [
  [],
  ['model'],
  ['account', 'key'],
  ['project', 'member'],
  ['provider', 'upstream_model'],
]

const questions: readonly UsageQuestion[] = dimensions.flatMap((by) =>
  (['hour', 'day'] as const).flatMap((grain) =>
    [null, 'acc_default'].map((account) => ({
      fromMs: 0,
      toMs: 2_000_000_000_000,
      grain,
      byTime: true,
      by,
      tagName: null,
      filter: { ...everyUsage, account },
      test: false,
      limit: 10,
      after: by.length === 0 ? null : [1, ...by.map(() => '')],
    })),
  ),
)

test('no page of the log and no figure of usage is read by going through the calls, or through any table', async () => {
  const { database, run, plans } = await openWatched()
  for (let number = 0; number < 300; number += 1)
    await run(['append', callRow(number % 2 === 0 ? fullCall(`call_${number}`) : sampleCall(`call_${number}`))])
  const pages = filters.map((filter) => ['callStretch', { filter: sampleFilter(filter), from: null }] as const)
  await run(...pages.map(([name, input]): [Asked['name'], unknown] => [name, input]))
  await run(['pendingCalls', null], ['rollForward', null], ['rollForward', null])
  await run(...pages.map(([name, input]): [Asked['name'], unknown] => [name, input]))
  await run(...questions.map((input): [Asked['name'], unknown] => ['usagePage', input]))
  await run(...questions.map((input): [Asked['name'], unknown] => ['usageStart', input]))
  await run(['usagePage', { ...questions[0], by: ['tag'], tagName: 'team' }])
  const ragged = { byTime: false, grain: 'hour' as const, fromMs: 3_600_000, after: null }
  await run(...questions.map((input): [Asked['name'], unknown] => ['usagePage', { ...input, ...ragged }]))
  await run(['callFrom', 5n], ['call', 'call_1'], ['receipt', 'call_1'])
  await run(['volumesSince', 0])
  await run(['bookPage', { account: 'acc_default', limit: 10, before: null }])
  await run(['lots', { account: 'acc_default', limit: 10, after: null, open: false }])
  const all = plans()
  assert.ok(all.length > 40)
  const usedBy = (table: string) => all.filter(({ text }) => new RegExp(`\\b${table}\\b`).test(text)).length
  for (const table of [
    'call',
    'call_block',
    'call_hour',
    'usage_rollup',
    'usage_tag',
    'day_volume',
    'book_transaction',
  ])
    assert.ok(usedBy(table) > 0, table)
  // A row of constants, one single row, and the result of a search itself may be gone through.
  const scans = all.filter(
    ({ detail }) =>
      detail.startsWith('SCAN') && !/^SCAN (CONSTANT ROW|usage_head|pieces$|\d+-ROW VALUES CLAUSE)/.test(detail),
  )
  assert.deepEqual(scans, [])
  // A plan that is made anew at each run takes longer than the run.
  const limited = all.filter(({ text }) => text.includes('limit ?'))
  assert.ok(limited.length > 10)
  assert.deepEqual(
    limited.filter(({ text }) => !text.includes('limit ? + 0')),
    [],
  )
  database.close()
})
