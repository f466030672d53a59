/** Sums over calls as the rollup keeps them, in one order for all statements. */

import type { UsageTally } from '#report/port.ts'
import { emptyTally } from '#report/port.ts'

/** Columns of `usage_rollup`, with the field of a tally that each holds. */
export const sumColumns = {
  calls: 'calls',
  errors: 'errors',
  refused: 'refused',
  cut: 'cut',
  left_early: 'left',
  attempts: 'attempts',
  failed_attempts: 'failedAttempts',
  input: 'input',
  input_unknown: 'inputUnknown',
  cached_input: 'cachedInput',
  cached_input_unknown: 'cachedInputUnknown',
  cache_write: 'cacheWrite',
  cache_write_unknown: 'cacheWriteUnknown',
  output: 'output',
  output_unknown: 'outputUnknown',
  reasoning: 'reasoning',
  reasoning_unknown: 'reasoningUnknown',
  estimated: 'estimated',
  charge_nano_usd: 'chargeNanoUsd',
  unpriced: 'unpriced',
  upstream_cost_nano_usd: 'upstreamCostNanoUsd',
  upstream_unpriced: 'upstreamUnpriced',
} as const satisfies Readonly<Record<string, keyof UsageTally>>

export type SumColumn = keyof typeof sumColumns

export const sumNames = Object.keys(sumColumns) as readonly SumColumn[]

/** A tally from a row of sums. */
export const tallyOf = (row: Readonly<Record<SumColumn, bigint>>): UsageTally => {
  const tally = emptyTally()
  for (const name of sumNames) {
    const field = sumColumns[name]
    if (field === 'chargeNanoUsd' || field === 'upstreamCostNanoUsd') tally[field] = row[name]
    else tally[field] = Number(row[name])
  }
  return tally
}
