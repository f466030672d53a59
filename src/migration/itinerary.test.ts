import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHit } from './column.ts'
import type { Compiled } from './compiled.ts'
import { compile } from './compiled.ts'
import type { Next } from './decide.ts'
import { decide, waitsForPerson } from './decide.ts'
import type { AssignedTurn, Evidence } from './evidence.ts'
import { addTurns } from './evidence.ts'
import { evidenceJson, evidenceOf } from './evidence-text.ts'
import type { Change, State } from './itinerary.ts'
import { draftState, stateAfter } from './itinerary.ts'
import { judgementOf } from './judgement.ts'
import type { Outcome } from './observation.ts'
import { planOf } from './plan.ts'
import type { ShadowStanding } from './shadow-standing.ts'
import { sampleTurn } from './test-turn.ts'

const head = `migration: move
match: { models: [m] }
baseline: { route: alpha/m }
candidate: { route: beta/n }
`
const quick = `${head}
steps:
  - { set_weight: 10, pause: { duration: 1h }, min_sample: 50 }
  - { set_weight: 50, pause: { duration: 1h } }
  - { set_weight: 100, bake: { duration: 1h } }
analysis: { initial_delay: 1s, metrics: [{ name: error-rate, threshold_range: { max: 0.01 }, relative: { max_ratio: 1.5 } }] }
`
const hourMs = 3_600_000

const made = (text: string): Compiled => compile({ file: text, facts: { p99Ms: {} } })
const after = (compiled: Compiled, changes: readonly (readonly [Change, number])[]): State =>
  changes.reduce(
    (state, [change, nowMs]) => stateAfter(state, change, { itinerary: compiled.itinerary, nowMs }),
    draftState,
  )

type Told = {
  readonly arm: 'baseline' | 'candidate'
  readonly count: number
  readonly outcome: Outcome
  readonly step?: number
}

const evidenceFrom = (compiled: Compiled, told: readonly Told[]): Evidence => {
  const turns: AssignedTurn[] = told.flatMap(({ arm, count, outcome, step = 0 }, group) =>
    Array.from({ length: count }, (_unused, index) => ({
      step,
      turn: sampleTurn({ arm, outcome, unit: `${arm}-${group}-${index}` }),
    })),
  )
  return addTurns(turns, { columns: compiled.judge.columns, known: new Map(), evidence: new Map() }).cells
}

const nextOf = (
  compiled: Compiled,
  evidence: Evidence,
  { state, nowMs }: { state: State; nowMs: number },
): Next | null =>
  decide({
    itinerary: compiled.itinerary,
    state,
    judgement: judgementOf(compiled.judge, evidence, compiled.weights),
    practicalFloor: compiled.judge.practicalFloor,
    nowMs,
  })

const start: Change = { kind: 'start', startStep: 0 }

test('the file of the manual is read, with five tests that can move traffic back, a hundredth of error each', () => {
  const { judge, itinerary } = compile({ file: head, facts: { p99Ms: { 'ttft-p99': 400 } } })
  const able = judge.tests.filter(({ dryRun, onFail }) => !dryRun && onFail === 'rollback')
  assert.deepEqual(
    able.map(({ metric, kind }) => `${metric} ${kind}`),
    [
      'error-rate absolute',
      'error-rate relative',
      'ttft-p99 absolute',
      'ttft-p99 relative',
      'truncated-share relative',
    ],
  )
  assert.ok(Math.abs(judge.alpha * able.length - 0.05) < 1e-12)
  assert.deepEqual(
    itinerary.steps.map(({ weightBasisPoints }) => weightBasisPoints),
    [100, 500, 1_000, 2_500, 5_000, 10_000],
  )
  assert.throws(() => made(`${head}stepz: []`), { code: 'invalid_request_error' })
  assert.throws(() => made(`${head}steps: [{ set_weight: 5 }, { set_weight: 5 }]`), /more than in the step before/)
  assert.throws(
    () => made(`${head}analysis: { metrics: [{ name: ttft-p99, threshold_range: { max: 0.1 } }] }`),
    /give max_ms/,
  )
})

test('a file with every key that the design names is read as it says', () => {
  const { itinerary, judge } = compile({
    file: `${head}assignment: { unit: conversation, salt: auto, mid_conversation: pin, pin_idle_ttl: 60m }
steps:
  - { set_weight: 25, pause: { duration: 14h }, require_peak: true }
  - { set_weight: 100, bake: { duration: 24h } }
analysis:
  interval: 10s
  alpha_total: 0.05
  metrics:
    - { name: error-rate, type: proportion, threshold_range: { max: 0.01 }, relative: { max_ratio: 1.5 }, critical: true }
    - { name: ttft-p99, type: exceedance, quantile: 0.99, threshold_range: { max_ms: 500, basis: absolute }, relative: { max_ratio: 1.2 } }
    - { name: completion-tokens, type: log_mean, direction: either, relative: { max_ratio: 1.25, min_ratio: 0.6 }, on_fail: pause }
    - { name: truncated-share, type: proportion, relative: { max_ratio: 2 } }
    - { name: tool-call-valid, type: proportion, threshold_range: { min: 0.99 }, must_have_data: auto }
  dry_run: [tool-call-valid]
rollback: { auto: true, breaker: { window: 20, failures: 8 }, in_flight: finish, on_shared_incident: pause, break_pins: true }
inconclusive: { action: pause, max_extensions: 2 }
progress_deadline: 96h
`,
    facts: { p99Ms: { 'ttft-p99': 400 } },
  })
  assert.equal(itinerary.steps[0]?.durationMs, 24 * hourMs)
  assert.ok(Math.abs(judge.alpha - 0.01) < 1e-12, 'five tests can move traffic back')
  assert.deepEqual(
    judge.columns.flatMap((column) => (column.kind === 'mark' && column.above !== null ? [column.above] : [])),
    [500, 480],
  )
  const crooked = `${head}analysis: { metrics: [{ name: completion-tokens, direction: either, relative: { max_ratio: 2 } }] }`
  assert.throws(() => made(crooked), /direction either does not go with its ratios/)
})

test('a sound candidate goes up step by step when time and sample are there, and is complete at the end', () => {
  const compiled = made(quick)
  const ramping = after(compiled, [[start, 0]])
  const few = evidenceFrom(compiled, [
    { arm: 'candidate', count: 49, outcome: 'ok' },
    { arm: 'baseline', count: 441, outcome: 'ok' },
  ])
  const enough = evidenceFrom(compiled, [
    { arm: 'candidate', count: 60, outcome: 'ok' },
    { arm: 'baseline', count: 540, outcome: 'ok' },
  ])
  assert.equal(nextOf(compiled, enough, { state: ramping, nowMs: hourMs - 1 }), null)
  assert.deepEqual(nextOf(compiled, few, { state: ramping, nowMs: hourMs })?.change, {
    kind: 'pause',
    reason: 'inconclusive',
  })
  assert.deepEqual(nextOf(compiled, enough, { state: ramping, nowMs: hourMs })?.change, { kind: 'promote' })
  const second = after(compiled, [
    [start, 0],
    [{ kind: 'promote' }, hourMs],
  ])
  assert.deepEqual([second.step, second.weightBasisPoints], [1, 5_000])
  // Without a sample of its own the gate needs the limit to be shown to be kept.
  assert.match(
    nextOf(compiled, enough, { state: second, nowMs: 2 * hourMs })?.why.text ?? '',
    /not shown yet.*error-rate/,
  )
  const shown = evidenceFrom(compiled, [
    { arm: 'candidate', count: 700, outcome: 'ok', step: 1 },
    { arm: 'baseline', count: 700, outcome: 'ok', step: 1 },
  ])
  assert.deepEqual(nextOf(compiled, shown, { state: second, nowMs: 2 * hourMs })?.change, { kind: 'promote' })
  const baking = after(compiled, [
    [start, 0],
    [{ kind: 'promote' }, 1],
    [{ kind: 'promote' }, 2],
  ])
  assert.equal(baking.phase, 'baking')
  assert.deepEqual(nextOf(compiled, shown, { state: baking, nowMs: 2 + hourMs })?.change, { kind: 'complete' })
})

test('what breaks its limit is moved back at once, also while it is paused, and settles when every node has heard', () => {
  const compiled = made(quick)
  const dead = evidenceFrom(compiled, [
    { arm: 'candidate', count: 4, outcome: 'upstream_error' },
    { arm: 'baseline', count: 36, outcome: 'ok' },
  ])
  const ramping = after(compiled, [[start, 0]])
  const next = nextOf(compiled, dead, { state: ramping, nowMs: 2_000 })
  assert.deepEqual(next?.change, { kind: 'rollback' })
  assert.match(next?.why.text ?? '', /4 of 4 conversations/)
  const paused = after(compiled, [
    [start, 0],
    [{ kind: 'pause', reason: 'manual' }, 10],
  ])
  assert.deepEqual(nextOf(compiled, dead, { state: paused, nowMs: 2_000 })?.change, { kind: 'rollback' })
  const rolling = after(compiled, [
    [start, 0],
    [{ kind: 'rollback' }, 2_000],
  ])
  assert.equal(rolling.weightBasisPoints, 0)
  assert.equal(nextOf(compiled, dead, { state: rolling, nowMs: 3_999 }), null)
  assert.deepEqual(nextOf(compiled, dead, { state: rolling, nowMs: 4_000 })?.change, { kind: 'settle' })
  const manual = made(`${quick}rollback: { auto: false }\n`)
  assert.deepEqual(nextOf(manual, dead, { state: ramping, nowMs: 2_000 })?.change, {
    kind: 'pause',
    reason: 'worse_than_baseline',
  })
})

test('a storm over both arms pauses and does not move traffic to a baseline that is down as well', () => {
  const compiled = made(quick)
  const storm = evidenceFrom(compiled, [
    { arm: 'candidate', count: 20, outcome: 'overloaded' },
    { arm: 'baseline', count: 180, outcome: 'overloaded' },
  ])
  const ramping = after(compiled, [[start, 0]])
  assert.deepEqual(nextOf(compiled, storm, { state: ramping, nowMs: 2_000 })?.change, {
    kind: 'pause',
    reason: 'shared_incident',
  })
  const resumed = after(compiled, [
    [start, 0],
    [{ kind: 'pause', reason: 'shared_incident' }, 5],
    [{ kind: 'resume' }, 9],
  ])
  assert.deepEqual(
    [resumed.phase, resumed.epoch, resumed.stepMs],
    ['ramping', 2, 9],
    'the storm does not weigh any more',
  )
})

test('400s that only the candidate gives move traffic back; those that both give do not', () => {
  const compiled = made(quick)
  const ramping = after(compiled, [[start, 0]])
  const both = evidenceFrom(compiled, [
    { arm: 'candidate', count: 20, outcome: 'rejected' },
    { arm: 'baseline', count: 180, outcome: 'rejected' },
  ])
  assert.equal(nextOf(compiled, both, { state: ramping, nowMs: 2_000 }), null)
  const one = evidenceFrom(compiled, [
    { arm: 'candidate', count: 20, outcome: 'rejected' },
    { arm: 'baseline', count: 180, outcome: 'ok' },
  ])
  assert.deepEqual(nextOf(compiled, one, { state: ramping, nowMs: 2_000 })?.change, { kind: 'rollback' })
})

test('a first part that never came is late where it is known to be, and says nothing where it is not', () => {
  const { judge } = compile({ file: head, facts: { p99Ms: { 'ttft-p99': 400 } } })
  const column = judge.columns.find((one) => one.kind === 'mark' && one.above === 900)
  assert.ok(column?.kind === 'mark')
  const gone = (durationMs: number) => sampleTurn({ outcome: 'left', ttftMs: null, durationMs })
  assert.deepEqual([isHit(column, gone(5_000)), isHit(column, gone(300))], [true, null])
  assert.deepEqual([isHit(column, sampleTurn({ ttftMs: 901 })), isHit(column, sampleTurn())], [true, false])
})

test('arms that do not fill as the weight says stop the migration: no comparison holds', () => {
  const compiled = made(quick)
  const lost = evidenceFrom(compiled, [
    { arm: 'candidate', count: 40, outcome: 'ok' },
    { arm: 'baseline', count: 960, outcome: 'ok' },
  ])
  const ramping = after(compiled, [[start, 0]])
  assert.deepEqual(nextOf(compiled, lost, { state: ramping, nowMs: 2_000 })?.change, {
    kind: 'pause',
    reason: 'degraded_control',
  })
})

test('the same sums give the same decision, whether they were kept in memory or written down', () => {
  const compiled = made(quick)
  const state = after(compiled, [[start, 0]])
  const evidence = evidenceFrom(compiled, [
    { arm: 'candidate', count: 90, outcome: 'ok' },
    { arm: 'candidate', count: 5, outcome: 'cut' },
    { arm: 'baseline', count: 800, outcome: 'ok' },
  ])
  const again = evidenceOf(JSON.parse(JSON.stringify(evidenceJson(evidence))))
  const judged = (one: Evidence) => judgementOf(compiled.judge, one, compiled.weights)
  assert.deepEqual(judged(again), judged(evidence))
  assert.deepEqual(
    nextOf(compiled, again, { state, nowMs: 5_000 }),
    nextOf(compiled, evidence, { state, nowMs: 5_000 }),
  )
})

test('a manual gate waits for a person, and says when it is open', () => {
  const compiled = made(quick.replace('min_sample: 50 }', 'min_sample: 50, gate: manual }'))
  const state = after(compiled, [[start, 0]])
  const enough = evidenceFrom(compiled, [
    { arm: 'candidate', count: 60, outcome: 'ok' },
    { arm: 'baseline', count: 540, outcome: 'ok' },
  ])
  const { itinerary, judge, weights } = compiled
  const judgement = judgementOf(judge, enough, weights)
  const at = (nowMs: number) => ({ itinerary, state, judgement, practicalFloor: judge.practicalFloor, nowMs })
  assert.equal(decide(at(hourMs)), null)
  assert.deepEqual([waitsForPerson(at(hourMs - 1)), waitsForPerson(at(hourMs))], [false, true])
})

test('what is not at its last step by its deadline pauses once; who lets it go on knows how late it is', () => {
  const compiled = made(`${quick}progress_deadline: 90m\n`)
  const none = evidenceFrom(compiled, [])
  const second = after(compiled, [
    [start, 0],
    [{ kind: 'promote' }, hourMs],
  ])
  const late = 1.6 * hourMs
  assert.deepEqual(nextOf(compiled, none, { state: second, nowMs: late })?.change, {
    kind: 'pause',
    reason: 'deadline',
  })
  const resumed = after(compiled, [
    [start, 0],
    [{ kind: 'promote' }, hourMs],
    [{ kind: 'pause', reason: 'deadline' }, late],
    [{ kind: 'resume' }, late + 1],
  ])
  assert.equal(nextOf(compiled, none, { state: resumed, nowMs: late + 60_000 }), null)
  assert.equal(resumed.epoch, 1, 'what was counted still counts')
})

test('what cannot happen now is refused with what can', () => {
  const compiled = made(quick)
  assert.throws(
    () =>
      after(compiled, [
        [start, 0],
        [{ kind: 'resume' }, 1],
      ]),
    /resume.*not possible.*ramping/,
  )
  assert.throws(
    () =>
      after(compiled, [
        [start, 0],
        [{ kind: 'abort' }, 1],
        [{ kind: 'promote' }, 2],
      ]),
    { code: 'conflict' },
  )
})

test('a plan says how long it takes, what it can find, and refuses limits that the baseline breaks', () => {
  const compiled = made(head)
  const baseline = {
    conversationsPerDay: 100_000,
    turnsPerConversation: 1,
    shares: { 'error-rate': 0.002 },
    seen: 5_000,
    costPerTurnNanoUsd: 1_000_000n,
  }
  const plan = planOf(compiled, baseline)
  assert.deepEqual(
    plan.steps.slice(0, 2).map(({ conversations }) => conversations),
    [83, 1_250],
  )
  assert.deepEqual(plan.refusals, [])
  assert.ok(plan.isWithinDeadline && plan.hours === 72, `${plan.hours} h`)
  const small = planOf(compiled, { ...baseline, conversationsPerDay: 300 })
  assert.ok(!small.isWithinDeadline && small.notes.some((note) => note.text.includes('needs 580 conversations')))
  assert.match(
    planOf(compiled, { ...baseline, shares: { 'error-rate': 0.03 } }).refusals[0]?.text ?? '',
    /baseline itself breaks.*3.00 %/,
  )
})

test('plain thresholds are allowed for little traffic, with their chances of error', () => {
  const compiled = made(`${quick.replace('initial_delay: 1s,', 'initial_delay: 1s, policy: thresholds,')}`)
  const baseline = {
    conversationsPerDay: 2_000,
    turnsPerConversation: 1,
    shares: { 'error-rate': 0.005 },
    seen: 0,
    costPerTurnNanoUsd: null,
  }
  const { chances } = planOf(compiled, baseline)
  assert.ok(chances !== null && chances.falseRollback > 0.1 && chances.falseRollback < 0.6, `${chances?.falseRollback}`)
  assert.ok(chances.missedHarm < 0.2, `${chances.missedHarm}`)
  const over = evidenceFrom(compiled, [
    { arm: 'candidate', count: 58, outcome: 'ok' },
    { arm: 'candidate', count: 2, outcome: 'cut' },
    { arm: 'baseline', count: 540, outcome: 'ok' },
  ])
  assert.deepEqual(nextOf(compiled, over, { state: after(compiled, [[start, 0]]), nowMs: 2_000 })?.change, {
    kind: 'rollback',
  })
})

test('one that is set for a date starts then, or is cancelled; a step that only copies stands before the first one', () => {
  const plain = made(quick)
  const schedule: Change = { kind: 'schedule', startStep: 1, atMs: 5_000, withoutPreflight: null }
  const set = after(plain, [[schedule, 1_000]])
  assert.deepEqual([set.phase, set.weightBasisPoints, set.planned?.atMs], ['scheduled', 0, 5_000])
  assert.equal(nextOf(plain, new Map(), { state: set, nowMs: 9_000 }), null, 'who starts it has looked before')
  const begun = stateAfter(set, { kind: 'start', startStep: 1 }, { itinerary: plain.itinerary, nowMs: 5_000 })
  assert.deepEqual([begun.phase, begun.step, begun.weightBasisPoints], ['ramping', 1, 5_000])
  assert.equal(stateAfter(set, { kind: 'abort' }, { itinerary: plain.itinerary, nowMs: 2_000 }).phase, 'aborted')
  assert.throws(
    () => stateAfter(set, { kind: 'promote' }, { itinerary: plain.itinerary, nowMs: 2_000 }),
    /starts by itself/,
  )
  const copying = made(`${quick}shadow: { duration: 1h, consent: all }\n`)
  const shadow = after(copying, [[{ kind: 'start', startStep: 1 }, 0]])
  assert.deepEqual([shadow.phase, shadow.step, shadow.weightBasisPoints], ['shadow', -1, 0])
  const on = stateAfter(shadow, { kind: 'promote' }, { itinerary: copying.itinerary, nowMs: hourMs })
  assert.deepEqual([on.phase, on.step], ['ramping', 1])
})

test('the step that only copies ends by what copies have shown, and a person may go on from what is worse', () => {
  const compiled = made(`${quick}shadow: { duration: 1h, consent: all }\n`)
  const state = after(compiled, [[{ kind: 'start', startStep: 0 }, 0]])
  const asked = (shadow: ShadowStanding | null, given: { state?: State; nowMs: number }): Next | null => {
    const { judge, itinerary, weights } = compiled
    const judgement = judgementOf(judge, new Map(), weights)
    return decide({ itinerary, judgement, practicalFloor: judge.practicalFloor, shadow, state, ...given })
  }
  const sound: ShadowStanding = { questions: 40, repeated: 10, worse: [] }
  const worse: ShadowStanding = { ...sound, worse: ['tool_names'] }
  assert.equal(asked(sound, { nowMs: hourMs - 1 }), null)
  assert.deepEqual(asked(sound, { nowMs: hourMs })?.change, { kind: 'promote' })
  assert.deepEqual(asked({ ...sound, questions: 0 }, { nowMs: hourMs })?.change, {
    kind: 'pause',
    reason: 'inconclusive',
  })
  const early = asked(worse, { nowMs: 60_000 })
  assert.deepEqual(early?.change, { kind: 'pause', reason: 'worse_in_shadow' })
  assert.match(early?.why.text ?? '', /tool_names \(40 answers compared\)/)
  const { itinerary } = compiled
  const paused = stateAfter(state, early?.change ?? assert.fail(), { itinerary, nowMs: 60_000 })
  const resumed = stateAfter(paused, { kind: 'resume' }, { itinerary, nowMs: 70_000 })
  assert.deepEqual([resumed.phase, resumed.step], ['shadow', -1])
  assert.equal(asked(worse, { state: resumed, nowMs: 80_000 }), null, 'it is accepted')
})

test('a gate that is held is not looked at until then', () => {
  const compiled = made(quick)
  const evidence = evidenceFrom(compiled, [
    { arm: 'candidate', count: 60, outcome: 'ok' },
    { arm: 'baseline', count: 540, outcome: 'ok' },
  ])
  const state = after(compiled, [[{ kind: 'start', startStep: 0 }, 0]])
  const held = stateAfter(state, { kind: 'hold', forMs: 60_000 }, { itinerary: compiled.itinerary, nowMs: hourMs })
  assert.deepEqual([held.phase, held.step, held.weightBasisPoints], ['ramping', 0, 1_000])
  assert.equal(nextOf(compiled, evidence, { state: held, nowMs: hourMs + 59_000 }), null)
  assert.equal(nextOf(compiled, evidence, { state: held, nowMs: hourMs + 60_000 })?.change.kind, 'promote')
})

test('a person who goes on although the gate is held is not held at the next one; time that a person gives takes none that it has by itself', () => {
  const compiled = made(quick)
  const held = after(compiled, [
    [{ kind: 'start', startStep: 0 }, 0],
    [{ kind: 'hold', forMs: 10 * hourMs }, hourMs],
    [{ kind: 'promote' }, 2 * hourMs],
  ])
  const evidence = evidenceFrom(compiled, [
    { arm: 'candidate', count: 2_000, outcome: 'ok', step: 1 },
    { arm: 'baseline', count: 2_000, outcome: 'ok', step: 1 },
  ])
  assert.equal(held.step, 1)
  assert.equal(nextOf(compiled, evidence, { state: held, nowMs: 3 * hourMs })?.change.kind, 'promote')
  const extended = after(compiled, [
    [{ kind: 'start', startStep: 0 }, 0],
    [{ kind: 'extend', byMs: hourMs, isAsked: true }, 1],
    [{ kind: 'extend', byMs: hourMs }, 2],
  ])
  assert.deepEqual([extended.extendedMs, extended.extensions], [2 * hourMs, 1])
})

test('an inconclusive step may go on where every share is shown to be below the margin that is accepted', () => {
  const withAction = (margin: number): Compiled =>
    made(
      `${quick.replace(', min_sample: 50', '')}inconclusive: { action: promote_if_upper_bound_below_margin, margin: ${margin} }\n`,
    )
  const told = [
    { arm: 'candidate', count: 990, outcome: 'ok' },
    { arm: 'candidate', count: 6, outcome: 'timeout' },
    { arm: 'baseline', count: 9_000, outcome: 'ok' },
    { arm: 'baseline', count: 50, outcome: 'timeout' },
  ] as const
  const decided = (margin: number): Next | null => {
    const compiled = withAction(margin)
    const state = after(compiled, [[{ kind: 'start', startStep: 0 }, 0]])
    return nextOf(compiled, evidenceFrom(compiled, told), { state, nowMs: hourMs })
  }
  assert.deepEqual(decided(0.005)?.change, { kind: 'pause', reason: 'inconclusive' })
  assert.deepEqual(decided(0.03)?.change, { kind: 'promote' })
  assert.match(decided(0.03)?.why.text ?? '', /below the accepted margin of 3 %/)
})
