import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Column } from './column.ts'
import type { AssignedTurn, Cell, Evidence } from './evidence.ts'
import { addTurns } from './evidence.ts'
import { evidenceJson, evidenceOf, tallyOfText, tallyText } from './evidence-text.ts'
import { outcomes } from './observation.ts'
import type { UnitTally } from './tally.ts'
import { sampleTurn } from './test-turn.ts'

const columns: readonly Column[] = [
  { kind: 'mark', metric: 'error-rate', above: null, compared: false },
  { kind: 'mark', metric: 'ttft-p99', above: 500, compared: false },
  { kind: 'size', metric: 'completion-tokens' },
]

type Known = { evidence: Evidence; units: Map<string, UnitTally> }
const nothing = (): Known => ({ evidence: new Map(), units: new Map() })

const add = (known: Known, turns: readonly AssignedTurn[]): Known => {
  const added = addTurns(turns, { columns, known: known.units, evidence: known.evidence })
  return {
    evidence: new Map<string, Cell>([...known.evidence, ...added.cells]),
    units: new Map([...known.units, ...added.units]),
  }
}
const text = ({ evidence }: Known): string => JSON.stringify(evidenceJson(evidence))

/** As a node would find it after a restart: through text. */
const restarted = ({ evidence, units }: Known): Known => ({
  evidence: evidenceOf(JSON.parse(JSON.stringify(evidenceJson(evidence)))),
  units: new Map([...units].map(([unit, tally]) => [unit, tallyOfText(tallyText(tally))])),
})

test('a conversation counts once, however many turns it has, and as failed when one of them has', () => {
  const turns = [1, 2, 3].map((at) => ({
    step: 0,
    turn: sampleTurn({ id: `call_${at}`, startMs: at, outcome: at === 2 ? 'cut' : 'ok' }),
  }))
  const [cell] = add(nothing(), turns).evidence.values()
  assert.deepEqual([cell?.units.units, cell?.units.seen[0], cell?.units.hits[0]], [1, 1, 1])
  assert.deepEqual([cell?.turns.turns, cell?.turns.failed], [3, 1])
  assert.equal(cell?.units.sizes[0]?.count, 2n, 'the tokens of a turn that failed are no sample')
})

test('a conversation that changed arms counts where it began, also where that is told later', () => {
  const late = { step: 2, turn: sampleTurn({ startMs: 9_000, outcome: 'timeout' }) }
  const early = { step: 0, turn: sampleTurn({ id: 'call_0', arm: 'baseline', startMs: 1_000 }) }
  const found = [...add(add(nothing(), [late]), [early]).evidence.values()]
  const units = found.map(({ arm, step, units: sums }) => [arm, step, sums.units, sums.hits[0]])
  assert.deepEqual(units.sort(), [
    ['baseline', 0, 1, 0],
    ['candidate', 2, 0, 0],
  ])
})

const turnsOf = fc.array(
  fc.record({
    step: fc.integer({ min: 0, max: 3 }),
    turn: fc
      .record({
        id: fc.uuid(),
        arm: fc.constantFrom('baseline' as const, 'candidate' as const),
        unit: fc.constantFrom(null, 'a', 'b', 'c', 'd'),
        startMs: fc.integer({ min: 0, max: 50 }),
        outcome: fc.constantFrom(...outcomes),
        ttftMs: fc.constantFrom(null, 100, 501, 7_000),
        output: fc.constantFrom(null, 0, 10, 4_000),
      })
      .map(({ output, ...rest }) =>
        sampleTurn({ ...rest, tokens: { input: 10, cachedInput: null, output, reasoning: null } }),
      ),
  }),
  { maxLength: 30 },
)

test('the sums do not depend on order, on which node told what in how many pieces, nor on restarts: equal byte for byte', () => {
  fc.assert(
    fc.property(turnsOf, fc.array(fc.nat(), { maxLength: 30 }), (turns, keys) => {
      const once = text(add(nothing(), turns))
      const shuffled = turns
        .map((turn, index) => ({ turn, key: keys[index] ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ turn }) => turn)
      let known = nothing()
      for (let at = 0; at < shuffled.length; ) {
        const size = 1 + ((keys[at] ?? 0) % 4)
        known = restarted(add(known, shuffled.slice(at, at + size)))
        at += size
      }
      // A cell that has become empty again says the same as none.
      const bare = (one: string): string =>
        JSON.stringify(
          (JSON.parse(one) as { units: number; turns: number }[]).filter(({ units, turns: met }) => units + met > 0),
        )
      assert.equal(bare(text(known)), bare(once))
    }),
    { numRuns: 500 },
  )
})

test('how long an answer took counts where the arm itself has given it', () => {
  const turns = (['ok', 'moved', 'timeout', 'left'] as const).map((outcome) => ({
    step: 0,
    turn: sampleTurn({ id: outcome, unit: outcome, outcome }),
  }))
  const [cell] = add(nothing(), turns).evidence.values()
  const count = (times: ReadonlyMap<number, number> | undefined): number =>
    [...(times ?? [])].reduce((sum, [, one]) => sum + one, 0)
  assert.deepEqual([cell?.turns.turns, cell?.turns.failed], [4, 2])
  assert.deepEqual([count(cell?.turns.ttft), count(cell?.turns.tpot), count(cell?.turns.duration)], [1, 1, 1])
})
