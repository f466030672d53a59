/** What is set for a date: begun once its preflight has passed, given up where it has not, tried again where it could not be made. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { asSaid } from '#base/sentence.ts'
import { compile } from '#migration/compiled.ts'
import { draftState, stateAfter } from '#migration/itinerary.ts'
import type { Decision, MigrationRow } from '#migration/port.ts'
import type { Preflight } from '#migration/preflight.ts'
import { makeBeginner } from './begin-migrations.ts'

const file = 'migration: move\nmatch: { models: [m] }\nbaseline: { route: alpha/m }\ncandidate: { route: beta/n }\n'

type Look = {
  readonly withoutPreflight?: string
  /** What stands against it, look by look. */
  readonly refusals?: readonly (readonly string[])[]
}

const measured = { p99Ms: { 'ttft-p99': 321 }, busiest: { requestsPerMinute: 7, tokensPerMinute: 70 } }

const opened = (preflight: () => Promise<Preflight>, { withoutPreflight, refusals = [] }: Look = {}) => {
  const compiled = compile({ file, facts: { p99Ms: {} } })
  const { itinerary } = compiled
  const change = { kind: 'schedule', startStep: 1, atMs: 5_000, withoutPreflight: withoutPreflight ?? null } as const
  const state = stateAfter(draftState, change, { itinerary, nowMs: 0 })
  const row: MigrationRow = {
    id: 'mig_1',
    name: 'move',
    file,
    digest: '',
    salt: '',
    createdMs: 0,
    facts: { p99Ms: {} },
    state,
    version: 1,
    checkedMs: 0,
  }
  const clock = handClock(0)
  const decisions: Decision[] = []
  const events: string[] = []
  let looked = 0
  let planned = 0
  const needs: unknown[] = []
  const beginner = makeBeginner({
    store: { decideMigration: async ({ decision }) => decisions.push(decision) > 0 },
    plan: async () => {
      planned += 1
      return { facts: measured, refusals: (refusals[planned - 1] ?? []).map(asSaid) }
    },
    preflight: ({ need }) => {
      looked += 1
      needs.push(need)
      return preflight()
    },
    stop: () => {},
    emit: ({ name }) => void events.push(name),
    clock,
    log: silentLog,
  })
  const at = async (timeMs: number): Promise<void> => {
    clock.advance(timeMs - clock.nowMs())
    beginner.beginDue([{ row, compiled }])
    beginner.beginDue([{ row, compiled }])
    await beginner.settled()
  }
  return { at, decisions, events, needs, looked: () => looked }
}

const found = (outcome: 'passed' | 'failed'): Preflight => ({
  atMs: 0,
  checks: [{ check: 'answers', arm: 'candidate', outcome, says: 'it is away.', mend: 'Wait.', tookMs: 1 }],
  nanoUsd: '0',
})

test('nothing happens before its date; then it is looked at once, and begun', async () => {
  const { at, decisions, looked } = opened(async () => found('passed'))
  await at(4_999)
  assert.deepEqual([decisions.length, looked()], [0, 0])
  await at(5_000)
  assert.deepEqual([decisions[0]?.change, looked()], [{ kind: 'start', startStep: 1 }, 1])
  assert.equal(decisions[0]?.preflight?.checks.length, 1, 'what was found is kept')
})

test('it begins on the baseline of that day, and not where the plan refuses it by then: before the preflight, or after it', async () => {
  const { at, decisions, needs } = opened(async () => found('passed'))
  await at(5_000)
  assert.deepEqual([decisions[0]?.facts, needs], [measured, [measured.busiest]])
  for (const refusals of [[['taken already']], [[], ['taken already']]]) {
    const late = opened(async () => found('passed'), { refusals })
    await late.at(5_000)
    assert.deepEqual([late.decisions[0]?.change.kind, late.decisions[0]?.facts], ['abort', undefined])
    assert.match(late.decisions[0]?.why ?? '', /the plan refuses it: taken already/)
    assert.equal(late.looked(), refusals.length - 1)
  }
})

test('a preflight that fails gives it up, with what failed', async () => {
  const { at, decisions, events } = opened(async () => found('failed'))
  await at(6_000)
  assert.deepEqual([decisions[0]?.change.kind, decisions[0]?.after.phase, events], ['abort', 'aborted', ['rollback']])
  assert.match(decisions[0]?.why ?? '', /answers of the candidate: it is away. Wait./)
})

test('one that may start without is not looked at; one that could not be looked at is tried again a minute later', async () => {
  const without = opened(async () => found('failed'), { withoutPreflight: 'a rehearsal' })
  await without.at(6_000)
  assert.deepEqual([without.decisions[0]?.change.kind, without.looked()], ['start', 0])
  const broken = opened(() => Promise.reject(new Error('the server ends')))
  await broken.at(6_000)
  await broken.at(30_000)
  assert.deepEqual([broken.decisions.length, broken.looked()], [0, 1])
  await broken.at(66_001)
  assert.equal(broken.looked(), 2)
})
