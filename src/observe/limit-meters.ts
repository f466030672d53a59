/** Metrics of limits that several nodes count together. */

import type { Registry } from 'prom-client'
import { Counter, Gauge } from 'prom-client'

/** Since the start of the process. */
export type LimitFigures = {
  /** Whether they are counted together now; else each node enforces its share. */
  readonly together: boolean
  /** Takes that asked the counter, that had enough at hand, and that this node decided by its share. */
  readonly trips: number
  readonly atHand: number
  readonly alone: number
  /** Trips beside the calls. */
  readonly reports: number
}

/** Gives what takes the newest figures. */
export const limitMeters = (registers: Registry[]): ((figures: LimitFigures | null) => void) => {
  const together = new Gauge({
    name: 'drover_limits_together',
    help: '1 = limits are counted with the other nodes in Redis, 0 = Redis is away and this node enforces its share.',
    registers,
    aggregator: 'min',
  })
  const takes = new Counter({
    name: 'drover_limit_takes_total',
    help: 'Decisions about limits, by what they were made with: a trip to Redis, units at hand that were lent before, the share of this node.',
    labelNames: ['by'],
    registers,
  })
  const reports = new Counter({
    name: 'drover_limit_reports_total',
    help: 'Trips to Redis that no call waited for: what was used, given back, or is still in use.',
    registers,
  })
  return (figures) => {
    if (figures === null) return
    together.set(figures.together ? 1 : 0)
    takes.reset()
    takes.inc({ by: 'trip' }, figures.trips)
    takes.inc({ by: 'at_hand' }, figures.atHand)
    takes.inc({ by: 'share' }, figures.alone)
    reports.reset()
    reports.inc(figures.reports)
  }
}
