/** The same turns told by one node, by several, in other pieces and over restarts: at every point of evaluation the judgement must be the same, bit for bit. */

import { compile } from '#migration/compiled.ts'
import type { AssignedTurn, Evidence, Units } from '#migration/evidence.ts'
import { addTurns } from '#migration/evidence.ts'
import { evidenceJson, evidenceOf, tallyOfText, tallyText } from '#migration/evidence-text.ts'
import { judgementOf } from '#migration/judgement.ts'
import { sampleTurn } from '#migration/test-turn.ts'
import { verdictOf } from '#migration/verdict.ts'
import type { Scenario } from './migration-contrast.ts'

const { judge, weights } = compile({
  file: 'migration: move\nmatch: { models: [m] }\nbaseline: { route: alpha/m }\ncandidate: { route: beta/n }\n',
  facts: { p99Ms: { 'ttft-p99': 400 } },
})

const turnsOfRun = 160
const evaluatedEvery = 40
const conversations = 60

type Told = { readonly evidence: Evidence; readonly units: Units }
const nothing: Told = { evidence: new Map(), units: new Map() }

const add = ({ evidence, units }: Told, turns: readonly AssignedTurn[]): Told => {
  const added = addTurns(turns, { columns: judge.columns, known: units, evidence })
  return { evidence: new Map([...evidence, ...added.cells]), units: new Map([...units, ...added.units]) }
}

/** As it is found again: through text. */
const restarted = ({ evidence, units }: Told): Told => ({
  evidence: evidenceOf(JSON.parse(JSON.stringify(evidenceJson(evidence)))),
  units: new Map([...units].map(([unit, tally]) => [unit, tallyOfText(tallyText(tally))])),
})

const judged = ({ evidence }: Told): string => {
  const judgement = judgementOf(judge, evidence, weights)
  return JSON.stringify([judgement, verdictOf(judgement, judge)])
}

const thrown = (chance: () => number): readonly AssignedTurn[] =>
  Array.from({ length: turnsOfRun }, (_unused, index) => {
    const unit = Math.floor(chance() * conversations)
    const arm = unit % 4 === 0 ? ('candidate' as const) : ('baseline' as const)
    return {
      step: unit % 3,
      turn: sampleTurn({
        id: `call_${index}`,
        unit: unit % 11 === 0 ? null : `unit_${unit}`,
        startMs: index * 10,
        arm,
        outcome: chance() < (arm === 'candidate' ? 0.05 : 0.01) ? 'timeout' : 'ok',
        ttftMs: Math.round(100 + 500 * chance()),
        tokens: { input: 100, cachedInput: 0, output: Math.round(1 + 300 * chance()), reasoning: null },
      }),
    }
  })

/** What `nodes` tell of these turns, each in its own order and its own pieces, with the store read anew after every `restartEvery` of them. */
const toldBy = (
  known: Told,
  turns: readonly AssignedTurn[],
  how: { readonly nodes: number; readonly restartEvery: number; readonly chance: () => number },
): Told => {
  const { nodes, restartEvery, chance } = how
  const each = Array.from({ length: nodes }, () => [] as AssignedTurn[])
  for (const turn of turns) each[Math.floor(chance() * nodes)]?.push(turn)
  const pieces = each.flatMap((own) => {
    const mixed = own.map((turn) => ({ turn, key: chance() })).sort((a, b) => a.key - b.key)
    const size = 1 + Math.floor(chance() * 7)
    return Array.from({ length: Math.ceil(mixed.length / size) }, (_unused, at) =>
      mixed.slice(at * size, (at + 1) * size).map(({ turn }) => turn),
    )
  })
  return pieces.reduce(
    (told, piece, index) => (index % restartEvery === 0 ? restarted(add(told, piece)) : add(told, piece)),
    known,
  )
}

/** Turns until the first point at which they judge otherwise; `null` = they never do. */
const differsAt =
  (nodes: number, restartEvery: number): Scenario['run'] =>
  (chance) => {
    const turns = thrown(chance)
    let [alone, several] = [nothing, nothing]
    for (let at = 0; at < turns.length; at += evaluatedEvery) {
      const more = turns.slice(at, at + evaluatedEvery)
      alone = add(alone, more)
      several = toldBy(several, more, { nodes, restartEvery, chance })
      if (judged(alone) !== judged(several)) return at + evaluatedEvery
    }
    return null
  }

export const byNodes = (): readonly Scenario[] =>
  (
    [
      [2, 1_000],
      [3, 2],
      [7, 1],
    ] as const
  ).map(([nodes, restartEvery]) => ({
    test: 'same judgement',
    truth: `${nodes} nodes, read anew after ${restartEvery} pieces`,
    run: differsAt(nodes, restartEvery),
    shareMax: 0,
  }))
