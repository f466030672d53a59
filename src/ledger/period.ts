/** Periods of budgets, in UTC. */

import type { BudgetPeriod } from './port.ts'

const dayMs = 86_400_000
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const firstMondayMs = 4 * dayMs

/** `[startMs, endMs)` of the period that holds the instant; `null` = it has no end. */
export const periodAt = (
  period: BudgetPeriod,
  atMs: number,
): { readonly startMs: number; readonly endMs: number | null } => {
  if (period === 'total') return { startMs: 0, endMs: null }
  if (period === 'day') {
    const startMs = Math.floor(atMs / dayMs) * dayMs
    return { startMs, endMs: startMs + dayMs }
  }
  if (period === 'week') {
    const startMs = Math.floor((atMs - firstMondayMs) / (7 * dayMs)) * 7 * dayMs + firstMondayMs
    return { startMs, endMs: startMs + 7 * dayMs }
  }
  const at = new Date(atMs)
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
  return { startMs: Date.UTC(year, month, 1), endMs: Date.UTC(year, month + 1, 1) }
}
