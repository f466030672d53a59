/** What evidence is counted of: the columns that a migration's metrics come to, once its limits and the baseline's own figures are fixed. */

import { createHash } from 'node:crypto'
import type { MetricName } from './metric.ts'
import { metrics } from './metric.ts'
import type { Observation } from './observation.ts'

/** Counts units of which a turn showed it. */
export type MarkColumn = {
  readonly kind: 'mark'
  readonly metric: MetricName
  /** A hit is a figure above this; `null` = the metric says itself what a hit is. */
  readonly above: number | null
  /** Whether the metric's wider sense for comparisons is meant. */
  readonly compared: boolean
}

/** Sums a logarithm. */
export type SizeColumn = { readonly kind: 'size'; readonly metric: MetricName }

export type Column = MarkColumn | SizeColumn

/** Columns of one migration are no more than this: a unit's marks are bits of an integer. */
export const columnsMax = 24

const million = 1e6

/** Whether the turn is a hit of the column; `null` = it says nothing of it. */
export const isHit = (column: MarkColumn, turn: Observation): boolean | null => {
  const metric = metrics[column.metric]
  if (metric.type === 'proportion')
    return column.compared && 'compares' in metric ? metric.compares(turn) : metric.shows(turn)
  const size = metric.size(turn)
  if (size === null || column.above === null) return null
  if (size > column.above) return true
  return 'atLeast' in metric && metric.atLeast(turn) ? null : false
}

/** ln(1 + figure) in millionths, a whole number; `null` = unknown. */
export const sizeOf = ({ metric }: SizeColumn, turn: Observation): number | null => {
  const found = metrics[metric]
  if (found.type === 'proportion') return null
  const size = found.size(turn)
  return size === null ? null : Math.round(Math.log1p(Math.max(0, size)) * million)
}

/** Names what is counted: evidence under another name is not comparable. */
export const columnsDigest = (columns: readonly Column[]): string =>
  createHash('sha256').update(JSON.stringify(columns)).digest('hex').slice(0, 16)
