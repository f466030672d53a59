/** What every backend does for migrations. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { Column } from '#migration/column.ts'
import type { AssignedTurn } from '#migration/evidence.ts'
import { addTurns } from '#migration/evidence.ts'
import { evidenceJson } from '#migration/evidence-text.ts'
import type { Change, State } from '#migration/itinerary.ts'
import { draftState } from '#migration/itinerary.ts'
import type { EvidenceBatch, MigrationRow, NewDecision } from '#migration/port.ts'
import { sampleTurn } from '#migration/test-turn.ts'
import { sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const row = (id: string): MigrationRow => ({
  id,
  name: 'move',
  file: 'migration: move',
  digest: 'd',
  salt: 's',
  createdMs: 5,
  facts: { p99Ms: { 'ttft-p99': 400 } },
  state: draftState,
  version: 1,
  checkedMs: 5,
})

type Step = { readonly migration: string; readonly number: number; readonly change: Change; readonly after: State }

const decision = ({ migration, number, change, after }: Step, trail: string | null = null): NewDecision => ({
  decision: {
    migration,
    number,
    timeMs: 10 * number,
    actor: 'drover',
    change,
    why: 'because',
    from: 'draft',
    after,
    evidence: [],
  },
  trail: trail === null ? null : sampleTrail(trail),
})

const ramping: State = { ...draftState, phase: 'ramping', step: 0, weightBasisPoints: 500 }
const start: Change = { kind: 'start', startStep: 0 }
const columns: readonly Column[] = [
  { kind: 'mark', metric: 'error-rate', above: null, compared: false },
  { kind: 'size', metric: 'completion-tokens' },
]

/** Registers the tests that every backend passes as MigrationStore. */
export const migrationContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: of decisions with the same number exactly one is kept, and with it the state that it leads to`, async (context) => {
    const store = await open(context, handClock(0))
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }, 'trl_1'),
    )
    assert.deepEqual(await store.migration('move'), { ...row('mig_1'), state: ramping })
    const paused: State = { ...ramping, phase: 'paused', pause: 'manual' }
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() =>
        store.decideMigration(
          decision({ migration: 'mig_1', number: 2, change: { kind: 'pause', reason: 'manual' }, after: paused }),
        ),
      ),
    )
    assert.equal(answers.filter(Boolean).length, 1)
    const found = await store.migration('move')
    assert.deepEqual([found?.version, found?.state, found?.checkedMs], [2, paused, 20])
    const kept = await store.decisions({ migration: 'mig_1', after: 0, limit: 10 })
    assert.deepEqual(
      kept.map(({ number, change }) => [number, change.kind]),
      [
        [1, 'start'],
        [2, 'pause'],
      ],
    )
    assert.equal((await store.decisions({ migration: 'mig_1', after: 1, limit: 10 })).length, 1)
    assert.equal((await store.trail({ limit: 10, after: null })).length, 1)
  })

  test(`${name}: a name is free again when its migration is over, and means the newest`, async (context) => {
    const store = await open(context, handClock(0))
    const begin = (id: string) =>
      store.createMigration(row(id), decision({ migration: id, number: 1, change: start, after: ramping }))
    await begin('mig_1')
    await assert.rejects(begin('mig_2'), { code: 'conflict' })
    const over: State = { ...ramping, phase: 'aborted', weightBasisPoints: 0 }
    await store.decideMigration(decision({ migration: 'mig_1', number: 2, change: { kind: 'abort' }, after: over }))
    await begin('mig_2')
    assert.equal((await store.migration('move'))?.id, 'mig_2')
    assert.deepEqual(
      (await store.migrations()).map(({ id }) => id),
      ['mig_2'],
    )
  })

  test(`${name}: of what processes found by copying calls the last word of each is kept`, async (context) => {
    const store = await open(context, handClock(0))
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }),
    )
    const told = (source: string, log: string) => ({ migration: 'mig_1', source, log })
    for (const one of [told('b', '1'), told('a', '2'), told('b', '3'), told('b', '3')]) await store.keepShadow(one)
    assert.deepEqual(await store.shadows('mig_1'), [told('a', '2'), told('b', '3')])
    assert.deepEqual(await store.shadows('mig_2'), [])
  })

  test(`${name}: nodes that tell at once, and twice, come to the sums of one who is told everything once`, async (context) => {
    const store = await open(context, handClock(0))
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }),
    )
    const turns: AssignedTurn[] = Array.from({ length: 60 }, (_unused, index) => ({
      step: index % 3,
      turn: sampleTurn({
        id: `call_${index}`,
        unit: index % 7 === 0 ? null : `unit_${index % 11}`,
        arm: index % 2 === 0 ? 'candidate' : 'baseline',
        startMs: 1_000 - index,
        outcome: index % 5 === 0 ? 'timeout' : 'ok',
      }),
    }))
    const batch = (source: number, sequence: number): EvidenceBatch => ({
      migration: 'mig_1',
      epoch: 1,
      source: `node_${source}`,
      sequence,
      columns,
      turns: turns.filter((_turn, index) => index % 3 === source && (index % 2) + 1 === sequence),
    })
    const tell = async (source: number): Promise<void> => {
      assert.equal(await store.addEvidence(batch(source, 1)), true)
      assert.equal(await store.addEvidence(batch(source, 1)), false)
      assert.equal(await store.addEvidence(batch(source, 2)), true)
      assert.equal(await store.addEvidence(batch(source, 1)), false)
    }
    await Promise.all([tell(0), tell(1), tell(2)])
    const once = addTurns(turns, { columns, known: new Map(), evidence: new Map() })
    const bare = (cells: readonly { readonly units: number; readonly turns: number }[]) =>
      cells.filter(({ units, turns: met }) => units + met > 0)
    assert.deepEqual(bare(await store.evidence('mig_1', 1)), bare(evidenceJson(once.cells)))
    assert.deepEqual(await store.evidence('mig_1', 2), [])
    await store.checkMigration('mig_1', 77)
    assert.equal((await store.migration('move'))?.checkedMs, 77)
    assert.equal(await store.forgetUnits(1_000, 5), 0, 'it is under way')
    const over: State = { ...ramping, phase: 'rolled_back', weightBasisPoints: 0 }
    await store.decideMigration(decision({ migration: 'mig_1', number: 2, change: { kind: 'settle' }, after: over }))
    assert.equal(await store.forgetUnits(20, 5), 0, 'it has ended just now')
    const pin = (unit: string) => ({ unit, arm: 'baseline' as const, step: 0, atMs: 1 })
    await store.keepPins({ migration: 'mig_1', pins: ['a', 'b', 'c'].map(pin), idleBeforeMs: 0 })
    const gone = [await store.forgetUnits(21, 2), await store.forgetUnits(21, 5), await store.forgetUnits(21, 1000)]
    assert.deepEqual(gone, [2, 5, 7], 'three pins and eleven conversations')
    assert.deepEqual(await store.pins({ migration: 'mig_1', after: 0, sinceMs: 0, limit: 10 }), [])
    assert.deepEqual(bare(await store.evidence('mig_1', 1)), bare(evidenceJson(once.cells)), 'the sums stay')
  })

  test(`${name}: marks move with every decision, and not when the evidence is looked at; who is back has none`, async (context) => {
    const store = await open(context, handClock(0))
    assert.deepEqual(await store.migrationMarks(), [])
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }),
    )
    assert.deepEqual(await store.migrationMarks(), [{ id: 'mig_1', version: 1, checkedMs: 5 }])
    await store.checkMigration('mig_1', 77)
    assert.deepEqual(await store.migrationMarks(), [{ id: 'mig_1', version: 1, checkedMs: 77 }])
    const over: State = { ...ramping, phase: 'rolled_back', weightBasisPoints: 0 }
    await store.decideMigration(decision({ migration: 'mig_1', number: 2, change: { kind: 'settle' }, after: over }))
    assert.deepEqual(await store.migrationMarks(), [])
  })

  test(`${name}: a report counts once, on whichever node it is told and however often, when its time has come and in the epoch that it was told in`, async (context) => {
    const store = await open(context, handClock(0))
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }),
    )
    const turn = (id: string, startMs: number) =>
      sampleTurn({ id, unit: id, startMs, arm: 'candidate', costNanoUsd: 12_345_678_901_234_567n })
    const told = (ids: readonly string[], epoch = 1) => ({
      migration: 'mig_1',
      turns: ids.map((id, index) => ({ epoch, step: 0, turn: turn(id, 100 + index) })),
    })
    const kept = await Promise.all([store.keepReports(told(['a', 'b'])), store.keepReports(told(['a', 'b', 'c']))])
    assert.equal(kept[0] + kept[1], 3)
    assert.equal(await store.keepReports(told(['late'], 2)), 1)
    const count = (beganBeforeMs: number) =>
      store.countReports({ migration: 'mig_1', columns, beganBeforeMs, limit: 10 })
    assert.equal(await count(99), 0)
    assert.equal(await count(100), 2, 'a, and the one of another epoch')
    assert.deepEqual([await count(200), await count(200)], [2, 0])
    const [cell] = await store.evidence('mig_1', 1)
    assert.deepEqual([cell?.units, cell?.turns, cell?.cost_nano_usd], [3, 3, '37037036703703701'])
    const [other] = await store.evidence('mig_1', 2)
    assert.deepEqual([other?.units, other?.turns, other?.step], [1, 1, 0])
    assert.equal(await store.keepReports(told(['a'])), 0, 'told again after it was counted')
  })

  test(`${name}: a conversation that goes on since before the evidence began anew counts in no step of the new one`, async (context) => {
    const store = await open(context, handClock(0))
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }),
    )
    const batch = (epoch: number, sequence: number, units: readonly (string | null)[]): EvidenceBatch => ({
      migration: 'mig_1',
      epoch,
      source: 'node_1',
      sequence,
      columns,
      turns: units.map((unit, index) => ({ step: 1, turn: sampleTurn({ id: `${sequence}_${index}`, unit }) })),
    })
    await store.addEvidence(batch(1, 1, ['one', 'two']))
    await store.addEvidence(batch(2, 2, ['two', 'three', null]))
    await store.addEvidence(batch(3, 3, ['one', 'four']))
    const cells = async (epoch: number) =>
      (await store.evidence('mig_1', epoch)).map(({ step, stratum, units }) => [step, stratum, units])
    assert.deepEqual(await cells(1), [[1, 'conversation', 2]])
    assert.deepEqual(await cells(2), [
      [-1, 'conversation', 1],
      [1, 'conversation', 1],
      [1, 'turn', 1],
    ])
    assert.deepEqual(await cells(3), [
      [-1, 'conversation', 1],
      [1, 'conversation', 1],
    ])
  })

  test(`${name}: where conversations are is read on from the last number; what has been moved stays so`, async (context) => {
    const store = await open(context, handClock(0))
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }),
    )
    const pin = (unit: string, atMs: number, isMoved = false) => ({
      unit,
      arm: isMoved ? ('candidate' as const) : ('baseline' as const),
      step: 0,
      atMs,
      ...(isMoved && { isMoved: true as const }),
    })
    const tell = (...pins: readonly ReturnType<typeof pin>[]) =>
      store.keepPins({ migration: 'mig_1', pins, idleBeforeMs: 0 })
    const readOn = async (after: number, sinceMs = 0) =>
      (await store.pins({ migration: 'mig_1', after, sinceMs, limit: 10 })).map(
        ({ unit, atMs, number, isMoved = false }) => [unit, atMs, number, isMoved],
      )
    await Promise.all([tell(pin('a', 1), pin('b', 2)), tell(pin('c', 3))])
    assert.deepEqual(
      (await readOn(0)).map(([, , number]) => number),
      [1, 2, 3],
    )
    await tell(pin('b', 9, true))
    await tell(pin('b', 12), pin('a', 12))
    assert.deepEqual(await readOn(3), [
      ['b', 9, 4, true],
      ['a', 12, 6, false],
    ])
    assert.deepEqual(await store.pins({ migration: 'mig_2', after: 0, sinceMs: 0, limit: 10 }), [])
    await store.keepPins({ migration: 'mig_1', pins: [pin('d', 40)], idleBeforeMs: 10 })
    assert.deepEqual(
      await readOn(0),
      [
        ['a', 12, 6, false],
        ['d', 40, 7, false],
      ],
      'the silent ones are gone',
    )
    assert.deepEqual(await readOn(0, 13), [['d', 40, 7, false]])
    await store.keepPins({ migration: 'mig_1', pins: [pin('e', 90)], idleBeforeMs: 80 })
    assert.deepEqual(
      await readOn(0),
      [
        ['d', 40, 7, false],
        ['e', 90, 8, false],
      ],
      'whoever has read to the last number misses none',
    )
  })

  test(`${name}: what was said of turns that are known is never set aside, however much of it waits`, async (context) => {
    const store = await open(context, handClock(0))
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }),
    )
    const asking: readonly Column[] = [{ kind: 'mark', metric: 'feedback-bad-share', above: null, compared: false }]
    const told = [
      ['a', 'one', 1_000],
      ['UNIT:b', null, 1_000],
      ['c', 'two', 1_000],
      ['d', 'two', 1_000],
      ['e', 'two', 900],
    ] as const
    const turns = told.map(([id, unit, startMs]) => ({ step: 1, turn: sampleTurn({ id, unit, startMs }) }))
    const batch = { migration: 'mig_1', epoch: 1, source: 'node_1', sequence: 1, columns: asking, turns }
    await store.addEvidence(batch)
    const calls = ['never', 'a', 'UNIT:b', 'unit:one', 'unit:two']
    await store.keepFeedback({ migration: 'mig_1', nowMs: 5_000, said: calls.map((call) => ({ call, isBad: true })) })
    const count = async () => {
      const counted = await store.countFeedback({ migration: 'mig_1', columns: asking, asideBeforeMs: 6_000, limit: 1 })
      return [counted, ...Object.values(await store.feedback('mig_1'))]
    }
    assert.deepEqual(
      [await count(), await count(), await count(), await count()],
      [
        [1, 3, 2, 0],
        [1, 1, 4, 0],
        [1, 0, 4, 1],
        [0, 0, 4, 1],
      ],
    )
  })

  test(`${name}: what people said counts once, for the turn that it was said of and its conversation; of no turn it is set aside`, async (context) => {
    const store = await open(context, handClock(0))
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }),
    )
    const asking: readonly Column[] = [
      ...columns,
      { kind: 'mark', metric: 'feedback-bad-share', above: null, compared: false },
    ]
    const turnOf = (id: string, changes: Parameters<typeof sampleTurn>[0]) => ({
      step: 1,
      turn: sampleTurn({ id, arm: 'candidate', ...changes }),
    })
    const count = (asideBeforeMs: number) =>
      store.countFeedback({ migration: 'mig_1', columns: asking, asideBeforeMs, limit: 10 })
    const say = (call: string, isBad: boolean, nowMs = 5_000) =>
      store.keepFeedback({ migration: 'mig_1', nowMs, said: [{ call, isBad }] })
    assert.equal(await say('early', true), 1, 'before its turn is told')
    assert.equal(await count(0), 0)
    const turns = [
      turnOf('early', { unit: 'one' }),
      turnOf('next', { unit: 'one', startMs: 2_000 }),
      turnOf('alone', { unit: null }),
      turnOf('other', { unit: 'two' }),
      turnOf('base', { unit: 'three', arm: 'baseline' }),
      turnOf('moved', { unit: 'two', outcome: 'moved' }),
    ]
    await store.addEvidence({
      migration: 'mig_1',
      epoch: 1,
      source: 'node_1',
      sequence: 1,
      columns: asking,
      turns,
    })
    const cell = async (arm: string, stratum: string) => {
      const found = (await store.evidence('mig_1', 1)).find((one) => one.arm === arm && one.stratum === stratum)
      return [found?.units, found?.seen[2], found?.hits[2]]
    }
    assert.deepEqual(await cell('candidate', 'conversation'), [2, 0, 0], 'nobody has said anything that is counted')
    for (const [call, isBad] of [
      ['next', false],
      ['alone', true],
      ['unit:two', false],
      ['base', false],
      ['moved', true],
      ['never', true],
    ] as const)
      assert.equal(await say(call, isBad), 1)
    assert.deepEqual([await say('base', true), await say('early', false)], [0, 0], 'the first word counts')
    assert.equal(await count(0), 5)
    assert.equal(await count(0), 0)
    assert.deepEqual(await cell('candidate', 'conversation'), [2, 2, 1])
    assert.deepEqual(await cell('candidate', 'turn'), [1, 1, 1])
    assert.deepEqual(await cell('baseline', 'conversation'), [1, 1, 0])
    assert.deepEqual(await store.feedback('mig_1'), { waiting: 2, counted: 5, aside: 0 })
    assert.equal(await count(6_000), 2, 'of what another arm answered, and of nothing')
    assert.deepEqual(await store.feedback('mig_1'), { waiting: 0, counted: 5, aside: 2 })
  })

  test(`${name}: strata are added with the evidence, a batch that is told twice once; points come in the order of time`, async (context) => {
    const store = await open(context, handClock(0))
    await store.createMigration(
      row('mig_1'),
      decision({ migration: 'mig_1', number: 1, change: start, after: ramping }),
    )
    const batch = (sequence: number, callSite: string | null): EvidenceBatch => ({
      migration: 'mig_1',
      epoch: 1,
      source: 'node_1',
      sequence,
      columns,
      turns: [{ step: 0, turn: sampleTurn({ id: `call_${sequence}`, callSite, caller: 'someone' }) }],
    })
    for (const one of [batch(1, 'web'), batch(1, 'web'), batch(2, 'web'), batch(3, null)]) await store.addEvidence(one)
    const { sums, callers } = await store.strata('mig_1', 1)
    assert.equal(sums.get('call_site/candidate/web')?.turns, 2)
    assert.equal(sums.get('delivery/candidate/stream')?.inputTokens, 300n)
    assert.deepEqual([callers.candidate.length, callers.baseline.length], [1, 0])
    assert.equal((await store.strata('mig_1', 2)).sums.size, 0)
    const point = (timeMs: number) => ({
      migration: 'mig_1',
      epoch: 1,
      timeMs,
      step: 0,
      baseline: 1,
      candidate: 1,
      findings: [],
    })
    for (const timeMs of [20, 10, 30, 20]) await store.keepPoint(point(timeMs))
    assert.deepEqual(await store.points({ migration: 'mig_1', limit: 2 }), [point(20), point(30)])
  })
}
