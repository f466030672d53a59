/** Evidence as text, for the store and for reports: the same sums give the same text, byte for byte. */

import type { Cell, Evidence, SizeSums } from './evidence.ts'
import { cellKey } from './evidence.ts'
import type { Observation } from './observation.ts'
import type { ArmTally, UnitTally } from './tally.ts'

const sorted = (counts: ReadonlyMap<number, number>): readonly (readonly [number, number])[] =>
  [...counts].sort(([a], [b]) => a - b)

const sizeText = ({ units, count, total, countSquared, totalSquared, cross }: SizeSums) => ({
  units,
  count: String(count),
  total: String(total),
  count_squared: String(countSquared),
  total_squared: String(totalSquared),
  cross: String(cross),
})

/** A cell as plain JSON; whole numbers that may be large are strings. */
export const cellJson = ({ step, arm, stratum, units, turns }: Cell) => ({
  step,
  arm,
  stratum,
  units: units.units,
  seen: units.seen,
  hits: units.hits,
  sizes: units.sizes.map(sizeText),
  turns: turns.turns,
  failed: turns.failed,
  shown: turns.shown,
  priced: turns.priced,
  input_tokens: String(turns.inputTokens),
  output_tokens: String(turns.outputTokens),
  cost_nano_usd: String(turns.costNanoUsd),
  ttft: sorted(turns.ttft),
  tpot: sorted(turns.tpot),
  duration: sorted(turns.duration),
})

type Later = 'shown' | 'priced' | 'tpot'
/** What earlier versions did not count is not there. */
export type CellJson = Omit<ReturnType<typeof cellJson>, Later> & Partial<Pick<ReturnType<typeof cellJson>, Later>>

const sizeOfText = (text: CellJson['sizes'][number]): SizeSums => ({
  units: text.units,
  count: BigInt(text.count),
  total: BigInt(text.total),
  countSquared: BigInt(text.count_squared),
  totalSquared: BigInt(text.total_squared),
  cross: BigInt(text.cross),
})

/** The inverse of `cellJson`. */
export const cellOf = (json: CellJson): Cell => ({
  step: json.step,
  arm: json.arm,
  stratum: json.stratum,
  units: { units: json.units, seen: json.seen, hits: json.hits, sizes: json.sizes.map(sizeOfText) },
  turns: {
    turns: json.turns,
    failed: json.failed,
    shown: json.shown ?? 0,
    priced: json.priced ?? json.turns,
    inputTokens: BigInt(json.input_tokens),
    outputTokens: BigInt(json.output_tokens),
    costNanoUsd: BigInt(json.cost_nano_usd),
    ttft: new Map(json.ttft),
    tpot: new Map(json.tpot ?? []),
    duration: new Map(json.duration),
  },
})

/** All cells, in the order of their names. */
export const evidenceJson = (evidence: Evidence): readonly CellJson[] =>
  [...evidence.keys()].sort().flatMap((key) => {
    const cell = evidence.get(key)
    return cell === undefined ? [] : [cellJson(cell)]
  })

/** The inverse of `evidenceJson`. */
export const evidenceOf = (cells: readonly CellJson[]): Evidence =>
  new Map(cells.map((json) => [cellKey(json), cellOf(json)]))

type ArmText = readonly [number, number, number, number, ArmTally['sizes']]

const armText = ({ firstMs, step, seen, hit, sizes }: ArmTally): ArmText => [firstMs, step, seen, hit, sizes]
const armOf = ([firstMs, step, seen, hit, sizes]: ArmText): ArmTally => ({ firstMs, step, seen, hit, sizes })

/** A conversation's tally as short JSON text. */
export const tallyText = ({ baseline, candidate }: UnitTally): string =>
  JSON.stringify({ ...(baseline && { b: armText(baseline) }), ...(candidate && { c: armText(candidate) }) })

/** The inverse of `tallyText`. */
export const tallyOfText = (text: string): UnitTally => {
  const { b, c } = JSON.parse(text) as { readonly b?: ArmText; readonly c?: ArmText }
  return { ...(b && { baseline: armOf(b) }), ...(c && { candidate: armOf(c) }) }
}

/** A turn as JSON text. */
export const turnText = (turn: Observation): string =>
  JSON.stringify({ ...turn, costNanoUsd: turn.costNanoUsd === null ? null : String(turn.costNanoUsd) })

/** The inverse of `turnText`. */
export const turnOfText = (text: string): Observation => {
  const turn = JSON.parse(text) as Omit<Observation, 'costNanoUsd'> & { readonly costNanoUsd: string | null }
  return { ...turn, costNanoUsd: turn.costNanoUsd === null ? null : BigInt(turn.costNanoUsd) }
}
