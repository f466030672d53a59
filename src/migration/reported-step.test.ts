import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asideSteps } from './aside.ts'
import { armAt, bucketOfUnit } from './assign.ts'
import { compile } from './compiled.ts'
import { addTurns } from './evidence.ts'
import { judgementOf } from './judgement.ts'
import type { ReportedSplit } from './reported-step.ts'
import { reportedStep } from './reported-step.ts'
import { sampleTurn } from './test-turn.ts'

/** 5 % until 1,000, 10 % until 2,000, then a pause that began the evidence anew at 10 %. */
const itinerant = {
  state: { epoch: 2, step: 1, stepMs: 2_000 },
  weightsBasisPoints: [500, 1_000, 10_000],
  past: [
    { fromMs: 100, epoch: 1, step: 0 },
    { fromMs: 1_000, epoch: 1, step: 1 },
  ],
}

const placed = (split: Partial<ReportedSplit>) =>
  reportedStep({ startMs: 2_500, durationMs: 10, percent: null, epoch: null, ...split }, itinerant)

test('a turn belongs to the step by whose percentage it was split, however late it is told', () => {
  assert.deepEqual(placed({ percent: 5 }), { epoch: 2, step: 0 })
  assert.deepEqual(placed({ percent: 5, startMs: 1_500 }), { epoch: 1, step: 0 })
  assert.deepEqual(placed({ percent: 10 }), { epoch: 2, step: 1 })
  assert.deepEqual(placed({ percent: 100, startMs: 10 }), { epoch: 1, step: 2 })
  assert.deepEqual(placed({ percent: 7 }), { epoch: 2, step: asideSteps.other_percent })
  assert.deepEqual(placed({ percent: 0 }), { epoch: 2, step: asideSteps.other_percent })
})

test('without a percentage it belongs to the step that was in force for the whole of its time, else to none', () => {
  assert.deepEqual(placed({}), { epoch: 2, step: 1 })
  assert.deepEqual(placed({ startMs: 500 }), { epoch: 1, step: 0 })
  assert.deepEqual(placed({ startMs: 995 }), { epoch: 1, step: asideSteps.step_changed })
  assert.deepEqual(placed({ startMs: 1_995 }), { epoch: 1, step: 1 }, 'resumed in the same step')
  assert.deepEqual(placed({ startMs: 50 }), { epoch: 1, step: asideSteps.step_changed }, 'before all that is known')
})

test('the epoch that its caller has heard of goes before the one by the clock, unless it is none of this migration', () => {
  assert.deepEqual(placed({ percent: 10, epoch: 1 }), { epoch: 1, step: 1 })
  assert.deepEqual(placed({ percent: 10, epoch: 7 }), { epoch: 2, step: 1 })
  assert.deepEqual(placed({ epoch: 1 }), { epoch: 1, step: 1 })
})

test('callers that follow a promote half an hour late leave the split right where they say their percentage; stamped as they are told it is wrong', () => {
  const file = `migration: move
match: { models: [m] }
split: client
baseline: { route: alpha/m }
candidate: { route: beta/n }
steps:
  - { set_weight: 5, pause: { duration: 1h } }
  - { set_weight: 50, pause: { duration: 1h } }
  - { set_weight: 100, bake: { duration: 1h } }
analysis: { metrics: [{ name: error-rate, threshold_range: { max: 0.01 } }] }
`
  const { judge, weights, itinerary } = compile({ file, facts: { p99Ms: {} } })
  const state = { epoch: 1, step: 1, stepMs: 100_000 }
  const weightsBasisPoints = itinerary.steps.map(({ weightBasisPoints }) => weightBasisPoints)
  const judged = (says: (percent: number) => number | null) => {
    const turns = Array.from({ length: 1_000 }, (_unused, index) => {
      const startMs = 100_000 + index
      const percent = index < 600 ? 5 : 50
      const unit = `unit-${index}`
      const told = { startMs, durationMs: 10, percent: says(percent), epoch: null }
      const { step } = reportedStep(told, { state, weightsBasisPoints, past: [] })
      return {
        step,
        turn: sampleTurn({ id: unit, unit, startMs, arm: armAt(bucketOfUnit('salt', unit), percent * 100) }),
      }
    })
    const { cells } = addTurns(turns, { columns: judge.columns, known: new Map(), evidence: new Map() })
    return judgementOf(judge, cells, weights)
  }
  assert.equal(judged(() => null).splitWrong, true)
  const right = judged((percent) => percent)
  assert.equal(right.splitWrong, false)
  assert.equal(right.units.baseline + right.units.candidate, 1_000, 'nothing is left out')
})
