/** Drover's figures beside a provider's own, day by day and model by model: what differs, by how much, and what may explain it. */

import { decimalOf, divideHalfUp } from '#base/money.ts'
import type { UsageExportRow } from '#report/usage-export/row.ts'

/** What is compared. Money is nano-USD. */
export type Metric = 'calls' | 'input' | 'cached_input' | 'output' | 'cost'

const metrics: readonly Metric[] = ['calls', 'input', 'cached_input', 'output', 'cost']

/** What Drover knows of a day and an upstream model at the providers that are compared. */
export type OwnDay = {
  readonly day: string
  readonly model: string | null
  readonly calls: number
  readonly input: number
  readonly cachedInput: number
  readonly output: number
  readonly costNanoUsd: bigint
  readonly failedAttempts: number
  readonly unknownCalls: number
  readonly unpricedAttempts: number
  readonly estimatedCalls: number
}

export type DifferenceLine = {
  readonly day: string
  /** `null` = the export does not tell models apart. */
  readonly model: string | null
  readonly metric: Metric
  readonly ours: bigint
  readonly theirs: bigint
  readonly difference: bigint
  /** Of theirs, two places; `null` = they have nothing. */
  readonly percent: string | null
  readonly alarm: boolean
  readonly reasons: readonly string[]
}

export type Comparison = {
  readonly lines: readonly DifferenceLine[]
  readonly alarms: number
  readonly days: number
}

type Sums = Partial<Record<Metric, bigint>>
/** What the export tells apart beyond day and model; Drover has no names of its own for these. */
const partNames = ['project', 'key', 'serviceTier'] as const
type PartName = (typeof partNames)[number]
/** By part and value. */
type Parts = Readonly<Record<PartName, Map<string, Sums>>>
type Theirs = { readonly day: string; readonly model: string | null; readonly sums: Sums; readonly parts: Parts }

const noParts = (): Parts => ({ project: new Map(), key: new Map(), serviceTier: new Map() })

/** `gpt-5.4-2026-03-05` and `claude-opus-4-20250514` are snapshots of the model before the date: compared with it as one. */
const modelOf = (model: string | null): string | null =>
  model === null ? null : model.toLowerCase().replace(/[-@](?:\d{4}-\d{2}-\d{2}|\d{8})$/, '')

const keyOf = (day: string, model: string | null): string => JSON.stringify([day, model])

const add = (sums: Sums, metric: Metric, amount: bigint | number | null): void => {
  if (amount !== null) sums[metric] = (sums[metric] ?? 0n) + BigInt(amount)
}

const addRow = (sums: Sums, row: UsageExportRow): void => {
  add(sums, 'calls', row.calls)
  add(sums, 'input', row.input)
  add(sums, 'cached_input', row.cachedInput)
  add(sums, 'output', row.output)
  add(sums, 'cost', row.costNanoUsd)
}

const partLabels = { project: 'projects', key: 'keys', serviceTier: 'service tiers' } as const
const partsShownMax = 5

/** Theirs, by what the export tells apart: one of them is often a program that does not go through Drover. */
const partReasons = (their: Theirs | undefined, metric: Metric): readonly string[] =>
  partNames.flatMap((name) => {
    const amounts = [...(their?.parts[name] ?? [])].map(([value, sums]) => [value, sums[metric] ?? 0n] as const)
    if (amounts.length < 2) return []
    const largest = amounts.toSorted(([, one], [, other]) => (one > other ? -1 : 1)).slice(0, partsShownMax)
    const shown = largest.map(([value, amount]) => `${value} ${metric === 'cost' ? decimalOf(amount) : amount}`)
    const more = amounts.length - largest.length
    return [`theirs by ${partLabels[name]}: ${shown.join(', ')}${more > 0 ? `, ${more} more` : ''}`]
  })

const theirsOf = (rows: readonly UsageExportRow[], byModel: boolean): ReadonlyMap<string, Theirs> => {
  const found = new Map<string, Theirs>()
  for (const row of rows) {
    const model = byModel ? modelOf(row.model) : null
    const key = keyOf(row.day, model)
    const { sums, parts } = found.get(key) ?? { sums: {}, parts: noParts() }
    addRow(sums, row)
    for (const name of partNames) {
      const value = row[name]
      if (value === null) continue
      const part = parts[name].get(value) ?? {}
      parts[name].set(value, part)
      addRow(part, row)
    }
    found.set(key, { day: row.day, model, sums, parts })
  }
  return found
}

const mergedOwn = (own: readonly OwnDay[], byModel: boolean): ReadonlyMap<string, OwnDay> => {
  const found = new Map<string, OwnDay>()
  for (const one of own) {
    const model = byModel ? modelOf(one.model) : null
    const key = keyOf(one.day, model)
    const before = found.get(key)
    found.set(key, {
      day: one.day,
      model,
      calls: (before?.calls ?? 0) + one.calls,
      input: (before?.input ?? 0) + one.input,
      cachedInput: (before?.cachedInput ?? 0) + one.cachedInput,
      output: (before?.output ?? 0) + one.output,
      costNanoUsd: (before?.costNanoUsd ?? 0n) + one.costNanoUsd,
      failedAttempts: (before?.failedAttempts ?? 0) + one.failedAttempts,
      unknownCalls: (before?.unknownCalls ?? 0) + one.unknownCalls,
      unpricedAttempts: (before?.unpricedAttempts ?? 0) + one.unpricedAttempts,
      estimatedCalls: (before?.estimatedCalls ?? 0) + one.estimatedCalls,
    })
  }
  return found
}

const amountOf = (own: OwnDay | undefined, metric: Metric): bigint => {
  if (own === undefined) return 0n
  if (metric === 'cost') return own.costNanoUsd
  return BigInt(metric === 'cached_input' ? own.cachedInput : own[metric])
}

const size = (amount: bigint): bigint => (amount < 0n ? -amount : amount)

/** Whether a difference is more than so many hundredths of a percent of theirs. */
const isOver = (difference: bigint, theirs: bigint, basisPointsMax: number): boolean =>
  difference !== 0n && size(difference) * 10_000n > size(theirs) * BigInt(basisPointsMax)

const percentOf = (difference: bigint, theirs: bigint): string | null =>
  theirs === 0n ? null : decimalOf(divideHalfUp(difference * 10_000n, size(theirs)) * 10_000_000n)

const reasonsOf = (own: OwnDay | undefined, metric: Metric, difference: bigint): readonly string[] => {
  if (own === undefined)
    return ['Drover has no calls of it: another key or program uses the same account, or the name differs']
  const reasons: string[] = []
  const isLess = difference < 0n
  if (isLess && own.failedAttempts > 0)
    reasons.push(`${own.failedAttempts} attempts failed here, and may have been billed there`)
  if (isLess && metric !== 'cost' && own.unknownCalls > 0)
    reasons.push(`${own.unknownCalls} calls reported no usage here, and are in no sum`)
  if (isLess && metric === 'cost' && own.unpricedAttempts > 0)
    reasons.push(`${own.unpricedAttempts} attempts have no price here: see prices explain`)
  if (own.estimatedCalls > 0) reasons.push(`${own.estimatedCalls} calls were counted by Drover itself`)
  return reasons
}

const dayMs = 86_400_000
const dayBeside = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10)

/** The same model on the day before or after makes up for it: calls around midnight count on another day. */
const isEdge = (line: DifferenceLine, all: ReadonlyMap<string, DifferenceLine>, basisPointsMax: number): boolean =>
  [-1, 1].some((days) => {
    const beside = all.get(JSON.stringify([dayBeside(line.day, days), line.model, line.metric]))
    if (beside === undefined || beside.difference === 0n || beside.difference > 0n === line.difference > 0n)
      return false
    return !isOver(line.difference + beside.difference, line.theirs + beside.theirs, basisPointsMax)
  })

const linesOf = (own: ReadonlyMap<string, OwnDay>, theirs: ReadonlyMap<string, Theirs>, days: ReadonlySet<string>) => {
  const keys = new Set([...theirs.keys(), ...[...own].filter(([, one]) => days.has(one.day)).map(([key]) => key)])
  // Costs may come in an export of their own, and then say nothing of tokens: what no row of theirs says is not compared.
  const said = new Set([...theirs.values()].flatMap(({ sums }) => Object.keys(sums)))
  const lines: DifferenceLine[] = []
  for (const key of [...keys].sort()) {
    const [ownDay, their] = [own.get(key), theirs.get(key)]
    const { day, model } = (ownDay ?? their) as { readonly day: string; readonly model: string | null }
    for (const metric of metrics.filter((one) => said.has(one))) {
      const theirAmount = their?.sums[metric]
      if (their !== undefined && theirAmount === undefined) continue
      const [ours, theirsNow] = [amountOf(ownDay, metric), theirAmount ?? 0n]
      const difference = ours - theirsNow
      if (ours === 0n && theirsNow === 0n) continue
      const reasons = difference === 0n ? [] : [...reasonsOf(ownDay, metric, difference), ...partReasons(their, metric)]
      const percent = percentOf(difference, theirsNow)
      lines.push({ day, model, metric, ours, theirs: theirsNow, difference, percent, alarm: false, reasons })
    }
  }
  return lines
}

/**
 * Compares a provider's export with Drover's figures of the same days. A difference over `basisPointsMax` hundredths of a percent
 * is an alarm, unless a day beside it makes up for it.
 */
export const compareUsage = (
  own: readonly OwnDay[],
  rows: readonly UsageExportRow[],
  options: { readonly basisPointsMax: number; readonly today: string },
): Comparison => {
  const { basisPointsMax, today } = options
  const byModel = rows.some(({ model }) => model !== null)
  const days = new Set(rows.map(({ day }) => day))
  const lines = linesOf(mergedOwn(own, byModel), theirsOf(rows, byModel), days)
  const all = new Map(lines.map((line) => [JSON.stringify([line.day, line.model, line.metric]), line]))
  const judged = lines.map((line): DifferenceLine => {
    if (!isOver(line.difference, line.theirs, basisPointsMax)) return { ...line, reasons: [] }
    if (line.day >= today) return { ...line, reasons: ['the day is not over', ...line.reasons] }
    if (isEdge(line, all, basisPointsMax))
      return { ...line, reasons: ['a day beside it makes up for it: calls around midnight count on another day there'] }
    return { ...line, alarm: true }
  })
  return { lines: judged, alarms: judged.filter(({ alarm }) => alarm).length, days: days.size }
}

/** Which rows of an export are Drover's own, where others use the same account; absent = all. */
export type ExportFilter = Readonly<Partial<Record<PartName, readonly string[]>>>

/** The rows that are compared: those of the projects, keys and tiers that are named. */
export const rowsWithin = (rows: readonly UsageExportRow[], filter: ExportFilter): readonly UsageExportRow[] =>
  rows.filter((row) =>
    partNames.every((name) => {
      const wanted = filter[name]
      const value = row[name]
      return wanted === undefined || (value !== null && wanted.includes(value))
    }),
  )
