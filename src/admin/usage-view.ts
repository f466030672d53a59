/** Figures of usage as they are shown: every count with what is unknown beside it, every amount exact. */

import { z } from 'zod'
import { csvLine } from '#base/csv.ts'
import { decimalOf, divideHalfUp } from '#base/money.ts'
import type { UsageGroup, UsageTally } from '#report/port.ts'
import { table } from './render.ts'

const tokens = (describe: string) => z.int().describe(describe)
const money = (describe: string) => z.string().describe(`${describe} Nano-USD as a decimal string.`)

/** The sums of a group. */
export const tallyView = z.object({
  calls: z.int(),
  errors: z.int().describe('Calls with an error code, whoever is to blame.'),
  refused: z.int().describe('Calls of which nothing was delivered.'),
  cut: z.int().describe('Calls that the upstream broke off.'),
  left: z.int().describe('Calls that the caller broke off.'),
  attempts: z.int().describe('Tries of upstream targets, counted under the provider that was tried.'),
  failed_attempts: z.int(),
  input: tokens('Tokens; includes cached and cache-write tokens.'),
  cached_input: tokens('Tokens read from a cache.'),
  cache_write: tokens('Tokens written to a cache.'),
  output: tokens('Tokens; includes reasoning.'),
  reasoning: tokens('Tokens of reasoning.'),
  unknown: z
    .object({
      input: z.int(),
      cached_input: z.int(),
      cache_write: z.int(),
      output: z.int(),
      reasoning: z.int(),
    })
    .describe('Calls that did not say: they are in none of the sums.'),
  estimated: z.int().describe('Calls whose tokens Drover counted or estimated itself.'),
  charge_nano_usd: money('What accounts were charged.'),
  unpriced: z.int().describe('Calls whose charge is not known: they are in no sum of money.'),
  upstream_cost_nano_usd: money('What the attempts cost the operator, failed ones included.'),
  upstream_unpriced: z.int().describe('Answered attempts whose cost is not known.'),
  margin_nano_usd: money('Charge less upstream cost, of what is known.'),
  margin_percent: z.string().nullable().describe('Of the charge; null = nothing was charged.'),
})

type TallyView = z.input<typeof tallyView>

const percentOf = (part: bigint, whole: bigint): string | null =>
  whole === 0n ? null : decimalOf(divideHalfUp(part * 10_000n, whole) * 10_000_000n)

/** The sums of a group as they are shown. */
export const viewOfTally = (tally: UsageTally): TallyView => {
  const marginNanoUsd = tally.chargeNanoUsd - tally.upstreamCostNanoUsd
  return {
    calls: tally.calls,
    errors: tally.errors,
    refused: tally.refused,
    cut: tally.cut,
    left: tally.left,
    attempts: tally.attempts,
    failed_attempts: tally.failedAttempts,
    input: tally.input,
    cached_input: tally.cachedInput,
    cache_write: tally.cacheWrite,
    output: tally.output,
    reasoning: tally.reasoning,
    unknown: {
      input: tally.inputUnknown,
      cached_input: tally.cachedInputUnknown,
      cache_write: tally.cacheWriteUnknown,
      output: tally.outputUnknown,
      reasoning: tally.reasoningUnknown,
    },
    estimated: tally.estimated,
    charge_nano_usd: tally.chargeNanoUsd.toString(),
    unpriced: tally.unpriced,
    upstream_cost_nano_usd: tally.upstreamCostNanoUsd.toString(),
    upstream_unpriced: tally.upstreamUnpriced,
    margin_nano_usd: marginNanoUsd.toString(),
    margin_percent: percentOf(marginNanoUsd, tally.chargeNanoUsd),
  }
}

const name = z.string().nullable().optional()

/** A group: only the names that were grouped by are there; null = its calls have none. */
export const groupView = tallyView.extend({
  day: z.string().optional().describe('UTC.'),
  hour: z.string().optional().describe('Its beginning, RFC 3339, UTC.'),
  account: name,
  account_name: name,
  project: name,
  member: name,
  key: name,
  key_name: name,
  model: name,
  provider: name,
  upstream_model: name,
  tag: name,
})

export type GroupView = z.input<typeof groupView>

/** The moment of a group, as a day or an hour. */
export const momentOfGroup = ({ startMs }: UsageGroup, grain: 'hour' | 'day'): Pick<GroupView, 'day' | 'hour'> => {
  if (startMs === null) return {}
  const text = new Date(startMs).toISOString()
  return grain === 'day' ? { day: text.slice(0, 10) } : { hour: `${text.slice(0, 19)}Z` }
}

const nameColumns = [
  'day',
  'hour',
  'account',
  'account_name',
  'project',
  'member',
  'key',
  'key_name',
  'model',
  'provider',
  'upstream_model',
  'tag',
] as const

const usd = (nano: string): string => decimalOf(BigInt(nano))

/** Whether nothing is known of what attempts cost: then there is no margin to show. */
const isOfNoKnownCost = ({ attempts, upstream_unpriced: unpriced }: TallyView): boolean =>
  attempts > 0 && unpriced === attempts

/** The amounts and counts of a person's table. */
const shownFigures = (view: TallyView): readonly (string | number | null)[] => [
  view.calls,
  view.errors,
  view.input,
  view.cached_input,
  view.output,
  view.unknown.input + view.unknown.output === 0 ? null : Math.max(view.unknown.input, view.unknown.output),
  usd(view.charge_nano_usd),
  ...(isOfNoKnownCost(view)
    ? [null, null, null]
    : [
        usd(view.upstream_cost_nano_usd),
        usd(view.margin_nano_usd),
        view.margin_percent === null ? null : `${view.margin_percent}%`,
      ]),
]

/** Below the table, where a margin is smaller than it looks. */
const costText = ({ upstream_unpriced: unpriced, attempts }: TallyView): string =>
  unpriced === 0 ? '' : `${unpriced} of ${attempts} attempts have no known cost: margins are at most what is shown.\n`

const figureHeadings = ['CALLS', 'ERRORS', 'INPUT', 'CACHED', 'OUTPUT', 'UNKNOWN', 'CHARGE', 'COST', 'MARGIN', '%']

/** A person's table of groups; without time among them the dearest come first. */
export const usageTable = (groups: readonly GroupView[], total: TallyView | null): string => {
  const shown = nameColumns.filter((column) => groups.some((group) => group[column] !== undefined))
  const columns = shown.filter((column) => !shown.includes(`${column}_name` as (typeof shown)[number]))
  const byTime = columns.includes('day') || columns.includes('hour')
  const ordered = byTime
    ? groups
    : groups.toSorted((one, other) => Number(BigInt(other.charge_nano_usd) - BigInt(one.charge_nano_usd)))
  const rows = ordered.map((group) => [...columns.map((column) => group[column]), ...shownFigures(group)])
  const sum =
    total === null || columns.length === 0 ? [] : [['total', ...columns.slice(1).map(() => ''), ...shownFigures(total)]]
  const headings = columns.map((column) =>
    column
      .replace(/_name$/, '')
      .replace('_', ' ')
      .toUpperCase(),
  )
  const below = total === null ? '' : costText(total)
  return `${table([...headings, ...figureHeadings], [...rows, ...sum])}${below}`
}

/** Groups as CSV; amounts in decimal USD. */
export const usageCsv = (groups: readonly GroupView[], withHeadings: boolean): string => {
  const headings = [
    ...nameColumns,
    ...['calls', 'errors', 'refused', 'cut', 'left', 'attempts', 'failed_attempts'],
    ...['input', 'cached_input', 'cache_write', 'output', 'reasoning'],
    ...['unknown_input', 'unknown_cached_input', 'unknown_cache_write', 'unknown_output', 'unknown_reasoning'],
    ...['estimated', 'charge_usd', 'unpriced', 'upstream_cost_usd', 'upstream_unpriced', 'margin_usd'],
  ]
  const lines = groups.map((group) =>
    csvLine([
      ...nameColumns.map((column) => group[column] ?? null),
      ...[group.calls, group.errors, group.refused, group.cut, group.left, group.attempts, group.failed_attempts],
      ...[group.input, group.cached_input, group.cache_write, group.output, group.reasoning],
      ...[group.unknown.input, group.unknown.cached_input, group.unknown.cache_write],
      ...[group.unknown.output, group.unknown.reasoning],
      ...[group.estimated, usd(group.charge_nano_usd), group.unpriced],
      ...[usd(group.upstream_cost_nano_usd), group.upstream_unpriced, usd(group.margin_nano_usd)],
    ]),
  )
  return `${withHeadings ? csvLine(headings) : ''}${lines.join('')}`
}
