/** What can be configured about models and the way to them: the block `models`. */

import { z } from 'zod'
import { rateNanoMax } from '#base/price-row.ts'
import { amount, count, dataPolicy, duration, line, name, size } from '#base/settings.ts'

const names = (what: string) => z.array(line(200)).min(1).max(1000).optional().describe(what)

const modelId = z
  .string()
  .regex(/^[!-~]{1,200}$/, 'must be a model id: visible ASCII characters without blanks, at most 200')

const rate = () => amount(rateNanoMax)

const rates = z.strictObject({
  currency: z.enum(['USD', 'CNY']).default('USD').describe('The currency of these amounts.'),
  input: rate().optional().describe('Input tokens.'),
  cached_input: rate().optional().describe('Input tokens read from a cache. Absent: as input.'),
  output: rate().optional().describe('Output tokens.'),
  cache_write_5m: rate().optional().describe('Input tokens written to a cache for 5 minutes.'),
  cache_write_1h: rate().optional().describe('Input tokens written to a cache for an hour.'),
  reasoning: rate().optional().describe('Reasoning tokens. Absent: as output.'),
  audio_input: rate().optional().describe('Audio input tokens.'),
  audio_output: rate().optional().describe('Audio output tokens.'),
  image_input: rate().optional().describe('Image input tokens.'),
  image_output: rate().optional().describe('Image output tokens.'),
  per_call: rate().optional().describe('Each call, in whole units of the currency.'),
  items: z.record(z.string().min(1).max(64), rate()).optional().describe('Things billed by the piece, by name.'),
})

const price = z.union([z.literal('free'), rates])

const off = z.literal('off', { error: 'must be a duration such as 800ms, or off' })

const timeout = z.strictObject({
  connect: duration({ max: '5m' }).prefault('5s').describe('Until the connection stands.'),
  headers: duration({ max: '1h' }).prefault('60s').describe("Until a stream's status has come."),
  first_token: duration({ max: '1h' }).prefault('60s').describe('Until the first part of a stream has come.'),
  idle: duration({ max: '1h' }).prefault('60s').describe('The longest silence within a stream.'),
  total: duration({ max: '1d' })
    .prefault('10m')
    .describe('The whole call. Of these, `connect` and `total` hold for answers that are not streamed.'),
})

const breaker = z.strictObject({
  failures: count(1, 1_000).default(5).describe('Failures in a row after which a target rests.'),
  rest: duration({ min: '1ms', max: '5m' })
    .prefault('10s')
    .describe('How long it rests the first time; each further time twice as long, 5 minutes at most.'),
})

/** How one model is routed; every setting has a default. */
export const routeSettings = z.strictObject({
  strategy: z
    .enum(['weighted', 'least_latency', 'cheapest', 'fallback'])
    .default('weighted')
    .describe(
      'How a target is chosen within a tier: by weight, by measured latency, by price, or in the order written.',
    ),
  retries: count(0, 10).default(2).describe('How many more attempts may follow the first one.'),
  hedge_after: z
    .union([off, duration({ max: '5m' })])
    .default('off')
    .describe('Ask a second target when no part has come after this time; `off` = never.'),
  sticky: z
    .enum(['conversation', 'none'])
    .default('conversation')
    .describe('Whether a conversation stays with the target that it began with.'),
  fallback_on: z
    .array(z.enum(['context_length', 'content_filter']))
    .max(2)
    .default([])
    .describe(
      'Refusals after which the models in `fallbacks` are asked too: the prompt is too long, a filter refused it.',
    ),
  breaker: breaker.prefault({}).describe('When a target that fails is left out for a while.'),
  timeout: timeout.prefault({}).describe('Deadlines of one call.'),
})

const target = z.strictObject({
  provider: name('a provider').describe('A provider by its name in `providers`.'),
  model: modelId.describe('The id of the model there.'),
  weight: count(0, 10_000).default(1).describe('Its share among the targets of its tier. 0 = only as fallback.'),
  tier: count(1, 10).default(1).describe('A tier is used only when the ones before it are exhausted.'),
  params: z
    .enum(['shim', 'strict'])
    .default('shim')
    .describe('A parameter that the model cannot take is adjusted with a warning (`shim`) or refused (`strict`).'),
  region: line(64)
    .regex(/^[A-Za-z0-9-]+$/, "must be letters, digits and '-'")
    .optional()
    .describe('Where it runs. Absent: the region of its provider.'),
  data_policy: dataPolicy().optional().describe('What is done there with data. Absent: the policy of its provider.'),
  for: z
    .strictObject({
      keys: names('Ids or names of keys.'),
      projects: names('Ids of projects.'),
      accounts: names('Ids of accounts.'),
      plans: names('Names of plans.'),
      tags: z
        .array(line(200).regex(/^[^=]+=/, 'must be name=value'))
        .min(1)
        .max(100)
        .optional()
        .describe('Of `x-drover-tags`, as `name=value`: the call must have one of them.'),
      prompt_min: size({ min: '1b' }).optional().describe('The least text that its request has, media not counted.'),
      prompt_max: size({ min: '1b' }).optional().describe('The most text that its request has, media not counted.'),
    })
    .optional()
    .describe('Which calls may go there: those that all of these name. Absent: all.'),
  cost: price.optional().describe('What you pay there, per million tokens. Absent: the catalog.'),
})

const model = z.strictObject({
  aliases: z.array(modelId).max(100).default([]).describe('Other ids that mean this model.'),
  targets: z.array(target).min(1, 'needs at least one target').max(100).describe('Where calls may go.'),
  fallbacks: z
    .array(modelId)
    .max(8)
    .default([])
    .describe(
      'Other models, by their ids, that are asked in turn when no target of this one answers; theirs follow them.',
    ),
  route: routeSettings.prefault({}).describe('How the target is chosen, and the deadlines.'),
  price: price
    .optional()
    .describe(
      'What callers pay, in decimal strings per million tokens, or `free`. Absent: the catalog row of the first target.',
    ),
})

/** The block `models`: models by the id that callers use. */
export const modelSettings = z
  .record(modelId, model)
  .describe(
    "Models by the id that callers use. A model that is not listed is reached as `provider/model`, or by the catalog's id.",
  )
