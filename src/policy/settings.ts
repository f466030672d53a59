/** What can be configured about who may do how much where: the blocks `plans`, `bundles` and `regions`. */

import { z } from 'zod'
import { amount, count, duration, line, name } from '#base/settings.ts'

const limit = (what: string) => count(1, 1_000_000_000).optional().describe(what)

const plan = z.strictObject({
  rpm: limit('Requests a minute.'),
  rpd: limit('Requests a day.'),
  tpm: limit('Tokens a minute.'),
  tpd: limit('Tokens a day.'),
  concurrency: limit('Calls under way at once.'),
  signup_credit: amount().optional().describe('USD of promotional credit for a new account.'),
  signup_credit_expires: duration({ min: '1h' }).optional().describe('When that credit ends.'),
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
      families: z.array(line(64)).min(1).max(100).describe('Families of models that count together.'),
      min_volume_usd: amount().describe('The monthly volume from which it holds.'),
      discount: z
        .string()
        .regex(/^(100|\d{1,2}(\.\d{1,4})?)%$/, 'must be a percentage such as "15%"')
        .describe('What is taken off.'),
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
