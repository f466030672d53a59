/**
 * What is known of one conversation. Tallies are joined, and every join gives the same whatever the order and the grouping: marks by "or", numbers by
 * addition, times by the smaller. What goes into the sums is a function of the tally alone, so that the sums depend on which turns were told, and on nothing else.
 */

import type { Column } from './column.ts'
import { isHit, sizeOf } from './column.ts'
import type { Arm, Observation } from './observation.ts'

/** Of one conversation on one arm. */
export type ArmTally = {
  /** When its first turn was sent, and in which step. */
  readonly firstMs: number
  readonly step: number
  /** Bits by the column: it was looked at; it was a hit. */
  readonly seen: number
  readonly hit: number
  /** By the place of a size column among those: turns and their total, in millionths of a logarithm. */
  readonly sizes: readonly (readonly [count: number, total: number])[]
}

/** A conversation that changed arms has both; it counts where it was first. */
export type UnitTally = Readonly<Partial<Record<Arm, ArmTally>>>

/** The arm on which a conversation counts. */
export const countedArm = (tally: UnitTally): Arm =>
  (tally.candidate?.firstMs ?? Number.POSITIVE_INFINITY) < (tally.baseline?.firstMs ?? Number.POSITIVE_INFINITY)
    ? 'candidate'
    : 'baseline'

/** What one turn says of its conversation. */
export const tallyOf = (
  turn: Observation,
  at: { readonly step: number; readonly columns: readonly Column[] },
): UnitTally => {
  let seen = 0
  let hit = 0
  const sizes: (readonly [number, number])[] = []
  for (const [index, column] of at.columns.entries()) {
    if (column.kind === 'size') {
      const size = sizeOf(column, turn)
      sizes.push(size === null ? [0, 0] : [1, size])
      continue
    }
    const shown = isHit(column, turn)
    if (shown !== null) seen |= 1 << index
    if (shown === true) hit |= 1 << index
  }
  return { [turn.arm]: { firstMs: turn.startMs, step: at.step, seen, hit, sizes } }
}

const joinArm = (one: ArmTally | undefined, other: ArmTally | undefined): ArmTally | undefined => {
  if (one === undefined || other === undefined) return one ?? other
  const isFirst = one.firstMs < other.firstMs || (one.firstMs === other.firstMs && one.step <= other.step)
  const { firstMs, step } = isFirst ? one : other
  return {
    firstMs,
    step,
    seen: one.seen | other.seen,
    hit: one.hit | other.hit,
    sizes: one.sizes.map(([count, total], index) => {
      const [otherCount = 0, otherTotal = 0] = other.sizes[index] ?? []
      return [count + otherCount, total + otherTotal]
    }),
  }
}

/** Commutes and associates. */
export const joinTallies = (one: UnitTally, other: UnitTally): UnitTally => {
  const baseline = joinArm(one.baseline, other.baseline)
  const candidate = joinArm(one.candidate, other.candidate)
  return { ...(baseline && { baseline }), ...(candidate && { candidate }) }
}
