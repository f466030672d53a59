import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPointDue } from './history-point.ts'
import { outcomes } from './observation.ts'
import type { Strata, StratumSums } from './strata.ts'
import {
  callerCount,
  callersMax,
  callSitesMax,
  deviationsMax,
  joinCallers,
  joinStrata,
  joinStratum,
  noStrata,
  noStratum,
  otherValues,
  strataOf,
  stratumKey,
  stratumOfKey,
  stratumOfText,
  stratumText,
} from './strata.ts'
import { sampleTurn } from './test-turn.ts'

const join = (one: Strata, other: Strata): Strata => {
  const sums = new Map<string, StratumSums>(one.sums)
  for (const [name, more] of other.sums) sums.set(name, joinStratum(sums.get(name) ?? noStratum, more))
  const of = (arm: 'baseline' | 'candidate') => joinCallers(one.callers[arm], other.callers[arm])
  return { sums, callers: { baseline: of('baseline'), candidate: of('candidate') } }
}

const textOf = ({ sums, callers }: Strata): string =>
  JSON.stringify([[...sums].map(([name, one]) => [name, stratumText(one)]).sort(), callers])

const turnsOf = fc.array(
  fc
    .record({
      arm: fc.constantFrom('baseline' as const, 'candidate' as const),
      callSite: fc.constantFrom(null, 'web/chat', 'svc/a/b'),
      caller: fc.constantFrom(null, 'one', 'two', 'three'),
      stream: fc.boolean(),
      outcome: fc.constantFrom(...outcomes),
      ttftMs: fc.constantFrom(null, 100, 7_000),
      input: fc.constantFrom(null, 10, 1_000, 70_000),
    })
    .map(({ input, ...changes }) =>
      sampleTurn({ ...changes, tokens: { input, cachedInput: null, output: 5, reasoning: null } }),
    ),
  { maxLength: 40 },
)

test('strata come to the same sums, whoever tells of which turns and in which order', () => {
  fc.assert(
    fc.property(turnsOf, fc.nat(40), (turns, cut) => {
      const whole = textOf(strataOf(turns))
      const parts = join(strataOf(turns.slice(cut)), strataOf(turns.slice(0, cut)))
      assert.equal(textOf(parts), whole)
      assert.equal(textOf(strataOf(turns.toReversed())), whole)
    }),
  )
  const [sums] = strataOf([sampleTurn({ outcome: 'cut' }), sampleTurn({ outcome: 'moved' })]).sums.values()
  assert.deepEqual([sums?.turns, sums?.failed, sums?.shown, sums?.counted], [2, 2, 1, 0])
  assert.deepEqual(sums && stratumOfText(stratumText(sums)), sums)
  const [whole] = strataOf([sampleTurn()]).sums.values()
  const counted = { counted: 1, inputTokens: 100n, outputTokens: 50n, timed: 1, ttftMs: 300n }
  assert.deepEqual(whole, { turns: 1, failed: 0, shown: 0, ...counted })
  const [cut] = strataOf([sampleTurn({ outcome: 'cut' })]).sums.values()
  assert.deepEqual(cut, { ...noStratum, turns: 1, failed: 1, shown: 1 }, 'what came of it is no sample')
})

test('whom an arm has met is counted exactly up to a bound, and beyond it within a few percent', () => {
  const met = (count: number) =>
    strataOf(Array.from({ length: count }, (_unused, index) => sampleTurn({ caller: `caller-${index}` }))).callers
  assert.equal(callerCount(met(callersMax - 1).candidate), callersMax - 1)
  assert.deepEqual(met(10).baseline, [])
  const half = Array.from({ length: callersMax }, (_none, at) => ((at + 1) * 2 ** 47) / callersMax)
  assert.equal(callerCount(half), 2 * (callersMax - 1), 'as many again lie in the other half')
  const many = callerCount(met(20_000).candidate)
  assert.ok(Math.abs(many - 20_000) < 2_000, `${many}`)
})

test('of those whom an arm has met a thousand and twenty-four are kept, however many there are', () => {
  const many = Array.from({ length: 3_000 }, (_none, at) => at)
  assert.deepEqual(joinCallers(many.slice(0, 1_000), many), many.slice(0, 1_024))
})

test('of very many call sites the rest are one', () => {
  assert.equal(callSitesMax, 200)
  const turns = Array.from({ length: callSitesMax + 5 }, (_unused, index) => sampleTurn({ callSite: `site-${index}` }))
  const { sums } = strataOf(turns)
  assert.equal(sums.get(`call_site/candidate/${otherValues}`)?.turns, 5)
  assert.equal([...sums.keys()].filter((name) => name.startsWith('call_site/')).length, callSitesMax + 1)
})

test('points lie the farther apart the older a migration is: a thousand reach over a month', () => {
  let [points, lastMs]: [number, number | null] = [0, null]
  for (let nowMs = 0; nowMs <= 30 * 86_400_000; nowMs += 10_000)
    if (isPointDue(lastMs, { startedMs: 0, nowMs })) [points, lastMs] = [points + 1, nowMs]
  assert.ok(points > 300 && points <= 1_000, `${points}`)
})

test('strata of several nodes come to one, each person once; a key is read back, slashes in its value too', () => {
  const [one, other] = [sampleTurn({ caller: 'ana' }), sampleTurn({ caller: 'bo', stream: false })].map((turn) =>
    strataOf([turn]),
  )
  const both = joinStrata([one ?? noStrata, other ?? noStrata, one ?? noStrata])
  assert.equal(callerCount(both.callers.candidate), 2)
  assert.deepEqual(both.callers.baseline, [])
  assert.equal(both.sums.get('call_site/candidate/(none)')?.turns, 3)
  assert.equal(both.sums.get('delivery/candidate/whole')?.turns, 1)
  const name = { dimension: 'call_site', value: 'svc/a/b', arm: 'baseline' } as const
  assert.deepEqual(stratumOfKey(stratumKey(name)), name)
})

test('prompts are told apart by their length', () => {
  const sizeOf = (input: number | null): string | undefined =>
    [...strataOf([sampleTurn({ tokens: { input, cachedInput: 0, output: 1, reasoning: null } })]).sums.keys()]
      .find((key) => key.startsWith('prompt/'))
      ?.slice('prompt/candidate/'.length)
  const sizes = [null, 1_000, 1_001, 4_000, 16_000, 64_000, 64_001].map(sizeOf)
  assert.deepEqual(sizes, ['unknown', 'to 1k', '1k to 4k', '1k to 4k', '4k to 16k', '16k to 64k', 'over 64k'])
})

test('what deviates is counted by what was said, of answers of the arm alone; of very many words the rest are one', () => {
  const turns = [
    sampleTurn({ otherModel: 'model-lite' }),
    sampleTurn({ otherModel: 'model-lite', unknownFinish: 'be\u0000cause' }),
    sampleTurn({ otherModel: 'baseline-model', outcome: 'moved' }),
    sampleTurn({ otherModel: null, usageMissing: true }),
    sampleTurn(),
  ]
  const { sums } = strataOf(turns)
  const deviating = [...sums].filter(([key]) => /^(other_model|unknown_finish|missing_usage)/.test(key))
  assert.deepEqual(
    deviating.map(([key, { turns: count }]) => [key, count]),
    [
      ['other_model/candidate/model-lite', 2],
      ['unknown_finish/candidate/be?cause', 1],
      ['missing_usage/candidate/stream', 1],
    ],
  )
  const many = Array.from({ length: deviationsMax + 5 }, (_none, at) => sampleTurn({ otherModel: `model-${at}` }))
  const known = { other_model: new Set(['model-0', 'elsewhere']) }
  assert.equal(strataOf(many, known).sums.get(`other_model/candidate/${otherValues}`)?.turns, 6)
})
