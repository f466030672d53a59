/** What goes wrong beside the evidence of a migration keeps nobody from looking at it; what is measured anew at the start is what the tests go by. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { compile } from '#migration/compiled.ts'
import { draftState, stateAfter } from '#migration/itinerary.ts'
import type { MigrationRow, MigrationStore } from '#migration/port.ts'
import { sampleTurn } from '#migration/test-turn.ts'
import { makeTraffic } from '#migration/traffic.ts'
import { driveMigrations } from './drive-migrations.ts'
import { makeRefresh } from './hear-migrations.ts'

const fileOf = (split: string, metric: string): string =>
  `migration: move
match: { models: [m] }
split: ${split}
baseline: { route: alpha/m }
candidate: { route: beta/n }
analysis: { interval: 1s, metrics: [{ name: ${metric}, relative: { max_ratio: 1.5 } }] }
`

const rowOf = (id: string, file: string): MigrationRow => {
  const { itinerary } = compile({ file, facts: { p99Ms: {} } })
  const state = stateAfter(draftState, { kind: 'start', startStep: 0 }, { itinerary, nowMs: 0 })
  const facts = { p99Ms: {} }
  return { id, name: id, file, digest: '', salt: '', createdMs: 0, facts, state, version: 1, checkedMs: 0 }
}

const storeOf = (rows: () => readonly MigrationRow[], changes: Partial<MigrationStore>): MigrationStore =>
  ({
    migrationMarks: async () => rows().map(({ id, version, checkedMs }) => ({ id, version, checkedMs })),
    migrations: async () => rows(),
    evidence: async () => [],
    keepPoint: async () => {},
    ...changes,
  }) as MigrationStore

test('where pins, reports and feedback fail every time the evidence is looked at all the same, of each migration', async () => {
  const fails = async (): Promise<never> => {
    throw new Problem('internal_error', { message: 'a row that cannot be read' })
  }
  const clock = handClock(0)
  const warned: unknown[] = []
  const looked: string[] = []
  const rows = [
    rowOf('pinned', fileOf('relay', 'feedback-bad-share')),
    rowOf('reported', fileOf('client', 'feedback-bad-share')),
  ]
  const both = Promise.withResolvers<void>()
  const checkMigration = async (id: string): Promise<void> => {
    if (looked.push(id) === rows.length) both.resolve()
  }
  const driver = driveMigrations({
    store: storeOf(() => rows, { pins: fails, countReports: fails, countFeedback: fails, checkMigration }),
    traffic: makeTraffic(clock.monotonicMs),
    source: 'node_1',
    leads: () => true,
    preflight: fails,
    plan: fails,
    askRecipient: fails,
    emit: () => {},
    clock,
    log: { ...silentLog, warn: (_message, fields) => void warned.push(fields?.['part']) },
  })
  clock.advance(0)
  await both.promise
  await driver.close()
  assert.deepEqual(looked, ['pinned', 'reported'])
  assert.deepEqual(warned, [
    'telling where conversations are',
    'counting feedback of pinned',
    'counting reports of reported',
    'counting feedback of reported',
  ])
})

test('tests go by the facts of the row as it is now: a start at a date measures them anew', async () => {
  const clock = handClock(0)
  const planned = rowOf('mig_1', fileOf('relay', 'ttft-p99'))
  let row = planned
  const store = storeOf(() => [row], {})
  const refresh = makeRefresh({ store, traffic: makeTraffic(clock.monotonicMs), clock, log: silentLog })
  const above = async () => (await refresh())[0]?.compiled.judge.columns
  const before = await above()
  assert.equal(await above(), before, 'read once')
  row = { ...planned, version: 2, facts: { p99Ms: { 'ttft-p99': 321 } } }
  assert.deepEqual(await above(), compile(row).judge.columns)
  assert.notDeepEqual(await above(), before)
})

test('what nobody has changed or looked at is the same value at each round: nothing is compiled or put together for it', async () => {
  const clock = handClock(0)
  const rows = [rowOf('one', fileOf('relay', 'ttft-p99')), rowOf('other', fileOf('relay', 'ttft-p99'))] as const
  let read: readonly MigrationRow[] = rows
  const traffic = makeTraffic(clock.monotonicMs)
  const refresh = makeRefresh({ store: storeOf(() => read, {}), traffic, clock, log: silentLog })
  const moves = () => traffic.standings().map(({ move }) => move)
  const before = await refresh()
  const [one, other] = moves()
  assert.equal(await refresh(), before)
  assert.deepEqual([moves()[0] === one, moves()[1] === other], [true, true])
  // Looked at: the mark of one is another.
  read = [{ ...rows[0], checkedMs: 40_000 }, rows[1]]
  clock.advance(40_000)
  const after = await refresh()
  assert.equal(after[1], before[1])
  assert.equal(after[0]?.row.checkedMs, 40_000)
  assert.equal(after[0]?.compiled, before[0]?.compiled)
  assert.deepEqual(
    moves().map(({ isWatched }) => isWatched),
    [true, false],
    'the other has not been looked at for too long',
  )
})

test('a node that ends tells all that it has seen, also what waits behind a call that goes on', async () => {
  const clock = handClock(100_000)
  const told: string[] = []
  const traffic = makeTraffic(clock.monotonicMs)
  const row = { ...rowOf('one', fileOf('relay', 'ttft-p99')), checkedMs: 100_000 }
  const driver = driveMigrations({
    store: storeOf(() => [row], {
      addEvidence: async ({ turns }) => told.push(...turns.map(({ turn }) => turn.id)) > 0,
      checkMigration: async () => {},
      pins: async () => [],
      keepPins: async () => {},
    }),
    traffic,
    source: 'node_1',
    leads: () => false,
    preflight: () => Promise.reject(new Error('nothing begins')),
    plan: () => Promise.reject(new Error('nothing begins')),
    askRecipient: () => Promise.reject(new Error('nobody is asked')),
    emit: () => {},
    clock,
    log: silentLog,
  })
  await driver.refresh()
  const facts = { models: ['m'], callSite: null, keyNames: ['k'], project: null, unit: null, headers: {} }
  const move = traffic.moveFor({ ...facts, call: 'long' })
  assert.ok(move)
  for (const [at, call] of ['before', 'long', 'short'].entries())
    traffic.began(call, traffic.assign(move, { ...facts, call }, 99_990 + at), 99_990 + at)
  for (const [id, startMs] of [
    ['before', 99_990],
    ['short', 99_992],
  ] as const)
    traffic.ended(id, sampleTurn({ id, startMs }))
  await driver.close()
  assert.deepEqual(told, ['before', 'short'])
})
