/**
 * The evidence of a migration: integer sums by step, arm and kind of unit. Nodes add to them in any order and any grouping and come to the same integers; a verdict
 * is a function of them.
 */

import { addTime } from '#base/histogram.ts'
import type { Column } from './column.ts'
import type { Arm, Observation } from './observation.ts'
import { hasFailed, isSample, isShown } from './observation.ts'
import type { ArmTally, UnitTally } from './tally.ts'
import { countedArm, joinTallies, tallyOf } from './tally.ts'

/** Conversations that can be recognised, and turns that stand alone because the caller gave nothing to know their conversation by. */
export type Stratum = 'conversation' | 'turn'

/** Sums of one size column over units: what the mean, and its variance between conversations, are made of. */
export type SizeSums = {
  readonly units: number
  readonly count: bigint
  readonly total: bigint
  readonly countSquared: bigint
  readonly totalSquared: bigint
  readonly cross: bigint
}

/** Of the units of one arm, assigned in one step. */
export type UnitSums = {
  readonly units: number
  /** By the column. */
  readonly seen: readonly number[]
  readonly hits: readonly number[]
  /** By the place of a size column among those. */
  readonly sizes: readonly SizeSums[]
}

/** Of turns, for people: how many met an arm, what they cost, how long they took. */
export type TurnSums = {
  readonly turns: number
  readonly failed: number
  /** Of those that failed: where nobody else answered, so that the caller met the failure. */
  readonly shown: number
  /** Turns whose cost is known. */
  readonly priced: number
  readonly inputTokens: bigint
  readonly outputTokens: bigint
  readonly costNanoUsd: bigint
  /** Of turns that are a sample of their arm: buckets of `base/histogram.ts`, in milliseconds. */
  readonly ttft: ReadonlyMap<number, number>
  /** Per token of output. */
  readonly tpot: ReadonlyMap<number, number>
  readonly duration: ReadonlyMap<number, number>
}

export type CellName = { readonly step: number; readonly arm: Arm; readonly stratum: Stratum }
export type Cell = CellName & { readonly units: UnitSums; readonly turns: TurnSums }

/** By the name of the cell. */
export type Evidence = ReadonlyMap<string, Cell>

/** Names a cell among the others of its epoch. */
export const cellKey = ({ step, arm, stratum }: CellName): string => `${step}/${arm}/${stratum}`

/** Conversations by their digest. */
export type Units = ReadonlyMap<string, UnitTally>

/** A turn, and the step in which it was assigned; below the first one: why in none, as aside.ts says. */
export type AssignedTurn = { readonly step: number; readonly turn: Observation }

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** A cell while turns are added to it: copied once for a batch, and not for each turn. */
type OpenCell = {
  readonly name: CellName
  units: number
  readonly seen: number[]
  readonly hits: number[]
  readonly sizes: Writable<SizeSums>[]
  readonly turns: Writable<Omit<TurnSums, 'ttft' | 'tpot' | 'duration'>>
  readonly ttft: Map<number, number>
  readonly tpot: Map<number, number>
  readonly duration: Map<number, number>
}

const noSize: SizeSums = { units: 0, count: 0n, total: 0n, countSquared: 0n, totalSquared: 0n, cross: 0n }

const noTurns = { turns: 0, failed: 0, shown: 0, priced: 0, inputTokens: 0n, outputTokens: 0n, costNanoUsd: 0n }

const emptyCell = (name: CellName, columns: readonly Column[]): OpenCell => ({
  name,
  units: 0,
  seen: columns.map(() => 0),
  hits: columns.map(() => 0),
  sizes: columns.filter(({ kind }) => kind === 'size').map(() => ({ ...noSize })),
  turns: { ...noTurns },
  ttft: new Map(),
  tpot: new Map(),
  duration: new Map(),
})

const openCell = ({ step, arm, stratum, units, turns: { ttft, tpot, duration, ...turns } }: Cell): OpenCell => ({
  name: { step, arm, stratum },
  units: units.units,
  seen: [...units.seen],
  hits: [...units.hits],
  sizes: units.sizes.map((size) => ({ ...size })),
  turns: { ...turns },
  ttft: new Map(ttft),
  tpot: new Map(tpot),
  duration: new Map(duration),
})

const closedCell = ({ name, units, seen, hits, sizes, turns, ttft, tpot, duration }: OpenCell): Cell => ({
  ...name,
  units: { units, seen, hits, sizes },
  turns: { ...turns, ttft, tpot, duration },
})

/** One unit more, or one less. */
const countUnit = (cell: OpenCell, { seen, hit, sizes }: ArmTally, sign: 1 | -1): void => {
  cell.units += sign
  for (let index = 0; index < cell.seen.length; index += 1) {
    if ((seen >>> index) & 1) cell.seen[index] = (cell.seen[index] ?? 0) + sign
    if ((hit >>> index) & 1) cell.hits[index] = (cell.hits[index] ?? 0) + sign
  }
  for (const [index, sum] of cell.sizes.entries()) {
    const [count = 0, total = 0] = sizes[index] ?? []
    if (count === 0) continue
    const [turns, amount, by] = [BigInt(count), BigInt(total), BigInt(sign)]
    sum.units += sign
    sum.count += by * turns
    sum.total += by * amount
    sum.countSquared += by * turns * turns
    sum.totalSquared += by * amount * amount
    sum.cross += by * turns * amount
  }
}

const countTurn = ({ turns: sums, ttft, tpot, duration }: OpenCell, turn: Observation): void => {
  sums.turns += 1
  if (hasFailed(turn)) sums.failed += 1
  if (isShown(turn)) sums.shown += 1
  if (turn.costNanoUsd !== null) sums.priced += 1
  sums.inputTokens += BigInt(turn.tokens.input ?? 0)
  sums.outputTokens += BigInt(turn.tokens.output ?? 0)
  sums.costNanoUsd += turn.costNanoUsd ?? 0n
  // How long somebody else took to answer says nothing of the arm.
  if (!isSample(turn)) return
  if (turn.ttftMs !== null) addTime(ttft, turn.ttftMs)
  if (turn.tpotMicros !== null) addTime(tpot, turn.tpotMicros / 1_000)
  addTime(duration, turn.durationMs)
}

export type Added = {
  /** The cells that have changed. */
  readonly cells: Evidence
  /** The conversations that have changed. */
  readonly units: Units
}

/** Cells that turns and marks are added to. */
const openSheet = (columns: readonly Column[], evidence: Evidence) => {
  const cells = new Map<string, OpenCell>()
  const at = (name: CellName): OpenCell => {
    const key = cellKey(name)
    const open = cells.get(key)
    if (open !== undefined) return open
    const before = evidence.get(key)
    const opened = before === undefined ? emptyCell(name, columns) : openCell(before)
    cells.set(key, opened)
    return opened
  }
  const count = (tally: UnitTally, stratum: Stratum, sign: 1 | -1): void => {
    const arm = countedArm(tally)
    const counted = tally[arm]
    if (counted !== undefined) countUnit(at({ step: counted.step, arm, stratum }), counted, sign)
  }
  return {
    at,
    count,
    /** A conversation as it is with what was told of it now. */
    join: (before: UnitTally | undefined, told: UnitTally): UnitTally => {
      const after = before === undefined ? told : joinTallies(before, told)
      if (before !== undefined) count(before, 'conversation', -1)
      count(after, 'conversation', 1)
      return after
    },
    closed: (): Evidence => new Map([...cells].map(([key, cell]) => [key, closedCell(cell)])),
  }
}

type Known = {
  readonly columns: readonly Column[]
  readonly known: Units
  readonly evidence: Evidence
}

/**
 * Adds turns to what is known. `known` holds the conversations of these turns as far as there are any, `evidence` the cells. A turn without a conversation is a
 * unit of its own, which nobody has to remember.
 */
export const addTurns = (turns: readonly AssignedTurn[], { columns, known, evidence }: Known): Added => {
  const sheet = openSheet(columns, evidence)
  const units = new Map<string, UnitTally>()
  for (const { step, turn } of turns) {
    const stratum: Stratum = turn.unit === null ? 'turn' : 'conversation'
    const told = tallyOf(turn, { step, columns })
    countTurn(sheet.at({ step, arm: turn.arm, stratum }), turn)
    if (turn.unit === null) sheet.count(told, stratum, 1)
    else units.set(turn.unit, sheet.join(units.get(turn.unit) ?? known.get(turn.unit), told))
  }
  return { cells: sheet.closed(), units }
}

/** What was said afterwards of a turn that is counted: whether it shows what a column counts. */
export type Mark = {
  readonly step: number
  readonly arm: Arm
  readonly unit: string | null
  readonly startMs: number
  readonly isHit: boolean
}

/** Adds marks of one column to turns and conversations that are counted already: it makes none. */
export const addMarks = (
  marks: readonly Mark[],
  { columns, known, evidence, column }: Known & { readonly column: number },
): Added => {
  const sheet = openSheet(columns, evidence)
  const units = new Map<string, UnitTally>()
  const sizes = columns.flatMap(({ kind }) => (kind === 'size' ? [[0, 0] as const] : []))
  for (const { step, arm, unit, startMs, isHit } of marks) {
    if (unit === null) {
      const { seen, hits } = sheet.at({ step, arm, stratum: 'turn' })
      seen[column] = (seen[column] ?? 0) + 1
      if (isHit) hits[column] = (hits[column] ?? 0) + 1
      continue
    }
    const before = units.get(unit) ?? known.get(unit)
    const bit = 1 << column
    if (before !== undefined)
      units.set(unit, sheet.join(before, { [arm]: { firstMs: startMs, step, seen: bit, hit: isHit ? bit : 0, sizes } }))
  }
  return { cells: sheet.closed(), units }
}
