/** A migration's metrics as tests: what is counted, against which limit, with which share of the chance of error, and what a breach does. */

import type { Sentence } from '#base/sentence.ts'
import type { Column, MarkColumn } from './column.ts'
import { columnsDigest, columnsMax } from './column.ts'
import type { MetricName } from './metric.ts'
import { isGoodShare, metrics } from './metric.ts'
import { reason } from './reasons.ts'
import type { MetricSettings, MigrationFile } from './settings.ts'

/** What the baseline was before the start, and is measured against. By metric: the 99th percentile in milliseconds. */
export type BaselineFacts = {
  readonly p99Ms: Readonly<Partial<Record<MetricName, number>>>
  /** Its busiest minute; absent: not known. */
  readonly busiest?: Busiest
}

/** What the calls of one minute came to. */
export type Busiest = { readonly requestsPerMinute: number; readonly tokensPerMinute: number }

type OfTest = {
  readonly metric: MetricName
  /** Place of its column. */
  readonly column: number
  readonly critical: boolean
  readonly onFail: 'rollback' | 'pause'
  readonly dryRun: boolean
  /** The chance that it alone errs. */
  readonly alpha: number
}

export type AbsoluteTest = OfTest & {
  readonly kind: 'absolute' /** The largest share of hits. */
  readonly limit: number
}
export type RelativeTest = OfTest & {
  readonly kind: 'relative'
  readonly maxRatio: number | null
  readonly minRatio: number | null
}
export type MeanTest = OfTest & {
  readonly kind: 'mean'
  /** Place among the size columns. */
  readonly size: number
  readonly maxRatio: number | null
  readonly minRatio: number | null
}
export type Test = AbsoluteTest | RelativeTest | MeanTest

export type Judge = {
  readonly columns: readonly Column[]
  readonly digest: string
  readonly tests: readonly Test[]
  readonly policy: 'sequential' | 'thresholds'
  readonly thresholdSample: number
  readonly practicalFloor: number
  /** Of the guard of the split, and of the pass side. */
  readonly alpha: number
  /** What cannot be tested, and why. */
  readonly left: readonly Sentence[]
}

/** p99 above a limit means that more than this share is above it. */
const tailShare = 0.01
const relativeTtftRatio = 1
/** The guard of the split stops a migration that is sound with this chance. */
export const splitAlpha = 0.001

type Draft = { readonly columns: Column[]; readonly tests: (Test & { alpha: number })[]; readonly left: Sentence[] }

const columnAt = ({ columns }: Draft, column: Column): number => {
  const text = JSON.stringify(column)
  const found = columns.findIndex((one) => JSON.stringify(one) === text)
  return found >= 0 ? found : columns.push(column) - 1
}

const markOf = (metric: MetricName, above: number | null, compared: boolean): MarkColumn => ({
  kind: 'mark',
  metric,
  above,
  compared,
})

const commonOf = (setting: MetricSettings, dryRun: readonly MetricName[]) => ({
  metric: setting.name,
  critical: setting.critical ?? setting.name === 'error-rate',
  onFail: setting.on_fail ?? (metrics[setting.name].type === 'log_mean' ? ('pause' as const) : ('rollback' as const)),
  dryRun: dryRun.includes(setting.name),
  alpha: 0,
})

const addShare = (draft: Draft, setting: MetricSettings, common: ReturnType<typeof commonOf>): void => {
  const { threshold_range: range, relative } = setting
  const column = (compared: boolean): number => columnAt(draft, markOf(setting.name, null, compared))
  const limit = isGoodShare(setting.name) && range?.min !== undefined ? 1 - range.min : range?.max
  if (limit !== undefined) draft.tests.push({ ...common, kind: 'absolute', column: column(false), limit })
  if (relative !== undefined) {
    const metric = metrics[setting.name]
    draft.tests.push({
      ...common,
      kind: 'relative',
      column: column('compares' in metric),
      maxRatio: relative.max_ratio ?? null,
      minRatio: relative.min_ratio ?? null,
    })
  }
}

const addTail = (
  draft: Draft,
  setting: MetricSettings,
  { common, facts }: { common: ReturnType<typeof commonOf>; facts: BaselineFacts },
): void => {
  const { threshold_range: range, relative, name } = setting
  const before = facts.p99Ms[name] ?? null
  const needs = (what: string): void => void draft.left.push(reason('needs_p99', { metric: name, what }))
  if (range?.max_ms !== undefined) {
    const above = range.basis === 'absolute' ? range.max_ms : before === null ? null : before + range.max_ms
    if (above === null) needs('delta_over_baseline')
    else
      draft.tests.push({
        ...common,
        kind: 'absolute',
        column: columnAt(draft, markOf(name, above, false)),
        limit: tailShare,
      })
  }
  if (relative?.max_ratio === undefined) return
  if (before === null) {
    needs('relative')
    return
  }
  const column = columnAt(draft, markOf(name, before * relative.max_ratio, false))
  draft.tests.push({ ...common, kind: 'relative', column, maxRatio: relativeTtftRatio, minRatio: null })
}

const addMean = (draft: Draft, { name, relative }: MetricSettings, common: ReturnType<typeof commonOf>): void => {
  const column = columnAt(draft, { kind: 'size', metric: name })
  const bounds = { maxRatio: relative?.max_ratio ?? null, minRatio: relative?.min_ratio ?? null }
  draft.tests.push({ ...common, kind: 'mean', column, size: 0, ...bounds })
}

/** The tests of a migration. Pure: the same file and the same facts give the same tests, in the same order. */
export const judgeOf = ({ analysis }: Pick<MigrationFile, 'analysis'>, facts: BaselineFacts): Judge => {
  const draft: Draft = { columns: [], tests: [], left: [] }
  for (const setting of analysis.metrics) {
    const common = commonOf(setting, analysis.dry_run)
    const { type } = metrics[setting.name]
    if (type === 'proportion') addShare(draft, setting, common)
    else if (type === 'exceedance') addTail(draft, setting, { common, facts })
    else addMean(draft, setting, common)
  }
  if (draft.columns.length > columnsMax) draft.left.push(reason('first_columns', { count: columnsMax }))
  const columns = draft.columns.slice(0, columnsMax)
  const tests = draft.tests.filter(({ column }) => column < columnsMax)
  const moving = tests.filter(({ dryRun, onFail }) => !dryRun && onFail === 'rollback').length
  const alpha = analysis.alpha_total / Math.max(1, moving)
  const sizes = columns.flatMap((column, index) => (column.kind === 'size' ? [index] : []))
  return {
    columns,
    digest: columnsDigest(columns),
    tests: tests.map((test) => ({ ...test, alpha, ...(test.kind === 'mean' && { size: sizes.indexOf(test.column) }) })),
    policy: analysis.policy,
    thresholdSample: analysis.threshold_sample,
    practicalFloor: analysis.practical_floor,
    alpha,
    left: draft.left,
  }
}
