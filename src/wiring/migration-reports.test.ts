/** What callers report of a migration whose traffic they split themselves, and what people say of answers: where it is counted. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleRecord } from '#base/sample-record.ts'
import { asSaid } from '#base/sentence.ts'
import { compile, fileDigest } from '#migration/compiled.ts'
import { decisionFor } from '#migration/conduct.ts'
import { draftState } from '#migration/itinerary.ts'
import { conversationNamed } from '#relay/conversation.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

const fileOf = (name: string, more = ''): string => `migration: ${name}
match: { models: [m], keys: [key_named] }
split: client
baseline: { route: alpha/m }
candidate: { route: beta/n }
steps:
  - { set_weight: 5, pause: { duration: 1h } }
  - { set_weight: 10, pause: { duration: 1h } }
  - { set_weight: 100, bake: { duration: 1h } }
analysis: { metrics: [{ name: error-rate, threshold_range: { max: 0.01 } }${more}] }
`

const begin = async ({ store, clock }: Desk, file: string) => {
  const facts = { p99Ms: {} }
  const compiled = compile({ file, facts })
  const name = compiled.file.migration
  const nowMs = clock.nowMs()
  const id = `mig_${name}`
  const base = { id, name, file, digest: fileDigest(file), salt: 's', createdMs: nowMs, facts }
  const row = { ...base, state: draftState, version: 0, checkedMs: nowMs }
  const change = { kind: 'start', startStep: 0 } as const
  const decision = decisionFor({ row, compiled, change, why: asSaid('a test'), actor: 'local', evidence: [], nowMs })
  await store.createMigration({ ...row, version: 1, state: decision.after }, { decision, trail: null })
  const { columns } = compiled.judge
  const of = { migration: id, columns, limit: 100 }
  return {
    count: async () => {
      await store.countReports({ ...of, beganBeforeMs: clock.nowMs() })
      await store.countFeedback({ ...of, asideBeforeMs: 0 })
    },
    cells: async () =>
      (await store.evidence(id, 1)).map(({ step, arm, units, seen, hits }) => ({ step, arm, units, seen, hits })),
  }
}

const caller = (name: string) => ({ name, scopes: ['write'], isCaller: true }) as const

test('a report counts in the step whose percentage it names, before and after a promote; what names none and spans it counts against limits alone', async (context) => {
  const desk = await openDesk(context)
  const { count, cells } = await begin(desk, fileOf('onto'))
  const startMs = desk.clock.nowMs()
  desk.clock.advance(30_000)
  await desk.run('migrate promote', { name: 'onto' })
  desk.clock.advance(30_000)
  const told = (id: string, afterMs: number, more: object = {}) => ({
    id,
    unit: id,
    arm: 'baseline',
    start_ms: startMs + afterMs,
    duration_ms: 10,
    outcome: 'ok',
    ...more,
  })
  const observations = [
    told('early', 1_000, { percent: 5 }),
    told('late', 40_000, { percent: 5 }),
    told('followed', 40_000, { percent: 10 }),
    told('odd', 40_000, { percent: 7 }),
    told('silent-before', 1_000),
    told('silent-after', 40_000),
    told('silent-over', 29_995),
  ]
  await assert.rejects(desk.with(caller('key:key_other'), 'migrate observe', { name: 'onto', observations }), {
    code: 'permission_denied',
  })
  const answer = await desk.with(caller('key:key_named'), 'migrate observe', { name: 'onto', observations })
  assert.deepEqual(answer, { accepted: 7, state: 'ramping', weight: 10, epoch: 1, aside: 2 })
  await count()
  assert.deepEqual(
    (await cells()).map(({ step, units }) => [step, units]),
    [
      [-2, 1],
      [-3, 1],
      [0, 3],
      [1, 2],
    ],
  )
  const status = await desk.run('migrate status', { name: 'onto' })
  assert.deepEqual(status['aside'], [
    { reason: 'other_percent', conversations: 1, turns: 1 },
    { reason: 'step_changed', conversations: 1, turns: 1 },
  ])
  assert.equal(status['feedback'], null)
  await assert.rejects(desk.run('migrate feedback', { name: 'onto', feedback: [{ call: 'early', bad: true }] }), {
    code: 'conflict',
  })
})

test('what people say counts for the arm that answered, once, by the observation or by the conversation', async (context) => {
  const desk = await openDesk(context)
  const { count, cells } = await begin(
    desk,
    fileOf('said', ', { name: feedback-bad-share, relative: { max_ratio: 1.5 } }'),
  )
  const observations = ['one', 'two'].map((id) => ({
    id,
    unit: `unit of ${id}`,
    arm: id === 'one' ? 'candidate' : 'baseline',
    percent: 5,
    start_ms: desk.clock.nowMs(),
    duration_ms: 10,
    outcome: 'ok',
  }))
  await desk.run('migrate observe', { name: 'said', observations })
  const say = (...feedback: readonly object[]) =>
    desk.with(caller('key:key_named'), 'migrate feedback', { name: 'said', feedback })
  assert.deepEqual(await say({ call: 'one', bad: true }, { conversation: 'unit of two', bad: false }), {
    accepted: 2,
    unknown: 0,
    state: 'ramping',
  })
  assert.equal((await say({ call: 'one', bad: false }))['accepted'], 0)
  await assert.rejects(say({ call: 'one', conversation: 'x', bad: true }), { code: 'invalid_request_error' })
  await assert.rejects(say({ call: 'unit:x', bad: true }), { code: 'invalid_request_error' })
  await count()
  assert.deepEqual(
    (await cells()).map(({ arm, units, seen, hits }) => [arm, units, seen, hits]),
    [
      ['baseline', 1, [1, 1], [0, 0]],
      ['candidate', 1, [1, 1], [0, 1]],
    ],
  )
  const status = await desk.run('migrate status', { name: 'said' })
  assert.deepEqual(status['feedback'], { waiting: 0, counted: 2, aside: 0 })
})

test('a key speaks of calls of its own account alone, an admin key of whose it says; a conversation is found behind calls of no migration', async (context) => {
  const desk = await openDesk(context)
  const { id: own } = await desk.run('keys create', { name: 'one', account: 'acme' })
  const key = String(own)
  const account = (await desk.store.key(key))?.account ?? assert.fail('the key has an account')
  const asking = fileOf('mine', ', { name: feedback-bad-share, relative: { max_ratio: 1.5 } }')
  await begin(desk, asking.replace('split: client', 'split: relay').replace('key_named', key))
  const chat = { migration: 'mine', timeMs: desk.clock.nowMs(), conversation: conversationNamed('chat') }
  await desk.store.append(sampleRecord({ ...chat, id: 'call_mine', key, account }))
  await desk.store.append(sampleRecord({ ...chat, id: 'call_mates', key: 'key_2', account, conversation: null }))
  await desk.store.append(sampleRecord({ ...chat, id: 'call_later', key, account, migration: null }))
  await desk.store.append(sampleRecord({ ...chat, id: 'call_theirs', key: 'key_3', account: 'acc_3' }))
  const say = (actor: Parameters<Desk['with']>[0], feedback: readonly object[], more: object = {}) =>
    desk.with(actor, 'migrate feedback', {
      name: 'mine',
      feedback: feedback.map((one) => ({ bad: true, ...one })),
      ...more,
    })
  const mine = caller(`key:${key}`)
  assert.deepEqual(await say(mine, [{ call: 'call_theirs' }, { call: 'call_none' }, { call: 'call_mates' }]), {
    accepted: 1,
    unknown: 2,
    state: 'ramping',
  })
  await assert.rejects(say(mine, [{ call: 'call_mine' }], { account: 'acme' }), { code: 'permission_denied' })
  const admin = { name: 'local', scopes: ['write'] } as const
  assert.equal((await say(admin, [{ conversation: 'chat' }], { account: 'acme' }))['accepted'], 1, 'call_mine')
  assert.equal((await say(mine, [{ conversation: 'chat' }]))['accepted'], 0, 'the same call')
  assert.equal((await say(admin, [{ call: 'call_theirs' }], { account: 'acme' }))['unknown'], 1)
  assert.equal((await say(admin, [{ call: 'call_theirs' }]))['accepted'], 1)
})

test('of two who promote at once one is refused, and so is who means a step that is over: no step is left out', async (context) => {
  const desk = await openDesk(context)
  await begin(desk, fileOf('twice'))
  const both = await Promise.allSettled([1, 2].map(() => desk.run('migrate promote', { name: 'twice' })))
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const status = await desk.run('migrate status', { name: 'twice' })
  assert.deepEqual([status['weight'], status['step']], [10, 1])
  await assert.rejects(desk.run('migrate promote', { name: 'twice', from_weight: 5 }), { code: 'conflict' })
  const after = await desk.run('migrate promote', { name: 'twice', from_weight: 10 })
  assert.deepEqual([after['weight'], after['step']], [100, 2])
})
