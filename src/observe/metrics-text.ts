/** Metrics of one process, or of several added up, as text. */

import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import { AggregatorRegistry } from 'prom-client'
import type { Gaps } from './gap-histogram.ts'
import { addGaps, gapsText } from './gap-histogram.ts'

/** What a process has counted, as plain data. */
export type CountedMetrics = {
  readonly metrics: readonly MetricObjectWithValues<MetricValue<string>>[]
  readonly gaps: Gaps
}

const together = (parts: readonly CountedMetrics[]) =>
  AggregatorRegistry.aggregate(parts.map(({ metrics }) => [...metrics]))

/** The parts together: counters and histograms are added, gauges as each of them says. Prometheus text format 0.0.4. */
export const metricsText = async (parts: readonly CountedMetrics[]): Promise<string> =>
  `${await together(parts).metrics()}${gapsText(addGaps(parts.map(({ gaps }) => gaps)))}`

/** The parts as one. */
export const addMetrics = async (parts: readonly CountedMetrics[]): Promise<CountedMetrics> => ({
  metrics: await together(parts).getMetricsAsJSON(),
  gaps: addGaps(parts.map(({ gaps }) => gaps)),
})

/** What stays of a process that has ended: what only ever grows, so that sums over all processes do not fall. */
export const lasting = ({ metrics, gaps }: CountedMetrics): CountedMetrics => ({
  metrics: metrics.filter(({ type }) => String(type) === 'counter' || String(type) === 'histogram'),
  gaps,
})
