import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Arm, Outcome } from './observation.ts'
import { fits } from './pattern.ts'
import { sampleFacts, sampleMove } from './test-move.ts'
import { sampleTurn } from './test-turn.ts'
import type { Move } from './traffic.ts'
import { makeTraffic, stoppedMs } from './traffic.ts'
import { holdMaxMs, waitingTurns } from './waiting-turns.ts'

/** Traffic on a clock that the test moves. */
const open = (move: Partial<Move> = {}) => {
  let nowMs = 0
  const traffic = makeTraffic(() => nowMs)
  const configure = (changes: Partial<Move> = {}): void =>
    traffic.configure([sampleMove({ ...move, ...changes })], nowMs)
  const armOf = (unit: string | null, call = 'call_1', headers = {}): Arm => {
    const facts = sampleFacts({ unit, call, headers })
    const found = traffic.moveFor(facts)
    assert.ok(found)
    return traffic.assign(found, facts, nowMs).arm
  }
  const units = Array.from({ length: 400 }, (_unused, index) => `unit-${index}`)
  const share = (): number => units.filter((unit) => armOf(unit) === 'candidate').length / units.length
  const run = (call: string, outcome: Outcome, unit = call): Arm => {
    const facts = sampleFacts({ call, unit })
    const found = traffic.moveFor(facts)
    assert.ok(found)
    const assignment = traffic.assign(found, facts, nowMs)
    traffic.began(call, assignment, nowMs)
    traffic.ended(call, sampleTurn({ id: call, unit, arm: assignment.arm, startMs: nowMs, outcome }))
    return assignment.arm
  }
  const at = (ms: number): void => {
    nowMs = ms
  }
  configure()
  return { traffic, configure, armOf, share, run, at }
}

test('a pattern stands for any text where it has a star, and a call is in scope by all that is said of it', () => {
  assert.ok(
    fits('svc-billing/*', 'svc-billing/invoice') && fits('*', '') && fits('a*b*c', 'a-b-c') && !fits('a*b', 'ab-c'),
  )
  assert.ok(!fits('ab*ba', 'aba'), 'no character counts twice')
  const { traffic } = open({
    match: { models: ['m', 'gpt-*'], callSites: ['web/*'], keys: null, shareBasisPoints: 10_000, projects: ['prj_1'] },
  })
  const inScope = (changes: Parameters<typeof sampleFacts>[0]): boolean =>
    traffic.moveFor(sampleFacts(changes)) !== null
  assert.ok(inScope({ models: ['gpt-4.1'], callSite: 'web/chat', project: 'prj_1' }))
  assert.ok(!inScope({ callSite: null, project: 'prj_1' }) && !inScope({ callSite: 'web/chat', project: null }))
  assert.ok(!inScope({ models: ['other'], callSite: 'web/chat', project: 'prj_1' }))
})

test('keys are named by id or by name', () => {
  const match = { models: ['m'], callSites: null, projects: null, shareBasisPoints: 10_000 }
  const inScope = (keys: readonly string[]): boolean =>
    open({ match: { ...match, keys } }).traffic.moveFor(sampleFacts()) !== null
  assert.ok(inScope(['key_1']) && inScope(['prod-*']) && inScope(['other', 'prod-web']))
  assert.ok(!inScope(['prod']) && !inScope(['key_2', 'dev-*']))
})

test('conversations that run while the weight rises stay where they began; after silence they are assigned anew', () => {
  const { armOf, configure, at, share } = open({ weightBasisPoints: 100 })
  const before = share()
  assert.ok(before < 0.05)
  configure({ weightBasisPoints: 9_000, step: 1 })
  assert.equal(share(), before, 'pinned')
  assert.equal(
    Array.from({ length: 100 }, (_unused, index) => armOf(`new-${index}`)).filter((arm) => arm === 'candidate').length >
      75,
    true,
  )
  at(60_001)
  configure({ weightBasisPoints: 9_000, step: 1 })
  assert.ok(share() > 0.8)
})

test('nodes tell each other where conversations are that a higher weight moves: on none of them they go to and fro', () => {
  const low = { weightBasisPoints: 1_000, nextWeightBasisPoints: 5_000, step: 0 }
  const high = { weightBasisPoints: 5_000, nextWeightBasisPoints: 10_000, step: 1 }
  const [one, other, deaf] = [open(low), open(low), open(low)]
  const units = Array.from({ length: 300 }, (_unused, index) => `unit-${index}`)
  const began = units.map((unit) => one.armOf(unit))
  const told = one.traffic.takePins(1_000)
  const count = told[0]?.pins.length ?? 0
  assert.ok(count > 90 && count < 150, `${count}: those between the weights, and no others`)
  assert.deepEqual(one.traffic.takePins(1_000), [], 'once')
  for (const { move, pins } of told) other.traffic.heardPins(move.id, pins, 0)
  for (const node of [one, other, deaf]) node.configure(high)
  assert.deepEqual(
    units.map((unit) => other.armOf(unit)),
    began,
  )
  const lost = units.filter((unit, index) => deaf.armOf(unit) !== began[index])
  assert.equal(lost.length, count, 'who has not heard moves them, each once and to the candidate')
  assert.ok(lost.every((unit) => deaf.armOf(unit) === 'candidate'))
  for (const { move, pins } of told) deaf.traffic.heardPins(move.id, pins, 0)
  assert.deepEqual(
    units.map((unit) => deaf.armOf(unit)),
    began,
    'as soon as it hears they are back, and stay',
  )
})

test('a conversation that had to move because too many stayed is told as moved, and who hears that moves it too', () => {
  const low = { weightBasisPoints: 1_000, nextWeightBasisPoints: 9_000, step: 0, pinnedShareMax: 0.1 }
  const [one, other] = [open(low), open({ ...low, pinnedShareMax: 1 })]
  const units = Array.from({ length: 300 }, (_unused, index) => `unit-${index}`)
  for (const unit of units) {
    one.armOf(unit)
    other.armOf(unit)
  }
  one.traffic.takePins(1_000)
  const high = { weightBasisPoints: 9_000, step: 1 }
  one.configure(high)
  other.configure({ ...high, pinnedShareMax: 1 })
  for (const unit of units) one.armOf(unit)
  const moved = one.traffic.takePins(1_000).flatMap(({ pins }) => pins.filter(({ isMoved }) => isMoved === true))
  assert.ok(moved.length > 100)
  other.traffic.heardPins('mig_1', moved, 0)
  assert.ok(moved.every(({ unit }) => other.armOf(unit) === 'candidate'))
  const stale = moved.map(({ unit }) => ({ unit, arm: 'baseline' as const, step: 0, atMs: 0 }))
  other.traffic.heardPins('mig_1', stale, 0)
  assert.ok(
    moved.every(({ unit }) => other.armOf(unit) === 'candidate'),
    'an older word moves nothing back',
  )
})

test('what was told of a conversation before traffic was taken back does not bring it back when it is heard later', () => {
  const { traffic, configure, armOf, at } = open({ weightBasisPoints: 1, nextWeightBasisPoints: 1 })
  at(1_000)
  traffic.stop('mig_1')
  at(1_000 + stoppedMs)
  configure()
  const told = (unit: string, atMs: number) => ({
    unit,
    arm: 'candidate' as const,
    step: 0,
    atMs,
    isMoved: true as const,
  })
  traffic.heardPins('mig_1', [told('before', 1_000), told('after', 1_001)], 1_000 + stoppedMs)
  assert.deepEqual([armOf('before'), armOf('after')], ['baseline', 'candidate'])
})

test('on rollback pins break at once, and calls that have no first part are told to leave', () => {
  const { traffic, configure, share } = open({ weightBasisPoints: 9_000 })
  assert.ok(share() > 0.8)
  const facts = sampleFacts()
  const { takenBack } = traffic.assign(sampleMove(), facts, 0)
  configure({ weightBasisPoints: 0, phase: 'rolling_back' })
  assert.equal(traffic.moveFor(facts), null)
  assert.ok(takenBack.aborted)
  const finishing = open({ weightBasisPoints: 9_000, recalls: false })
  const kept = finishing.traffic.assign(sampleMove(), facts, 0).takenBack
  finishing.configure({ weightBasisPoints: 0, phase: 'rolling_back' })
  assert.equal(kept.aborted, false)
})

test('a node that does not hear the store, or whose reflex has opened, sends everything to the baseline; completed ones stay', () => {
  const { traffic, share, at, run, configure } = open({ weightBasisPoints: 9_999, pins: false })
  const inForce = (): readonly number[] => traffic.standings().map(({ weightBasisPoints }) => weightBasisPoints)
  assert.ok(share() > 0.9)
  assert.deepEqual(inForce(), [9_999])
  at(5_001)
  assert.equal(share(), 0)
  assert.deepEqual(inForce(), [0], 'what is told is what is in force here, and not what the store says')
  const late = traffic.assign(sampleMove({ weightBasisPoints: 9_999 }), sampleFacts(), 5_001)
  assert.equal(late.isEvidence, false, 'a split that is not as the weight says is no evidence')
  configure()
  assert.ok(share() > 0.9)
  for (const call of ['call_1', 'call_2', 'call_3']) assert.equal(run(call, 'upstream_error'), 'candidate')
  assert.equal(share(), 0)
  assert.deepEqual(
    traffic.tripped().map(({ move, isShared }) => [move.name, isShared]),
    [['move', false]],
  )
  assert.equal(traffic.tripped().length, 1, 'told until something was decided')
  configure({ phase: 'rolling_back', weightBasisPoints: 0 })
  assert.deepEqual(traffic.tripped(), [])
  configure({ phase: 'completed', weightBasisPoints: 10_000 })
  at(99_999)
  assert.equal(share(), 1)
})

test('while nobody looks at the evidence everything goes to the baseline, and counts for nothing', () => {
  const { traffic, configure, share } = open({ weightBasisPoints: 9_000 })
  configure({ isWatched: false })
  assert.equal(share(), 0)
  const found = traffic.moveFor(sampleFacts())
  assert.equal(found === null ? null : traffic.assign(found, sampleFacts(), 0).isEvidence, false)
  configure({ isWatched: true })
  assert.equal(share(), 0, 'and conversations stay where they began')
  const later = traffic.assign(sampleMove({ weightBasisPoints: 9_000 }), sampleFacts({ unit: 'unit-1' }), 0)
  assert.deepEqual([later.arm, later.isEvidence], ['baseline', false], 'no weight says that they are there')
})

test('conversations that began while nobody looked are no evidence either when too many stay, and they move', () => {
  const { traffic, configure } = open({ weightBasisPoints: 9_999, pinnedShareMax: 0 })
  const units = Array.from({ length: 150 }, (_unused, index) => `unit-${index}`)
  const assign = (unit: string) => {
    const facts = sampleFacts({ unit })
    return traffic.assign(traffic.moveFor(facts) ?? assert.fail(), facts, 0)
  }
  configure({ isWatched: false })
  for (const unit of units) assert.equal(assign(unit).arm, 'baseline')
  configure({ isWatched: true })
  const after = units.map(assign)
  assert.ok(after.some(({ arm }) => arm === 'candidate'))
  assert.ok(after.every(({ isEvidence }) => !isEvidence))
})

test('a tester chooses the arm, and what comes of it is no evidence', () => {
  const { traffic, armOf } = open({ weightBasisPoints: 1 })
  assert.equal(armOf('one', 'call_1', { 'x-drover-arm': 'candidate' }), 'candidate')
  assert.equal(armOf('one'), 'baseline', 'and the conversation is not pinned by it')
  const facts = sampleFacts({ headers: { 'x-drover-arm': 'candidate' } })
  traffic.began('call_1', traffic.assign(sampleMove(), facts, 0), 0)
  traffic.ended('call_1', sampleTurn())
  assert.deepEqual(traffic.take(holdMaxMs, 10), [])
})

test('what testers meet opens no breaker', () => {
  const { traffic } = open({ weightBasisPoints: 1 })
  const facts = sampleFacts({ headers: { 'x-drover-arm': 'candidate' } })
  for (const call of ['call_1', 'call_2', 'call_3', 'call_4']) {
    traffic.began(call, traffic.assign(sampleMove(), { ...facts, call }, 0), 0)
    traffic.ended(call, sampleTurn({ id: call, arm: 'candidate', outcome: 'upstream_error' }))
  }
  assert.deepEqual(traffic.tripped(), [])
})

test('turns are told in the order of their start, behind those that still run: fast failures do not come first', () => {
  const waiting = waitingTurns()
  const turn = (id: string, startMs: number) => ({ step: 0, turn: sampleTurn({ id, startMs }) })
  waiting.began('slow', 0)
  waiting.began('fast', 10)
  waiting.ended('fast', turn('fast', 10))
  const take = (nowMs: number) => waiting.take(nowMs, 10).map(({ turn: { id } }) => id)
  assert.deepEqual(take(5_000), [])
  waiting.ended('slow', turn('slow', 0))
  assert.deepEqual(take(6_000), ['slow', 'fast'])
  waiting.began('endless', 7_000)
  waiting.began('next', 8_000)
  waiting.ended('next', turn('next', 8_000))
  assert.deepEqual(take(8_000 + holdMaxMs - 1), [])
  assert.deepEqual(take(8_000 + holdMaxMs), ['next'], 'the wait has a bound')
})

test('what belongs to evidence that was begun anew does not count in it', () => {
  const { traffic, configure } = open()
  const facts = sampleFacts()
  traffic.began('call_1', traffic.assign(sampleMove(), facts, 0), 0)
  configure({ epoch: 2 })
  traffic.ended('call_1', sampleTurn())
  traffic.began('call_2', traffic.assign(sampleMove({ epoch: 2 }), facts, 0), 0)
  traffic.ended('call_2', sampleTurn({ id: 'call_2' }))
  configure({ epoch: 3 })
  assert.deepEqual(traffic.take(holdMaxMs, 10), [], 'also not what waits to be told')
})

test('what rises after completion is told, once until it has risen again', () => {
  const completed = { phase: 'completed', weightBasisPoints: 10_000 } as const
  const columns = [{ kind: 'size', metric: 'completion-tokens' }] as const
  const drift = [{ name: 'completion-tokens', mean: Math.log(51), deviation: 0.5 }]
  const { traffic } = open({ ...completed, columns, drift })
  const answer = (call: string, output: number): void => {
    const facts = sampleFacts({ call, unit: call })
    traffic.began(call, traffic.assign(sampleMove({ ...completed, columns, drift }), facts, 0), 0)
    const tokens = { input: 10, cachedInput: null, output, reasoning: null }
    traffic.ended(call, sampleTurn({ id: call, unit: call, tokens }))
  }
  for (let index = 0; index < 100; index += 1) answer(`even-${index}`, 50)
  assert.deepEqual(traffic.drifted(), [])
  for (let index = 0; index < 20; index += 1) answer(`more-${index}`, 120)
  assert.deepEqual(
    traffic.drifted().map(({ figure }) => figure),
    ['completion-tokens'],
  )
  assert.deepEqual(traffic.drifted(), [])
})

test('what is not listed any more moves nothing from then on, also where there is something left to tell of it', () => {
  const { traffic, run, at } = open({ weightBasisPoints: 10_000 })
  const facts = sampleFacts({ call: 'slow' })
  const move = traffic.moveFor(facts)
  assert.ok(move)
  const slow = traffic.assign(move, facts, 0)
  traffic.began('slow', slow, 0)
  at(10)
  run('quick', 'ok')
  // This node was cut off while traffic was taken back.
  at(6_000)
  traffic.configure([], 6_000)
  assert.equal(traffic.moveFor(facts), null)
  assert.equal(traffic.assign(move, facts, 6_000).arm, 'baseline', 'also of a call that was on its way')
  assert.ok(slow.takenBack.aborted)
  traffic.ended('slow', sampleTurn({ id: 'slow', startMs: 0 }))
  assert.deepEqual(
    traffic.take(6_000, 10).flatMap(({ turns }) => turns.map(({ turn }) => turn.id)),
    ['slow', 'quick'],
  )
  traffic.configure([], 6_001)
  assert.deepEqual(traffic.standings(), [])
})

test('callers who split their traffic themselves are not moved', () => {
  assert.equal(open({ split: 'client' }).traffic.moveFor(sampleFacts()), null)
})

test('a decision to go back is in force before the store has kept it, recalls what has not begun, and lasts no longer than it takes to be read', () => {
  const { traffic, configure, share, at } = open({ weightBasisPoints: 9_000 })
  const facts = sampleFacts({ unit: 'waiting' })
  const { takenBack } = traffic.assign(sampleMove({ weightBasisPoints: 9_000 }), facts, 0)
  assert.ok(share() > 0.8)
  traffic.stop('mig_1')
  assert.equal(takenBack.aborted, true)
  assert.equal(share(), 0)
  const { isEvidence } = traffic.assign(sampleMove({ weightBasisPoints: 9_000 }), facts, 0)
  assert.equal(isEvidence, false)
  at(stoppedMs)
  configure()
  const fresh = (unit: string) =>
    traffic.assign(sampleMove({ weightBasisPoints: 9_000 }), sampleFacts({ unit }), stoppedMs)
  const arms = Array.from({ length: 100 }, (_unused, index) => fresh(`fresh-${index}`).arm)
  assert.ok(arms.includes('candidate'), 'the decision was not kept after all')
  traffic.stop('mig_1')
  configure({ phase: 'rolling_back', weightBasisPoints: 0 })
  assert.equal(traffic.moveFor(facts), null)
  traffic.stop('mig_2')
})
