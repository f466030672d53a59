/**
 * The shape of `catalog/<vendor>.json`, checked at the edge.
 *
 * A file holds facts of one vendor: its models, dated prices, parameter rules and ends of life. Every fact names its source,
 * a key of the file's `sources` (public address and the day it was read). Money is a decimal string per million tokens; what is
 * not known is absent, and "0" means that the vendor says zero. Days are UTC.
 */

import * as z from 'zod'

/** Only a type: the loader refuses names that nothing bears, and `nanoOf` reads decimals exactly. Zod checks cost start-up time. */
const text = z.string()
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/)
const instant = z.string().regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$/)
const decimal = z.string()
const tokens = z.int().min(1).max(100_000_000)
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

const source = z.strictObject({ url: z.string().regex(/^https:\/\/[^\s]+$/), read: day })

const window = z.strictObject({
  from: z.string().regex(/^[0-2]\d:[0-5]\d$/),
  until: z.string().regex(/^[0-2]\d:[0-5]\d$/),
  /** 0 = Sunday. */
  weekdays: z.array(z.int().min(0).max(6)).min(1).optional(),
  /** A key of `calendars`. */
  except: text.optional(),
})

/** Exactly one of the keys after `when` gives the rule; `min` and `max` go together, and so do `choices` and `instead`. */
const rule = z.strictObject({
  when: z.record(text, z.union([scalar, z.array(scalar).min(1)])).optional(),
  free: z.literal(true).optional(),
  fixed: z.number().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  choices: z.array(scalar).min(1).optional(),
  instead: scalar.optional(),
  unsupported: z.literal(true).optional(),
  ignored: z.literal(true).optional(),
  rename: text.optional(),
})

/** What a vendor bills by the piece beside the tokens, such as searches; per piece, by currency. */
const itemSet = z.strictObject({
  source: text,
  USD: z.record(text, decimal).optional(),
  CNY: z.record(text, decimal).optional(),
})

const ruleSet = z.strictObject({
  source: text,
  parameters: z.record(text, z.union([rule, z.array(rule).min(1)])),
})

const price = z.strictObject({
  currency: z.enum(['USD', 'CNY']),
  from: instant.optional(),
  until: instant.optional(),
  input: decimal.optional(),
  cached_input: decimal.optional(),
  output: decimal.optional(),
  cache_write_5m: decimal.optional(),
  cache_write_1h: decimal.optional(),
  reasoning: decimal.optional(),
  audio_input: decimal.optional(),
  audio_output: decimal.optional(),
  image_input: decimal.optional(),
  image_output: decimal.optional(),
  cached_audio_input: decimal.optional(),
  per_call: decimal.optional(),
  items: z.record(text, decimal).optional(),
  context_over_tokens: tokens.optional(),
  service_tier: z.enum(['default', 'batch', 'flex', 'priority']).optional(),
  /** A key of `windows`. */
  window: text.optional(),
  source: text,
})

const model = z.strictObject({
  id: text,
  name: text.optional(),
  family: text.optional(),
  kind: z
    .enum(['chat', 'completion', 'embedding', 'moderation', 'image', 'speech', 'transcription', 'rerank', 'realtime'])
    .optional(),
  /** Drover's own names; the vendor is sent `id`. */
  aliases: z.array(text).optional(),
  /** Ids that the vendor accepts for the same model; sent as written. */
  other_ids: z.array(text).optional(),
  /** `vendor/id` of the maker's entry: all facts that are absent here come from there, but not prices and ends of life. */
  like: text.optional(),
  context_tokens: tokens.optional(),
  output_tokens_max: tokens.optional(),
  input_modalities: z.array(text).optional(),
  output_modalities: z.array(text).optional(),
  capabilities: z.record(text, z.boolean()).optional(),
  /** Keys of `rules`. */
  rules: z.array(text).optional(),
  released: day.optional(),
  deprecated: day.optional(),
  retires: day.optional(),
  successor: text.optional(),
  redirects: z.boolean().optional(),
  lifecycle_source: text.optional(),
  source: text,
  /** Keys of `item_prices`: they go into each row of `prices` of their currency. What a row says itself goes before. */
  items: z.array(text).optional(),
  prices: z.array(price).optional(),
})

export const vendorFile = z.strictObject({
  vendor: z.string().regex(/^[a-z][a-z0-9-]*$/),
  name: text,
  also: z.array(text).optional(),
  host: z.boolean().optional(),
  docs: z.string().regex(/^https:\/\//),
  sources: z.record(text, source),
  /** Public holidays by name: UTC days. Those that several vendors go by lie in `world/calendars.json`. */
  calendars: z.record(text, z.array(day)).optional(),
  windows: z.record(text, z.array(window).min(1)).optional(),
  rules: z.record(text, ruleSet).optional(),
  item_prices: z.record(text, itemSet).optional(),
  models: z.array(model).min(1),
})

export type VendorFile = z.infer<typeof vendorFile>
export type ModelEntry = z.infer<typeof model>
export type PriceEntry = z.infer<typeof price>
export type RuleEntry = z.infer<typeof rule>
export type WindowEntry = z.infer<typeof window>
