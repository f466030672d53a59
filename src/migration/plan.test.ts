import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textsOf } from '#base/sentence.ts'
import { compile } from './compiled.ts'
import { planOf } from './plan.ts'

const head = 'migration: move\nmatch: { models: [m] }\nbaseline: { route: alpha/m }\ncandidate: { route: beta/n }\n'

const notesOf = (
  steps: string,
  given: { readonly perDay?: number; readonly errors?: number } = {},
): readonly string[] => {
  const compiled = compile({ file: `${head}steps: ${steps}\n`, facts: { p99Ms: { 'ttft-p99': 300 } } })
  const baseline = {
    conversationsPerDay: given.perDay ?? 100_000,
    turnsPerConversation: 1,
    shares: { 'error-rate': given.errors ?? 0 },
    seen: 0,
    costPerTurnNanoUsd: null,
  }
  return textsOf(planOf(compiled, baseline).notes)
}

test('a plan says that all traffic moves behind a last step below 100 percent', () => {
  assert.deepEqual(notesOf('[{ set_weight: 50, pause: { duration: 1h }, min_sample: 5 }]'), [
    'The last step is 50 %. When it is over, all traffic goes to the candidate, with no step at 100 % to watch that. To stay at 50 %, give the step gate: manual.',
  ])
  assert.deepEqual(notesOf('[{ set_weight: 100, bake: { duration: 1h } }]'), [])
})

test('a plan says why a gate never opens: no traffic, or limits that cannot be shown to be kept', () => {
  const [first, second] = notesOf(
    '[{ set_weight: 50, pause: { duration: 1h }, min_sample: 5 }, { set_weight: 100, bake: { duration: 1h } }]',
    { perDay: 0 },
  )
  assert.equal(
    first,
    'step 1 (50 %) needs 5 conversations within 60 min, and the log has none in a day: begin when calls come, or say how many will (traffic: { conversations_per_day: 10000 }).',
  )
  assert.equal(second, 'It will pause at the step named above until a person decides.')
  const [never] = notesOf(
    '[{ set_weight: 50, pause: { duration: 1h } }, { set_weight: 100, bake: { duration: 1h } }]',
    { errors: 0.5 },
  )
  assert.match(never ?? '', /^step 1 \(50 %\) never has what its gate needs: with the baseline's own shares/)
})

test('of a pause and a bake the longer one holds', () => {
  const { itinerary } = compile({
    file: `${head}steps: [{ set_weight: 100, pause: { duration: 3h }, bake: { duration: 2h } }]\n`,
    facts: { p99Ms: {} },
  })
  assert.equal(itinerary.steps[0]?.durationMs, 3 * 3_600_000)
})

test('a plan says that a last step without a time is over at once', () => {
  assert.deepEqual(notesOf('[{ set_weight: 100 }]'), [
    'The last step has no time of its own: the migration is complete 10 s after it begins, and what shows after that is told and moves no traffic back. Give it a time: bake: { duration: 24h }.',
  ])
  assert.deepEqual(notesOf('[{ set_weight: 100, gate: manual }]'), [])
})
