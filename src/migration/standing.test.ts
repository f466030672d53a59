import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile } from './compiled.ts'
import { draftState } from './itinerary.ts'
import { judgementOf } from './judgement.ts'
import { reason } from './reasons.ts'
import { candidatesPerHour, standingOf } from './standing.ts'

test('how fast the gate fills is told by all traffic and the weight now, and not by the smaller weights before', () => {
  const units = { baseline: 9_500, candidate: 500 }
  const at = (weightBasisPoints: number): number =>
    candidatesPerHour({ units }, { startedMs: 1_000, weightBasisPoints }, 1_000 + 10 * 3_600_000)
  assert.deepEqual([at(0), at(2_500), at(10_000)], [0, 250, 1_000])
})

test('a last step with a manual gate waits for a person, and says so', () => {
  const file = `migration: move
match: { models: [m] }
baseline: { route: alpha/m }
candidate: { route: beta/n }
steps: [{ set_weight: 100, bake: { duration: 1h }, gate: manual }]
`
  const compiled = compile({ file, facts: { p99Ms: {} } })
  const state = { ...draftState, phase: 'baking' as const, step: 0, weightBasisPoints: 10_000 }
  const row = {
    ...{ id: 'mig_1', name: 'move', file, digest: '', salt: 's', createdMs: 0, facts: { p99Ms: {} } },
    ...{ state, version: 1, checkedMs: 0 },
  }
  const judgement = judgementOf(compiled.judge, new Map(), compiled.weights)
  const { next } = standingOf({ row, compiled, judgement, why: reason('then_complete'), nowMs: 7_200_000 })
  assert.match(next?.text ?? '', /^now a person may complete it/)
})

test('what comes next is one sentence, whether its gate is held or not, and whoever shows it ends it', () => {
  const after = { in_ms: 60_000, first_percent: 5 }
  const [open, held] = [0, 300_000].map((heldMs) => reason('shadow_goes_on', { ...after, held_ms: heldMs }).text)
  assert.equal(open, 'in 60 s it goes to 5 %, unless copies show the candidate to be worse')
  assert.equal(held, `${open}; its gate is held for another 5 min`)
})

test('a migration whose baseline was not measured before the start says with each state what it does not test', () => {
  const file = 'migration: move\nmatch: { models: [m] }\nbaseline: { route: alpha/m }\ncandidate: { route: beta/n }\n'
  const sentenceWith = (p99Ms: Readonly<Record<string, number>>): string => {
    const compiled = compile({ file, facts: { p99Ms } })
    const row = {
      ...{ id: 'mig_1', name: 'move', file, digest: '', salt: 's', createdMs: 0, facts: { p99Ms } },
      ...{ state: { ...draftState, phase: 'completed' as const }, version: 1, checkedMs: 0 },
    }
    const judgement = judgementOf(compiled.judge, new Map(), compiled.weights)
    return standingOf({ row, compiled, judgement, why: reason('last_step_over'), nowMs: 1_000 }).sentence.text
  }
  assert.match(sentenceWith({}), /candidate\. Not tested: ttft-p99\.$/)
  assert.match(sentenceWith({ 'ttft-p99': 300 }), /nothing speaks against the candidate\.$/)
})
