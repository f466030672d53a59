/**
 * The evidence of a migration: integer sums by step, arm and kind of unit. Nodes add to them in any order and any grouping and come to the same integers; a verdict
 * is a function of them.
 */

import { bucketOf } from '#base/histogram.ts'
import type { Column } from './column.ts'
import type { Arm, Observation } from './observation.ts'
import { hasFailed } from './observation.ts'
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
  readonly inputTokens: bigint
  readonly outputTokens: bigint
  readonly costNanoUsd: bigint
  /** Buckets of `base/histogram.ts`, in milliseconds. */
  readonly ttft: ReadonlyMap<number, number>
  readonly duration: ReadonlyMap<number, number>
}

export type CellName = { readonly step: number; readonly arm: Arm; readonly stratum: Stratum }
export type Cell = CellName & { readonly units: UnitSums; readonly turns: TurnSums }

/** By the name of the cell. */
export type Evidence = ReadonlyMap<string, Cell>

export const cellKey = ({ step, arm, stratum }: CellName): string => `${step}/${arm}/${stratum}`

/** Conversations by their digest. */
export type Units = ReadonlyMap<string, UnitTally>

/** A turn, and the step in which it was assigned. */
export type AssignedTurn = { readonly step: number; readonly turn: Observation }

const noSize: SizeSums = { units: 0, count: 0n, total: 0n, countSquared: 0n, totalSquared: 0n, cross: 0n }

const noUnits = (columns: readonly Column[]): UnitSums => ({
  units: 0,
  seen: columns.map(() => 0),
  hits: columns.map(() => 0),
  sizes: columns.filter(({ kind }) => kind === 'size').map(() => noSize),
})

const noTurns: TurnSums = {
  turns: 0,
  failed: 0,
  inputTokens: 0n,
  outputTokens: 0n,
  costNanoUsd: 0n,
  ttft: new Map(),
  duration: new Map(),
}

/** The same sums with one unit more, or with one less. */
const withUnit = (sums: UnitSums, { seen, hit, sizes }: ArmTally, sign: 1 | -1): UnitSums => {
  const bit = (bits: number, index: number): number => sign * ((bits >>> index) & 1)
  return {
    units: sums.units + sign,
    seen: sums.seen.map((count, index) => count + bit(seen, index)),
    hits: sums.hits.map((count, index) => count + bit(hit, index)),
    sizes: sums.sizes.map((sum, index) => {
      const [count = 0, total = 0] = sizes[index] ?? []
      if (count === 0) return sum
      const [turns, amount, by] = [BigInt(count), BigInt(total), BigInt(sign)]
      return {
        units: sum.units + sign,
        count: sum.count + by * turns,
        total: sum.total + by * amount,
        countSquared: sum.countSquared + by * turns * turns,
        totalSquared: sum.totalSquared + by * amount * amount,
        cross: sum.cross + by * turns * amount,
      }
    }),
  }
}

const withOne = (counts: ReadonlyMap<number, number>, value: number | null): ReadonlyMap<number, number> => {
  if (value === null) return counts
  const bucket = bucketOf(value)
  return new Map(counts).set(bucket, (counts.get(bucket) ?? 0) + 1)
}

const withTurn = (sums: TurnSums, turn: Observation): TurnSums => ({
  turns: sums.turns + 1,
  failed: sums.failed + (hasFailed(turn) ? 1 : 0),
  inputTokens: sums.inputTokens + BigInt(turn.tokens.input ?? 0),
  outputTokens: sums.outputTokens + BigInt(turn.tokens.output ?? 0),
  costNanoUsd: sums.costNanoUsd + (turn.costNanoUsd ?? 0n),
  ttft: withOne(sums.ttft, turn.ttftMs),
  duration: withOne(sums.duration, turn.durationMs),
})

export type Added = {
  /** The cells that have changed. */
  readonly cells: Evidence
  /** The conversations that have changed. */
  readonly units: Units
}

/**
 * Adds turns to what is known. `known` holds the conversations of these turns as far as there are any, `evidence` the cells. A turn without a conversation is a
 * unit of its own, which nobody has to remember.
 */
export const addTurns = (
  turns: readonly AssignedTurn[],
  {
    columns,
    known,
    evidence,
  }: { readonly columns: readonly Column[]; readonly known: Units; readonly evidence: Evidence },
): Added => {
  const cells = new Map<string, Cell>()
  const units = new Map<string, UnitTally>()
  const change = (name: CellName, of: (cell: Cell) => Partial<Cell>): void => {
    const key = cellKey(name)
    const cell = cells.get(key) ?? evidence.get(key) ?? { ...name, units: noUnits(columns), turns: noTurns }
    cells.set(key, { ...cell, ...of(cell) })
  }
  const count = (tally: UnitTally, stratum: Stratum, sign: 1 | -1): void => {
    const arm = countedArm(tally)
    const counted = tally[arm]
    if (counted === undefined) return
    change({ step: counted.step, arm, stratum }, (cell) => ({ units: withUnit(cell.units, counted, sign) }))
  }
  for (const { step, turn } of turns) {
    const stratum: Stratum = turn.unit === null ? 'turn' : 'conversation'
    const told = tallyOf(turn, { step, columns })
    change({ step, arm: turn.arm, stratum }, (cell) => ({ turns: withTurn(cell.turns, turn) }))
    if (turn.unit === null) {
      count(told, stratum, 1)
      continue
    }
    const before = units.get(turn.unit) ?? known.get(turn.unit)
    const after = before === undefined ? told : joinTallies(before, told)
    if (before !== undefined) count(before, stratum, -1)
    count(after, stratum, 1)
    units.set(turn.unit, after)
  }
  return { cells, units }
}
