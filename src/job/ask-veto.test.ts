/** Somebody may have something against the next step: what an answer, a refusal and silence mean. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { asSaid } from '#base/sentence.ts'
import { testClock } from '#http/test-clock.ts'
import { compile } from '#migration/compiled.ts'
import type { Next } from '#migration/decide.ts'
import { draftState, stateAfter } from '#migration/itinerary.ts'
import type { Decision, MigrationRow } from '#migration/port.ts'
import { makeVeto } from './ask-veto.ts'

const promote: Next = { change: { kind: 'promote' }, why: asSaid('the gate is open') }

const opened = (answer: () => Promise<JsonObject>, unreachable = 'hold') => {
  const file = `migration: move
match: { models: [m] }
baseline: { route: alpha/m }
candidate: { route: beta/n }
veto: { recipient: change-board, unreachable: ${unreachable}, ask_again: 5m }
`
  const compiled = compile({ file, facts: { p99Ms: {} } })
  const { itinerary } = compiled
  const state = stateAfter(draftState, { kind: 'start', startStep: 1 }, { itinerary, nowMs: 0 })
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
  const decisions: Decision[] = []
  const asked: { readonly name: string; readonly body: string }[] = []
  const events: string[] = []
  const veto = makeVeto({
    store: { decideMigration: async ({ decision }) => decisions.push(decision) > 0 },
    emit: ({ name }) => void events.push(name),
    stop: () => {},
    askRecipient: (name, { body }) => {
      asked.push({ name, body })
      return answer()
    },
    clock: testClock(),
    log: silentLog,
  })
  return { veto, one: { row, compiled }, decisions, asked, events }
}

test('the step is made when it is allowed, and the question is put once', async () => {
  const { veto, one, asked, decisions } = opened(async () => ({ allow: true }))
  assert.deepEqual([veto.mayGo(one, promote), veto.mayGo(one, promote)], [false, false])
  await veto.settled()
  assert.equal(veto.mayGo(one, promote), true)
  assert.deepEqual(
    [asked.length, asked[0]?.name, JSON.parse(asked[0]?.body ?? '{}')],
    [
      1,
      'change-board',
      {
        type: 'migration.gate',
        migration: 'move',
        change: 'promote',
        step: 1,
        weight_percent: 5,
        next_weight_percent: 10,
        why: 'the gate is open',
      },
    ],
  )
  assert.deepEqual(decisions, [])
})

test('a veto holds the gate for as long as it says, is kept with its reason, and told', async () => {
  const { veto, one, decisions, events } = opened(async () => ({ allow: false, reason: 'freeze', retry_after: 60 }))
  veto.mayGo(one, promote)
  await veto.settled()
  const [kept] = decisions
  assert.deepEqual([kept?.change, kept?.actor], [{ kind: 'hold', forMs: 60_000 }, 'webhook:change-board'])
  assert.match(kept?.why ?? '', /has something against it: freeze$/)
  assert.deepEqual([kept?.after.step, kept?.after.weightBasisPoints, events], [1, 500, ['gate']])
})

test('who cannot be asked, or answers something else, holds the gate; or it goes on where the file says so', async () => {
  const silence = async (): Promise<never> => {
    throw new Problem('upstream_error', { message: 'no answer within 10000 ms' })
  }
  for (const answer of [silence, async () => ({ ok: 1 })]) {
    const { veto, one, decisions } = opened(answer)
    veto.mayGo(one, promote)
    await veto.settled()
    assert.deepEqual(decisions[0]?.change, { kind: 'hold', forMs: 300_000 })
    assert.match(decisions[0]?.why ?? '', /could not be asked/)
  }
  const { veto, one, decisions } = opened(silence, 'go_on')
  veto.mayGo(one, promote)
  await veto.settled()
  assert.deepEqual([decisions, veto.mayGo(one, promote)], [[], true])
})

test('what takes traffic back asks nobody', async () => {
  const { veto, one, asked } = opened(async () => ({ allow: false }))
  assert.ok(veto.mayGo(one, { change: { kind: 'rollback' }, why: asSaid('dead') }))
  assert.ok(veto.mayGo(one, { change: { kind: 'pause', reason: 'inconclusive' }, why: asSaid('') }))
  await veto.settled()
  assert.deepEqual(asked, [])
})
