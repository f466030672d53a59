/**
 * T6: after promotion there is no baseline left to compare with. A one-sided cumulative sum of standardised values finds that they have risen and stay so. A
 * heuristic: about one false alarm in 5,700 values that are independent and normal; it warns, and never moves traffic by itself.
 */

import { middleMs } from '#base/histogram.ts'
import type { Column } from './column.ts'
import { sizeOf } from './column.ts'
import type { Cell, Evidence } from './evidence.ts'
import type { Observation } from './observation.ts'
import { isSample } from './observation.ts'

/** Of a standard deviation: what is let pass at each value. */
const slack = 0.25
/** In standard deviations. */
const alarmAt = 12

/** Mean and deviation before, of the logarithm of a figure. */
export type DriftBase = { readonly mean: number; readonly deviation: number }

/** The sum after one more value; it begins at 0. */
export const driftAfter = (sum: number, value: number, { mean, deviation }: DriftBase): number =>
  Math.max(0, sum + (value - mean) / deviation - slack)

export const hasDrifted = (sum: number): boolean => sum >= alarmAt

/** Fewer values give no base to hold others against. */
const valuesMin = 100
const million = 1e6

/** A figure that is watched after completion, and what it was at the candidate until then. */
export type DriftWatch = DriftBase & { readonly name: string }

const firstPart = 'first part of streams'

/** Of a column of sizes: the mean of turns, and how far they lie apart. */
const sizeBase = (cells: readonly Cell[], place: number): DriftBase | null => {
  let [count, total, rest] = [0, 0, 0]
  for (const { units } of cells) {
    count += Number(units.sizes[place]?.count ?? 0n)
    total += Number(units.sizes[place]?.total ?? 0n) / million
  }
  if (count < valuesMin) return null
  const mean = total / count
  for (const { units } of cells) {
    const { totalSquared = 0n, cross = 0n, countSquared = 0n } = units.sizes[place] ?? {}
    rest +=
      Number(totalSquared) / million / million -
      (2 * mean * Number(cross)) / million +
      mean * mean * Number(countSquared)
  }
  return { mean, deviation: Math.sqrt(Math.max(0, rest) / count) }
}

const firstPartBase = (cells: readonly Cell[]): DriftBase | null => {
  const values = cells.flatMap(({ turns }) =>
    [...turns.ttft].map(([bucket, count]) => ({ value: Math.log1p(middleMs(bucket)), count })),
  )
  const count = values.reduce((sum, one) => sum + one.count, 0)
  if (count < valuesMin) return null
  const mean = values.reduce((sum, one) => sum + one.count * one.value, 0) / count
  const rest = values.reduce((sum, one) => sum + one.count * (one.value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(rest / count) }
}

/** As sums keep figures, to the millionth: what lies closer together than that did not vary. */
const deviationMin = 1e-6

/** What is watched once a migration is complete, by what the candidate was during it. What did not vary cannot be standardised, and is left out. */
export const driftWatchesOf = (columns: readonly Column[], evidence: Evidence): readonly DriftWatch[] => {
  const cells = [...evidence.values()].filter(({ arm }) => arm === 'candidate')
  const sizes = columns.filter((column) => column.kind === 'size')
  const found = [
    ...sizes.map(({ metric }, place) => ({ name: metric as string, base: sizeBase(cells, place) })),
    { name: firstPart, base: firstPartBase(cells) },
  ]
  return found.flatMap(({ name, base }) => (base === null || base.deviation < deviationMin ? [] : [{ name, ...base }]))
}

/** The logarithm of what a turn shows of a watched figure; `null` = nothing. */
const driftValueOf = ({ name }: DriftWatch, columns: readonly Column[], turn: Observation): number | null => {
  if (name === firstPart) return turn.ttftMs === null || !isSample(turn) ? null : Math.log1p(turn.ttftMs)
  const column = columns.find((one) => one.kind === 'size' && one.metric === name)
  const size = column?.kind === 'size' ? sizeOf(column, turn) : null
  return size === null ? null : size / million
}

/** How far the watched figures of one migration have risen on this node. */
export type Rises = {
  readonly see: (
    watched: { readonly drift: readonly DriftWatch[]; readonly columns: readonly Column[] },
    turn: Observation,
  ) => void
  /** Names of figures that have risen and stay so; each begins anew then. */
  readonly take: () => readonly string[]
}

export const watchRises = (): Rises => {
  const rises = new Map<string, number>()
  return {
    see: ({ drift, columns }, turn) => {
      for (const watch of drift) {
        const value = driftValueOf(watch, columns, turn)
        if (value !== null) rises.set(watch.name, driftAfter(rises.get(watch.name) ?? 0, value, watch))
      }
    },
    take: () => {
      const found = [...rises].flatMap(([figure, rise]) => (hasDrifted(rise) ? [figure] : []))
      for (const figure of found) rises.delete(figure)
      return found
    },
  }
}
