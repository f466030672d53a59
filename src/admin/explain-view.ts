/** A call's story as it is shown. */

import { z } from 'zod'
import { callView } from './call-view.ts'

const text = z.string().nullable()

const booksView = z.object({
  state: z.enum(['open', 'settled', 'voided', 'lost']),
  held_nano_usd: z.string(),
  charged_nano_usd: text,
  shortfall_nano_usd: z.string().describe('Charged beyond what was held.'),
  rerated_nano_usd: text.describe('What it has cost in the end, where it was rated anew since; null = it was not.'),
  rule: text.describe("The rule that decided, in the manual's words."),
})

const lineView = z.object({
  item: z.string(),
  count: z.number(),
  rate: text.describe("Of a million tokens, or of one piece, in the row's currency; null = not priced."),
  per: z.enum(['million', 'piece']),
  amount: z.string().describe("In the row's currency, exact."),
})

const priceView = z.object({
  hash: z.string(),
  model: z.string(),
  vendor: z.string(),
  source: z.string(),
  read: text.describe('The day the source was read.'),
  currency: z.string(),
  per_usd: text.describe('Units of the currency for a dollar, on the day of the call.'),
  service_tier: z.string(),
  context_over_tokens: z.number().nullable().describe('The step of the input that the call was past.'),
  from: text,
  until: text,
  windows: z.array(z.string()).describe('Times of day that the row holds in, UTC; empty = always.'),
  rules: z.array(z.object({ kind: z.enum(['markup', 'fee', 'discount']), name: z.string(), percent: z.string() })),
  lines: z.array(lineView).nullable().describe('null = the row was not kept, or the usage is not known.'),
  sum: text.describe("Of the lines, in the row's currency, exact."),
  base_nano_usd: text.describe('In dollars, after markups and a relay fee, before discounts.'),
  rated_nano_usd: text.describe('What rates and rules come to, rounded once.'),
})

export const explanationView = z.object({
  call: callView,
  account: z.object({ id: z.string(), name: z.string(), billing: z.string(), plan: text }).nullable(),
  key: z.object({ id: z.string(), name: z.string() }).nullable(),
  books: booksView.nullable().describe('null = no money was about this call.'),
  price: priceView.nullable(),
  adds_up: z
    .boolean()
    .nullable()
    .describe('Whether the charge is what rates and rules come to; null = nothing to add up.'),
  notes: z.array(z.string()),
})

export type Explanation = z.input<typeof explanationView>
