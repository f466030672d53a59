/** What vendors ask beside what callers pay here, in dollars and yuan: for people, for sheets, for the public page. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { csvLine } from '#base/csv.ts'
import type { FxRate } from '#base/fx-rate.ts'
import { fxRateAt } from '#base/fx-rate.ts'
import { decimalOf, divideHalfUp, nanoPerUnit } from '#base/money.ts'
import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { priceAt } from '#base/price-row.ts'
import type { ModelRow } from '#policy/model-table.ts'
import { ratesNow, rowForAccount } from '#relay/account-price.ts'
import { accountNamed } from './credits.ts'
import { handleField } from './field.ts'
import { operation } from './operation.ts'
import { modelNamed } from './price-text.ts'
import { table } from './render.ts'

export const side = z.object({
  input: z.string().nullable(),
  cached_input: z.string().nullable(),
  output: z.string().nullable(),
})

const comparisonView = z.object({
  model: z.string(),
  vendor: z.string().nullable(),
  family: z.string().nullable(),
  official_usd: side.nullable().describe('What the vendor asks, per million tokens; null = not known.'),
  official_cny: side.nullable(),
  ours_usd: side.nullable().describe('What callers pay here; null = unpriced.'),
  ours_cny: side.nullable(),
  saving_percent: side.describe(
    'Of the official price in dollars, or in yuan where the vendor has no other; below zero is dearer.',
  ),
  source: z.string().nullable().describe('Of the official price.'),
  read: z.string().nullable().describe('The day on which it was read.'),
})

export type Comparison = z.input<typeof comparisonView>

type Figures = Pick<PriceRates, 'input' | 'cachedInput' | 'output'>

const sideOf = (rates: Figures | null): z.input<typeof side> | null => {
  if (rates === null) return null
  const text = (nano: bigint | null): string | null => (nano === null ? null : decimalOf(nano))
  return { input: text(rates.input), cached_input: text(rates.cachedInput), output: text(rates.output) }
}

const each = (rates: Figures, change: (nano: bigint) => bigint): Figures => {
  const one = (nano: bigint | null): bigint | null => (nano === null ? null : change(nano))
  return { input: one(rates.input), cachedInput: one(rates.cachedInput), output: one(rates.output) }
}

/** `31.58`: two places, half up, also below zero. */
const percent = (official: bigint | null, ours: bigint | null): string | null => {
  if (official === null || ours === null || official === 0n) return null
  return decimalOf(divideHalfUp((official - ours) * 10_000n, official) * 10_000_000n)
}

const official = ({ officialRows = [] }: ModelRow, atMs: number, currency: 'USD' | 'CNY'): PriceRow | null =>
  priceAt(officialRows, { atMs, inputTokens: 0, serviceTier: null, currency })?.row ?? null

/** Our price in yuan: as its row says it where that is in yuan and nothing changes it, else from dollars. */
const oursInYuan = (
  row: ModelRow,
  ours: Figures | null,
  given: { atMs: number; perUsd: bigint | null },
): Figures | null => {
  const { atMs, perUsd } = given
  const isPlain = row.rules === undefined || (row.rules.markup === null && row.rules.discount === null)
  const own = row.priceRows === 'free' ? null : priceAt(row.priceRows, { atMs, inputTokens: 0, serviceTier: null })
  if (isPlain && own?.row.currency === 'CNY') return own.row.rates
  return ours === null || perUsd === null ? null : each(ours, (nano) => divideHalfUp(nano * perUsd, nanoPerUnit))
}

/** The comparison of one model at an instant; without rates of exchange its price here is in dollars alone. */
export const compareModel = (
  row: ModelRow,
  { atMs, fxRates }: { readonly atMs: number; readonly fxRates: readonly FxRate[] },
): Comparison => {
  const perUsd = fxRateAt(fxRates, 'CNY', atMs)?.perUsdNano ?? null
  const free = row.priceRows === 'free'
  const ours: Figures | null = free
    ? { input: 0n, cachedInput: 0n, output: 0n }
    : ratesNow(row, { atMs, inputTokens: 0 })
  const usd = official(row, atMs, 'USD')
  const cny = official(row, atMs, 'CNY')
  const yuan = oursInYuan(row, ours, { atMs, perUsd })
  const [theirs, beside] = usd === null ? [cny?.rates ?? null, yuan] : [usd.rates, ours]
  return {
    model: row.id,
    vendor: row.vendor ?? null,
    family: row.family ?? null,
    official_usd: sideOf(usd?.rates ?? null),
    official_cny: sideOf(cny?.rates ?? null),
    ours_usd: sideOf(ours),
    ours_cny: sideOf(yuan),
    saving_percent: {
      input: percent(theirs?.input ?? null, beside?.input ?? null),
      cached_input: percent(theirs?.cachedInput ?? null, beside?.cachedInput ?? beside?.input ?? null),
      output: percent(theirs?.output ?? null, beside?.output ?? null),
    },
    source: (usd ?? cny)?.source ?? null,
    read: (usd ?? cny)?.read ?? null,
  }
}

const columns = ['input', 'cached_input', 'output'] as const

const csvOf = (rows: readonly Comparison[], at: string): string => {
  const sides = ['official_usd', 'ours_usd', 'official_cny', 'ours_cny'] as const
  const headings = [
    'model',
    'vendor',
    ...sides.flatMap((name) => columns.map((column) => `${name}_${column}`)),
    ...columns.map((column) => `saving_percent_${column}`),
    'source',
    'read',
    'at',
  ]
  const lines = rows.map((row) => [
    row.model,
    row.vendor,
    ...sides.flatMap((name) => columns.map((column) => row[name]?.[column] ?? null)),
    ...columns.map((column) => row.saving_percent[column]),
    row.source,
    row.read,
    at,
  ])
  return [headings, ...lines].map(csvLine).join('')
}

const text = (one: z.input<typeof side> | null, unit: string): string =>
  one === null ? '-' : columns.map((column) => `${unit}${one[column] ?? '-'}`).join(' / ')

const compare = operation({
  noun: 'prices',
  verb: 'compare',
  summary: 'What vendors ask beside what callers pay here: input, cached input and output, the saving, in USD and CNY.',
  method: 'GET',
  path: '/prices/compare',
  scope: 'read',
  input: z.strictObject({
    models: z.array(z.string().min(1).max(200)).max(1000).optional().describe('Only these models.'),
    vendor: z.string().min(1).max(64).optional().describe('Only models of this vendor.'),
    account: handleField().optional().describe('As this account pays.'),
    format: z.enum(['text', 'csv']).default('text').describe('How it is printed; --json prints JSON.'),
  }),
  output: z.object({
    at: z.string(),
    fx_cny_per_usd: z.string().nullable(),
    format: z.enum(['text', 'csv']),
    data: z.array(comparisonView),
  }),
  flags: [],
  render: ({ data, at, format }) =>
    format === 'csv'
      ? csvOf(data, at)
      : table(
          ['MODEL', 'OFFICIAL USD in/cached/out', 'OURS USD', 'OFFICIAL CNY', 'OURS CNY', 'SAVING %', 'READ', 'SOURCE'],
          data.map((row) => [
            row.model,
            text(row.official_usd, '$'),
            text(row.ours_usd, '$'),
            text(row.official_cny, '¥'),
            text(row.ours_cny, '¥'),
            text(row.saving_percent, ''),
            row.read,
            row.source,
          ]),
        ),
  run: async ({ models, vendor, account, format }, context) => {
    const { ports, clock } = context
    const atMs = clock.nowMs()
    const found = models === undefined ? ports.models() : models.map((name) => modelNamed(name, context))
    const whose = account === undefined ? null : (await accountNamed(account, context)).id
    const rows = found
      .filter((row) => vendor === undefined || row.vendor === vendor)
      .map((row) => (whose === null ? row : rowForAccount(row, ports.prices.snapshot(), { account: whose, atMs })))
    const fx = fxRateAt(ports.prices.book().fxRates, 'CNY', atMs)
    return {
      at: rfc3339(atMs),
      fx_cny_per_usd: fx === null ? null : decimalOf(fx.perUsdNano),
      format,
      data: rows.map((row) => compareModel(row, { atMs, fxRates: ports.prices.book().fxRates })),
    }
  },
})

const list = operation({
  noun: 'prices',
  verb: 'list',
  summary: 'What models cost now, in dollars per million tokens.',
  method: 'GET',
  path: '/prices',
  scope: 'read',
  input: z.strictObject({ account: handleField().optional().describe('As this account pays.') }),
  output: z.object({ data: z.array(comparisonView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['MODEL', 'FAMILY', 'VENDOR', 'INPUT', 'CACHED', 'OUTPUT'],
      data.map((row) => [
        row.model,
        row.family,
        row.vendor,
        row.ours_usd?.input ?? 'unpriced',
        row.ours_usd?.cached_input,
        row.ours_usd?.output,
      ]),
    ),
  run: async ({ account }, context) => {
    const { ports, clock } = context
    const atMs = clock.nowMs()
    const whose = account === undefined ? null : (await accountNamed(account, context)).id
    const rows = ports
      .models()
      .map((row) => (whose === null ? row : rowForAccount(row, ports.prices.snapshot(), { account: whose, atMs })))
    return { data: rows.map((row) => compareModel(row, { atMs, fxRates: ports.prices.book().fxRates })) }
  },
})

export const priceCompareOperations = [list, compare] as const
