/** Calls that are sent to the candidate as well: when, within what, what the caller sees of it, and what is found. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { testClock } from '#http/test-clock.ts'
import { dayOf } from '#migration/shadow-budget.ts'
import type { ShadowPlan } from '#migration/shadow-plan.ts'
import { sampleMove } from '#migration/test-move.ts'
import { makeTraffic } from '#migration/traffic.ts'
import type { Stage } from './test-stage.ts'
import { openStage, sampleModel, samplePrice } from './test-stage.ts'
import { completion, done, says, stops, uses } from './test-upstream.ts'

const models = [sampleModel([{ cost: samplePrice }, { provider: 'beta', cost: samplePrice }])]

const usualPlan: ShadowPlan = {
  shareBasisPoints: 10_000,
  repeatBasisPoints: 0,
  consent: 'all',
  provider: 'beta',
  model: 'beta-1',
  limits: { nanoUsdPerDay: 10_000_000_000n, tokensPerDay: 1_000_000, concurrencyMax: 2 },
}

const shadowing = (changes: Partial<ShadowPlan> = {}, isHeard = true, listed = models) => {
  const traffic = makeTraffic(() => 0)
  traffic.configure([sampleMove({ weightBasisPoints: 0, phase: 'paused', shadow: { ...usualPlan, ...changes } })], 0)
  const stage = openStage({ models: listed, traffic })
  let session = 0
  /** A call of a conversation of its own, answered by the baseline. */
  const ask = async (body: JsonObject = {}, said = 'Hello there, my good friend') => {
    session += 1
    const index = stage.arrivals('alpha')
    const caller = await stage.call({ headers: { 'x-session-id': `s${session}` }, body: { max_tokens: 100, ...body } })
    stage.arrival('alpha', index).answer(200, completion(said))
    await stage.settle()
    // What was not heard of yet is only known once a room is there.
    if (isHeard) hear(stage)
    await stage.settle()
    return caller
  }
  const log = () => stage.shadows.logs().get('mig_1') ?? assert.fail('nothing was looked at')
  return { stage, ask, log }
}
const today = dayOf(testClock().nowMs())
const hear = (stage: Stage): void => stage.shadows.heard({ migration: 'mig_1', day: today, nanoUsd: 0n, tokens: 0 })

test('the caller’s answer is over before the copy begins; the copy is the same question, and costs its account nothing', async () => {
  const { stage, ask, log } = shadowing()
  const caller = await stage.call({ headers: { 'x-session-id': 's' }, body: { max_tokens: 100 } })
  assert.equal(stage.arrivals('beta'), 0)
  stage.arrival('alpha').answer(200, completion('Hello there, my good friend'))
  await stage.settle()
  hear(stage)
  await stage.settle()
  assert.equal(caller.ending(), 'complete')
  assert.deepEqual(stage.arrival('beta').body(), { ...stage.arrival('alpha').body(), model: 'beta-1' })
  assert.equal(stage.arrival('beta').request.headers['authorization'], 'Bearer credential-of-beta')
  stage.arrival('beta').answer(200, completion('Hello there, my old friend'))
  await stage.settle()
  const { record } = caller
  assert.deepEqual([record().provider, record().attempts.length, stage.settled.length], ['alpha', 1, 1])
  const [entry] = stage.voided
  assert.deepEqual(
    [entry?.call, entry?.account, entry?.upstreamCosts],
    ['call_copy_1', record().account, [{ provider: 'beta', amountNanoUsd: 20_000n }]],
  )
  assert.match(entry?.rule ?? '', /^a copy for migration "move": nothing is charged$/)
  const { sums, nanoUsd, tokens, examples } = log()
  assert.deepEqual([sums.questions, nanoUsd, tokens, examples], [1, 20_000n, 15, []])
  await ask({}, 'No')
  assert.equal(stage.arrivals('beta'), 2)
})

test('what differs is found with the calls to look at; a conversation is copied once', async () => {
  const { stage, log } = shadowing()
  const again = async (): Promise<void> => {
    const index = stage.arrivals('alpha')
    await stage.call({ headers: { 'x-session-id': 'the same' }, body: { max_tokens: 100 } })
    stage.arrival('alpha', index).answer(200, completion('Hello there, my good friend'))
    await stage.settle()
    hear(stage)
    await stage.settle()
  }
  await again()
  stage.arrival('beta').answer(503, { error: { message: 'busy' } })
  await stage.settle()
  await again()
  assert.equal(stage.arrivals('beta'), 1)
  const [example] = log().examples
  assert.deepEqual([example?.call, example?.copy, example?.differs], ['call_1', 'call_copy_1', 'http_class'])
  assert.deepEqual([example?.baseline?.text, example?.candidate?.status], ['Xxxxx xxxxx, xx xxxx xxxxxx', 503])
  assert.deepEqual(stage.voided, [], 'what was refused cost nothing')
  assert.equal(stage.events.length, 0, 'nobody is told, and no breaker of callers’ calls knows')
})

test('the baseline answers some questions a second time, which is the noise floor', async () => {
  const { stage, ask, log } = shadowing({ repeatBasisPoints: 10_000 })
  await ask()
  stage.arrival('beta').answer(200, completion('Hello there, my good friend'))
  await stage.settle()
  stage.arrival('alpha', 1).answer(200, completion('Goodbye'))
  await stage.settle()
  const { repeated, repeatOnly, candidateOnly } = log().sums.by.similarity
  assert.deepEqual([repeated, repeatOnly, candidateOnly], [1, 1, 0])
  assert.deepEqual(log().nanoUsd, 40_000n)
})

test('a judge compares both orders, against the floor of how often the baseline loses to itself; within the caps, and only where its recipients agree', async () => {
  const judge = { provider: 'gamma', model: 'gamma-1', shareBasisPoints: 10_000, consent: 'all' as const }
  const plan = { repeatBasisPoints: 10_000, judge }
  const gamma = { provider: 'gamma', tier: 2, cost: samplePrice }
  const withJudge = [sampleModel([{ cost: samplePrice }, { provider: 'beta', cost: samplePrice }, gamma])]
  const { stage, ask, log } = shadowing(plan, true, withJudge)
  const verdicts = ['FIRST', 'SECOND', 'FIRST', 'FIRST']
  await ask()
  stage.arrival('beta').answer(200, completion('Worse words of the candidate'))
  await stage.settle()
  stage.arrival('alpha', 1).answer(200, completion('Other words of the baseline'))
  await stage.settle()
  for (const [index, verdict] of verdicts.entries()) {
    stage.arrival('gamma', index).answer(200, completion(`It is so. VERDICT: ${verdict}`))
    await stage.settle()
  }
  const shown = verdicts.map((_unused, index) => JSON.stringify(stage.arrival('gamma', index).body()))
  assert.ok(shown.every((text) => text.includes('Hello there, my good friend')))
  const places = shown.map((text) => text.indexOf('Hello there') < text.indexOf('words of the'))
  assert.deepEqual(places, [true, false, true, false])
  const { sums, nanoUsd, examples } = log()
  assert.deepEqual(sums.judged, { candidate: 0, baseline: 1, tie: 0, swapped: 0 })
  const { compared, differed, repeated, candidateOnly } = sums.by.judged
  assert.deepEqual(
    [compared, differed, repeated, candidateOnly],
    [1, 1, 1, 1],
    'the second answer of the baseline is no worse',
  )
  assert.equal(examples.length, 1)
  assert.equal(nanoUsd, 6n * 20_000n)
  assert.match(stage.voided.at(-1)?.rule ?? '', /^a judge of copies for migration "move"/)

  const failing = shadowing({ judge }, true, withJudge)
  await failing.ask()
  failing.stage.arrival('beta').answer(200, completion('Worse words of the candidate'))
  await failing.stage.settle()
  failing.stage.arrival('gamma').answer(500, { error: { message: 'It broke.' } })
  await failing.stage.settle()
  const { judge_failed: failed, judge_unclear: unclear } = failing.log().left
  assert.deepEqual([failed, unclear, failing.stage.arrivals('gamma')], [1, 0, 1], 'it is not asked again')

  const apart = shadowing({ judge: { ...judge, consent: ['prj_other'] } }, true, withJudge)
  await apart.ask()
  apart.stage.arrival('beta').answer(200, completion('Worse words of the candidate'))
  await apart.stage.settle()
  assert.deepEqual([apart.stage.arrivals('gamma'), apart.log().left.judge_not_allowed], [0, 1])
  assert.equal(apart.log().sums.questions, 1, 'it is compared all the same')

  const poor = shadowing({ judge, limits: { ...usualPlan.limits, tokensPerDay: 3_000 } }, true, withJudge)
  await poor.ask()
  poor.stage.arrival('beta').answer(200, completion('Worse words of the candidate'))
  await poor.stage.settle()
  assert.deepEqual([poor.stage.arrivals('gamma'), poor.log().left.judge_over_budget], [0, 1])
})

test('copies wait for each other, and for what others have spent; what has no room in the line is counted', async () => {
  const { stage, ask, log } = shadowing({}, false)
  for (let index = 0; index < 34; index += 1) await ask()
  assert.deepEqual([stage.arrivals('beta'), stage.shadows.count()], [0, 32])
  assert.equal(log().left.queue_full, 2)
  hear(stage)
  await stage.settle()
  assert.equal(stage.arrivals('beta'), 2)
  stage.arrival('beta', 1).answer(200, completion('Hello'))
  await stage.settle()
  assert.equal(stage.arrivals('beta'), 3)
})

test('caps of the day hold before anything is sent, with what other processes have spent', async () => {
  const poor = shadowing({ limits: { ...usualPlan.limits, nanoUsdPerDay: 1_000n } })
  await poor.ask()
  assert.deepEqual([poor.stage.arrivals('beta'), poor.log().left.usd_per_day], [0, 1])
  const few = shadowing({ limits: { ...usualPlan.limits, tokensPerDay: 400 } }, false)
  await few.ask()
  few.stage.shadows.heard({ migration: 'mig_1', day: today, nanoUsd: 0n, tokens: 300 })
  await few.stage.settle()
  assert.deepEqual([few.stage.arrivals('beta'), few.log().left.tokens_per_day], [0, 1])
})

test('without consent, for what a provider does by itself, and without an answer nothing is sent', async () => {
  const { stage, ask, log } = shadowing({ consent: ['prj_other'] })
  await ask()
  assert.deepEqual([stage.arrivals('beta'), log().left.no_consent], [0, 1])
  const other = shadowing()
  await other.ask({ web_search_options: {} })
  await other.ask({ store: true })
  const { left } = other.log()
  assert.deepEqual([other.stage.arrivals('beta'), left.server_tools, left.stored], [0, 1, 1])
  const failed = shadowing()
  await failed.stage.call({ headers: { 'x-session-id': 's' } })
  failed.stage.arrival('alpha').answer(400, { error: { message: 'wrong', type: 'invalid_request_error' } })
  await failed.stage.settle()
  hear(failed.stage)
  await failed.stage.settle()
  assert.equal(failed.stage.arrivals('beta'), 0)
})

test('a server that ends stops its copies and says so', async () => {
  const { stage, ask, log } = shadowing()
  await ask()
  await ask()
  await ask()
  assert.equal(stage.shadows.count(), 3)
  await stage.shadows.close()
  assert.deepEqual([stage.shadows.count(), log().left.failed], [0, 2])
  assert.ok(stage.arrival('beta').left())
  await ask()
  assert.equal(stage.arrivals('beta'), 2)
})

test('where the copy may not go is counted', async () => {
  const { stage, ask, log } = shadowing({ provider: 'gamma' })
  await ask()
  assert.deepEqual([stage.arrivals('beta'), log().left.not_allowed_there, log().nanoUsd], [0, 1, 0n])
})

test('what the candidate does not take of a question is left out of a second try, as for callers', async () => {
  const { stage, ask, log } = shadowing()
  const index = stage.arrivals('alpha')
  await stage.call({ headers: { 'x-session-id': 'streams' }, body: { max_tokens: 100, stream: true } })
  const arrival = stage.arrival('alpha', index)
  arrival.head()
  arrival.write(says('Hello there, my good friend'), stops, uses(10, 5), done)
  arrival.end()
  await stage.settle()
  hear(stage)
  await stage.settle()
  stage.arrival('beta').answer(400, { error: { message: "Unrecognized request argument: 'stream_options'" } })
  await stage.settle()
  const second = stage.arrival('beta', 1)
  assert.equal(second.body()['stream_options'], undefined)
  second.head()
  second.write(says('Hello there, my good friend'), stops, done)
  second.end()
  await stage.settle()
  assert.deepEqual([log().sums.questions, log().examples, log().sums.by.http_class.differed], [1, [], 0])
  await ask()
})
