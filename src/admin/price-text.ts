/** Prices as admin operations show them: decimal strings, slots, where a row comes from. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import type { PriceRates, PriceRow, PriceWindow } from '#base/price-row.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { findModel } from '#policy/choose.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { OperationContext } from './operation.ts'

/** Rates by the names that drover.yaml has for them. */
export const rateNames = {
  input: 'input',
  cached_input: 'cachedInput',
  output: 'output',
  cache_write_5m: 'cacheWrite5m',
  cache_write_1h: 'cacheWrite1h',
  reasoning: 'reasoning',
  audio_input: 'audioInput',
  audio_output: 'audioOutput',
  image_input: 'imageInput',
  image_output: 'imageOutput',
  cached_audio_input: 'cachedAudioInput',
  per_call: 'perCall',
} as const satisfies Record<string, keyof PriceRates>

/** Of a flag: `web_search=0.01,file_search=0.0025`. */
const pairsIn = (text: string): readonly (readonly [name: string, amount: string])[] =>
  text.split(',').map((pair) => {
    const [name = '', amount = '', ...more] = pair.split('=').map((piece) => piece.trim())
    return more.length > 0 ? ['', ''] : [name, amount]
  })

/** Pieces by name, as a flag has them. */
export const pairsField = (amount: RegExp) =>
  z
    .string()
    .min(1)
    .max(1_000)
    .refine(
      (text) => pairsIn(text).every(([name, value]) => /^[a-z][a-z0-9_]{0,63}$/.test(name) && amount.test(value)),
      'is not of the form NAME=AMOUNT[,NAME=AMOUNT], such as web_search=0.01',
    )

/** The pairs of such a text; of one name twice the later. */
export const pairsOf = (text: string | undefined): ReadonlyMap<string, string> =>
  new Map(text === undefined ? [] : pairsIn(text))

export type RateField = keyof typeof rateNames

export const ratesView = z
  .record(z.string(), z.string())
  .describe('Decimal strings per million tokens; per piece for `per_call` and items.')

/** What is known of a row's rates. */
export const viewOfRates = (rates: PriceRates): Record<string, string> => {
  const view: Record<string, string> = {}
  for (const [field, name] of Object.entries(rateNames)) {
    const nano = rates[name]
    if (nano !== null && nano !== undefined) view[field] = decimalOf(nano)
  }
  for (const [item, nano] of Object.entries(rates.items ?? {})) view[`items.${item}`] = decimalOf(nano)
  return view
}

export const ratesText = (view: Readonly<Record<string, string>>): string =>
  Object.entries(view)
    .map(([name, decimal]) => `${name} ${decimal}`)
    .join(', ')

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

const weekdayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** `01:00-04:00 UTC Mon Tue Wed Thu Fri, not on cn-public-holidays (known until 2026-12-31)`. */
export const windowText = ({ fromMinute, untilMinute, weekdays, exceptDates, calendar }: PriceWindow): string => {
  const days = weekdays === undefined ? '' : ` ${weekdays.map((day) => weekdayNames[day]).join(' ')}`
  const dates = exceptDates === undefined ? '' : `, not on ${exceptDates.length} days`
  const except = calendar === undefined ? dates : `, not on ${calendar.name} (known until ${calendar.through})`
  return `${clock(fromMinute)}-${clock(untilMinute)} UTC${days}${except}`
}

export const rowView = z.object({
  vendor: z.string(),
  model: z.string(),
  currency: z.enum(['USD', 'CNY']),
  rates: ratesView,
  service_tier: z.string(),
  context_over_tokens: z.int().nullable(),
  windows: z.array(z.string()).nullable(),
  from: z.string().nullable().describe('RFC 3339, UTC; null = since ever.'),
  until: z.string().nullable(),
  source: z.string(),
  read: z.string().nullable(),
})

const instant = (ms: number | null): string | null => (ms === null ? null : rfc3339(ms))

export const viewOfRow = (row: PriceRow): z.input<typeof rowView> => ({
  vendor: row.vendor,
  model: row.model,
  currency: row.currency,
  rates: viewOfRates(row.rates),
  service_tier: row.serviceTier,
  context_over_tokens: row.contextOverTokens,
  windows: row.windows?.map(windowText) ?? null,
  from: instant(row.fromMs),
  until: instant(row.untilMs),
  source: row.source,
  read: row.read === '' ? null : row.read,
})

/** `default`, `priority over 272000 tokens`. */
export const slotText = (row: {
  readonly service_tier: string
  readonly context_over_tokens: number | null
}): string =>
  row.context_over_tokens === null ? row.service_tier : `${row.service_tier} over ${row.context_over_tokens} tokens`

/** The row of a name as live keys find it; without any provider, as the sandbox's do. @throws Problem `not_found`. */
export const modelNamed = (name: string, { ports }: OperationContext): ModelRow => {
  const { live, test } = ports.prices.snapshot()
  const row = findModel(live, name) ?? findModel(test, name)
  if (row !== null) return row
  const near = test.nearest(name).slice(0, 3)
  throw new Problem('not_found', {
    ...saying('no_model_named', { name: name.slice(0, 100), near }),
    param: 'model',
  })
}
