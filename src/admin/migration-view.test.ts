import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile, fileDigest } from '#migration/compiled.ts'
import { addTurns } from '#migration/evidence.ts'
import { draftState } from '#migration/itinerary.ts'
import { judgementOf } from '#migration/judgement.ts'
import type { Observation } from '#migration/observation.ts'
import { strataOf } from '#migration/strata.ts'
import { sampleTurn } from '#migration/test-turn.ts'
import { migrationText, viewOfMigration } from './migration-view.ts'

const file = 'migration: move\nmatch: { models: [m] }\nbaseline: { route: old/m }\ncandidate: { route: new/m }\n'

const textWith = (costs: readonly (bigint | null)[], more: Partial<Observation> = {}): string => {
  const facts = { p99Ms: {} }
  const compiled = compile({ file, facts })
  const row = {
    id: 'mig_1',
    name: 'move',
    file,
    digest: fileDigest(file),
    salt: 'mig_1',
    createdMs: 0,
    facts,
    state: draftState,
    version: 0,
    checkedMs: 0,
  }
  const turns = costs.map((costNanoUsd, index) => ({
    step: 0,
    turn: sampleTurn({ id: `c${index}`, unit: `u${index}`, costNanoUsd, ...more }),
  }))
  const { columns } = compiled.judge
  const evidence = addTurns(turns, { columns, known: new Map(), evidence: new Map() }).cells
  const strata = strataOf(turns.map(({ turn }) => turn))
  const judgement = judgementOf(compiled.judge, evidence, compiled.weights)
  return migrationText(viewOfMigration({ row, compiled, evidence, judgement, strata, decisions: [] }, 1_000))
}
const candidateIn = (text: string): string => text.split('\n').find((line) => line.startsWith('candidate')) ?? ''

test('what the provider costs is told where it is known, and of how many turns where it is not of all', () => {
  assert.match(candidateIn(textWith([1_000n, 2_000n])), /0\.000003 *$/)
  assert.match(candidateIn(textWith([1_000n, null])), /0\.000001 \(1 of 2 turns\) *$/)
  assert.match(candidateIn(textWith([null, null])), /not known *$/)
  assert.match(candidateIn(textWith([])), / - *$/)
})

test('no evidence is one, and not minus nothing', () => {
  const text = textWith([1_000n])
  assert.doesNotMatch(text, /1e-0\.0/)
  assert.match(text, /1e0\.0/)
})

test('answers of another model, and those that ended for a reason that nobody knows, are told where there are any', () => {
  const text = textWith([1n, 1n], { otherModel: 'model-lite', unknownFinish: 'because' })
  assert.match(text, /another model answered: "model-lite" in 2 turns of the candidate, 0 of the baseline/)
  assert.match(text, /ended for an unknown reason: "because" in 2 turns of the candidate, 0 of the baseline/)
  assert.doesNotMatch(textWith([1n, 1n]), /another model|unknown reason/)
})
