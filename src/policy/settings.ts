/** What can be configured about who may do how much where: the blocks `plans`, `bundles` and `regions`. */

import { z } from 'zod'
import { nanoOf } from '#base/money.ts'
import { amount, count, duration, line, name } from '#base/settings.ts'

const limit = (what: string) => count(1, 1_000_000_000).optional().describe(what)

/** A percentage such as `15%` or `12.5%`; gives basis points. */
const percent = (range: string, form: RegExp) =>
  z
    .string({ error: `must be a percentage in quotes, such as "15%"` })
    .regex(form, `must be a percentage such as "15%", ${range}, with at most 2 digits after the point`)
    .meta({ kind: 'percentage' })
    .transform((text) => Number(nanoOf(text.slice(0, -1)) / 10_000_000n))

const discount = () => percent('from 0% to 100%', /^(100|\d{1,2}(\.\d{1,2})?)%$/)
const markup = () => percent('from -100% to 100000%', /^(-(100|\d{1,2}(\.\d{1,2})?)|\d{1,6}(\.\d{1,2})?)%$/)

const plan = z.strictObject({
  rpm: limit('Requests a minute.'),
  rpd: limit('Requests a day.'),
  tpm: limit('Tokens a minute.'),
  tpd: limit('Tokens a day.'),
  concurrency: limit('Calls under way at once.'),
  signup_credit: amount().optional().describe('USD of promotional credit for a new account.'),
  signup_credit_expires: duration({ min: '1h' }).optional().describe('When that credit ends.'),
  discount: discount().optional().describe('What is taken off the price of every call.'),
  markup: markup().optional().describe('What is put on the list price of every call; below zero it is taken off.'),
  upgrade_at_paid_usd: amount().optional().describe('The plan is given to an account that has paid this much.'),
})

/** The block `plans`: plans by name. */
export const planSettings = z.record(name('a plan'), plan).describe('What customers subscribe to: limits and credit.')
export type PlanSettings = z.output<typeof planSettings>

/** The block `bundles`. */
export const bundleSettings = z
  .array(
    z.strictObject({
      name: name('a bundle').describe('Its name.'),
      families: z
        .array(line(64))
        .min(1)
        .max(100)
        .describe('Families of models that count together, with their branches: `kimi` is also `kimi-k2`.'),
      min_volume_usd: amount().describe(
        'It holds once the calls of the UTC month in these families came to this much, before discounts.',
      ),
      discount: discount().describe('What is taken off.'),
    }),
  )
  .max(1000)
  .describe('Discounts on families of models taken together.')

/** The block `regions`. */
export const regionSettings = z
  .strictObject({
    default_allowed: z
      .union([z.literal('any'), z.array(line(64)).min(1).max(100)])
      .default('any')
      .describe(
        'Regions that calls may go to: `any`, or a list. Keys and projects may narrow it; fallback never leaves it.',
      ),
  })
  .describe('Where calls may go.')
