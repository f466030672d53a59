/** Migrations on the path of a call: the arm, the way back to the baseline, and what is told of it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleAttempt } from '#base/sample-record.ts'
import type { Observation } from '#migration/observation.ts'
import { sampleMove } from '#migration/test-move.ts'
import type { Move, Traffic } from '#migration/traffic.ts'
import { makeTraffic } from '#migration/traffic.ts'
import { firstFailed } from './move.ts'
import { openStage, sampleModel, samplePrice, sampleRoute } from './test-stage.ts'
import { completion, done, says, stops } from './test-upstream.ts'

const models = [
  sampleModel([{}, { provider: 'beta' }], { route: { ...sampleRoute, strategy: 'weighted', sticky: 'conversation' } }),
]

const moved = (changes: Partial<Move> = {}, served = models) => {
  const traffic = makeTraffic(() => 0)
  const configure = (more: Partial<Move> = {}): void =>
    traffic.configure([sampleMove({ weightBasisPoints: 9_999, ...changes, ...more })], 0)
  configure()
  const stage = openStage({ models: served, traffic })
  const told = (): readonly Observation[] => tellAll(traffic)
  return { stage, configure, told }
}

const tellAll = (traffic: Traffic): readonly Observation[] =>
  traffic.take(Number.MAX_SAFE_INTEGER, 100).flatMap(({ turns }) => turns.map(({ turn }) => turn))

test('a call of the candidate goes there first, and what came of it is told', async () => {
  const { stage, told } = moved()
  const caller = await stage.call({ headers: { 'x-session-id': 's' }, body: { stream: true } })
  const arrival = stage.arrival('beta')
  arrival.head(200, { 'content-type': 'text/event-stream' })
  await stage.advance(250)
  arrival.write(says('hello'), stops, done)
  arrival.end()
  await stage.settle()
  assert.deepEqual([stage.arrivals('alpha'), stage.arrivals('beta')], [0, 1])
  const record = caller.record()
  assert.deepEqual(
    [record.migration, record.arm, record.provider, record.attempts[0]?.reason],
    ['move', 'candidate', 'beta', 'migration'],
  )
  const [turn] = told()
  assert.deepEqual(
    [turn?.arm, turn?.outcome, turn?.ttftMs, turn?.stream, turn?.usageMissing],
    ['candidate', 'ok', 250, true, true],
  )
  assert.match(turn?.unit ?? '', /^[0-9a-f]{32}$/)
})

test('a call of the baseline never goes to the candidate, also where that is one of its targets', async () => {
  const { stage, told } = moved({ weightBasisPoints: 0, phase: 'paused' })
  await stage.call({ headers: { 'x-session-id': 's' } })
  stage.arrival('alpha').answer(500, { error: { message: 'It broke.' } })
  await stage.settle()
  assert.deepEqual([stage.arrivals('alpha'), stage.arrivals('beta')], [1, 0])
  assert.deepEqual(
    told().map(({ arm, outcome }) => [arm, outcome]),
    [['baseline', 'upstream_error']],
  )
})

test('where the candidate fails the baseline answers, and that counts as a failure of the candidate', async () => {
  const { stage, told } = moved()
  const caller = await stage.call()
  stage.arrival('beta').answer(503, { error: { message: 'Busy.' } })
  await stage.settle()
  stage.arrival('alpha').answer(200, completion('from the baseline'))
  await stage.settle()
  assert.equal(caller.status(), 200)
  assert.deepEqual(
    told().map(({ arm, outcome, tokens }) => [arm, outcome, tokens.output]),
    [['candidate', 'moved', 5]],
  )
})

test('a first attempt that fails counts alike in both arms, whoever answers then', async () => {
  const retried = [
    sampleModel([{}, { provider: 'beta' }], { route: { ...sampleRoute, strategy: 'fallback', retriesMax: 1 } }),
  ]
  const { stage, told } = moved({ weightBasisPoints: 0, phase: 'paused' }, retried)
  const caller = await stage.call()
  stage.arrival('alpha').answer(500, { error: { message: 'It broke.' } })
  await stage.settle()
  await stage.advance(2_000)
  stage.arrival('alpha', 1).answer(200, completion('the second time'))
  await stage.settle()
  assert.equal(caller.status(), 200)
  assert.deepEqual(
    told().map(({ arm, outcome }) => [arm, outcome]),
    [['baseline', 'moved']],
  )
})

test('on rollback a call without a first part is answered by the baseline; one that has begun is finished', async () => {
  const { stage, configure, told } = moved()
  const waiting = await stage.call({ headers: { 'x-session-id': 'one' }, body: { stream: true } })
  const flowing = await stage.call({ headers: { 'x-session-id': 'two' }, body: { stream: true } })
  stage.arrival('beta', 1).head(200, { 'content-type': 'text/event-stream' })
  stage.arrival('beta', 1).write(says('hel'))
  await stage.settle()
  configure({ weightBasisPoints: 0, phase: 'rolling_back' })
  await stage.settle()
  assert.ok(stage.arrival('beta', 0).left())
  assert.ok(!stage.arrival('beta', 1).left())
  stage.arrival('alpha').head(200, { 'content-type': 'text/event-stream' })
  stage.arrival('alpha').write(says('from the baseline'), stops, done)
  stage.arrival('alpha').end()
  stage.arrival('beta', 1).write(says('lo'), stops, done)
  stage.arrival('beta', 1).end()
  await stage.settle()
  assert.deepEqual([waiting.ending(), flowing.ending()], ['complete', 'complete'])
  assert.match(waiting.text(), /from the baseline/)
  assert.match(flowing.text(), /hel.*lo/s)
  assert.deepEqual(
    told().map(({ arm, outcome }) => [arm, outcome]),
    [['candidate', 'ok']],
    'what was taken back is no failure of the candidate',
  )
})

test('the baseline behind the candidate is asked whatever is thought of it: no caller loses by being moved', async () => {
  const { stage } = moved()
  stage.ports.routing.away.set('alpha', true)
  const caller = await stage.call()
  stage.arrival('beta').answer(500, { error: { message: 'It broke.' } })
  await stage.settle()
  stage.arrival('alpha').answer(200, completion('from the baseline'))
  await stage.settle()
  assert.equal(caller.status(), 200)
})

test('a call that was assigned just before a rollback and begins after it does not reach the candidate any more, and is no evidence', async () => {
  const traffic = makeTraffic(() => 0)
  const configure = (more: Partial<Move>): void => traffic.configure([sampleMove(more)], 0)
  configure({ weightBasisPoints: 9_999 })
  const late: Traffic = {
    ...traffic,
    began: (...begun) => {
      traffic.began(...begun)
      configure({ weightBasisPoints: 0, phase: 'rolling_back' })
    },
  }
  const stage = openStage({ models, traffic: late })
  const caller = await stage.call({ headers: { 'x-session-id': 's' } })
  stage.arrival('alpha').answer(200, completion('from the baseline'))
  await stage.settle()
  assert.deepEqual([caller.status(), caller.record().arm, stage.arrivals('beta')], [200, 'candidate', 0])
  assert.deepEqual(tellAll(traffic), [])
})

test('a caller who says where the call goes, and a model out of scope, are in no migration', async () => {
  const { stage, told } = moved()
  await stage.call({ body: { provider: { order: ['alpha'] } } })
  stage.arrival('alpha').answer(200, completion('hi'))
  await stage.settle()
  assert.equal(stage.arrivals('beta'), 0)
  assert.deepEqual(told(), [])
})

test('an attempt that only measured the question says nothing of an arm', () => {
  const measured = sampleAttempt({ reason: 'similarity', left: 'upstream_timeout: first_token', status: null })
  assert.equal(firstFailed({ attempts: [measured, sampleAttempt()], end: 'complete' }), false)
  assert.equal(
    firstFailed({ attempts: [sampleAttempt({ left: 'upstream_error: 500', status: 500 })], end: 'complete' }),
    true,
  )
})

test('what the candidate costs is what a model says of it that lists it as a target, and the catalog where none does', async () => {
  const listed = moved({}, [sampleModel([{}, { provider: 'beta', cost: samplePrice }])])
  await listed.stage.call()
  listed.stage.arrival('beta').answer(200, completion('hello'))
  await listed.stage.settle()
  assert.equal(listed.told()[0]?.costNanoUsd, 20_000n)
  const unlisted = moved()
  await unlisted.stage.call()
  unlisted.stage.arrival('beta').answer(200, completion('hello'))
  await unlisted.stage.settle()
  assert.equal(unlisted.told()[0]?.costNanoUsd, null)
})

test('a share of the conversations is out of scope altogether, and says nothing', async () => {
  const { stage, told } = moved({ match: { ...sampleMove().match, shareBasisPoints: 0 } }, [sampleModel()])
  await stage.call()
  stage.arrival('alpha').answer(200, completion('hello'))
  await stage.settle()
  assert.deepEqual(told(), [])
})

test('while calls are only copied the baseline answers them, and they are no evidence', async () => {
  const { stage, told } = moved({ phase: 'shadow', step: -1, weightBasisPoints: 0 })
  const caller = await stage.call()
  stage.arrival('alpha').answer(200, completion('hello'))
  await stage.settle()
  assert.equal(caller.record().arm, 'baseline')
  assert.deepEqual(told(), [])
})

test('conversations are told apart by what the file says', async () => {
  const { stage, told } = moved({ keyOrder: ['header:x-thread', 'api_key'] })
  for (const [index, thread] of ['one', 'two', undefined, undefined].entries()) {
    await stage.call({ headers: { 'x-session-id': `s${index}`, ...(thread !== undefined && { 'x-thread': thread }) } })
    stage.arrival('beta', index).answer(200, completion('hello'))
    await stage.settle()
  }
  assert.equal(new Set(told().map(({ unit }) => unit)).size, 3)
})

test('a tester who asks for an arm and gets none is told so', async () => {
  const warningsOf = async (changes: Partial<Move>, headers: Readonly<Record<string, string>>): Promise<string> => {
    const { stage } = moved(changes)
    const caller = await stage.call({ headers })
    stage.arrival(stage.arrivals('alpha') === 1 ? 'alpha' : 'beta').answer(200, completion('Hi'))
    await stage.settle()
    return caller.header('x-drover-warnings') ?? ''
  }
  const own = { testerHeader: 'X-Arm' }
  assert.equal(await warningsOf(own, { 'x-arm': 'Candidate' }), '')
  assert.match(await warningsOf(own, { 'x-arm': 'canary' }), /^x-arm:neither baseline nor candidate/)
  assert.match(await warningsOf(own, { 'x-drover-arm': 'candidate' }), /^x-drover-arm:no migration goes by it/)
  const over = await warningsOf({ phase: 'rolled_back' }, { 'x-drover-arm': 'baseline' })
  assert.match(over, /^x-drover-arm:no migration goes by it/)
})

test('an answer that ends of its own accord with nothing in it is a failure of its arm', async () => {
  const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }
  const cases: readonly (readonly [message: object, finish: string, outcome: string])[] = [
    [{ content: '' }, 'stop', 'empty'],
    [{ content: ' \n' }, 'stop', 'empty'],
    [{ content: null, reasoning_content: 'Hm.' }, 'stop', 'empty'],
    [{ content: 'Yes.' }, 'stop', 'ok'],
    [{ content: '', reasoning_content: 'Hm.' }, 'length', 'ok'],
    [{ content: '' }, 'content_filter', 'ok'],
    [{ content: null, refusal: 'No.' }, 'stop', 'ok'],
    [{ content: null, tool_calls: [call] }, 'tool_calls', 'ok'],
    [{ content: null, tool_calls: [call] }, 'stop', 'ok'],
  ]
  for (const [message, finish, outcome] of cases) {
    const { stage, told } = moved()
    await stage.call()
    const whole = completion('')
    const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }]
    stage.arrival('beta').answer(200, { ...whole, choices })
    await stage.settle()
    assert.deepEqual(
      told().map((turn) => turn.outcome),
      [outcome],
      JSON.stringify([message, finish]),
    )
  }
})

test('a stream that ends with nothing in it is a failure of its arm', async () => {
  const { stage, told } = moved()
  await stage.call({ body: { stream: true } })
  const arrival = stage.arrival('beta')
  arrival.head(200, { 'content-type': 'text/event-stream' })
  arrival.write(says(''), stops, done)
  arrival.end()
  await stage.settle()
  assert.deepEqual(
    told().map(({ outcome }) => outcome),
    ['empty'],
  )
})

test('an answer that names another model, or ends for a reason that nobody knows, deviates; a dated version of the model does not', async () => {
  const { stage, told } = moved()
  const answers = [
    { model: 'beta-1-lite', finish: 'because' },
    { model: 'beta-1-2026-04-01', finish: 'stop' },
  ]
  for (const [at, { model, finish }] of answers.entries()) {
    await stage.call()
    const whole = completion('hello')
    stage
      .arrival('beta', at)
      .answer(200, { ...whole, model, choices: whole.choices.map((one) => ({ ...one, finish_reason: finish })) })
    await stage.settle()
  }
  assert.deepEqual(
    told().map(({ outcome, otherModel, unknownFinish }) => [outcome, otherModel, unknownFinish]),
    [
      ['ok', 'beta-1-lite', 'because'],
      ['ok', null, null],
    ],
  )
})
