/** What can be configured about the books: the block `settlement`. */

import { z } from 'zod'
import { amount } from '#base/settings.ts'

const currency = z.string().regex(/^[A-Z]{3}$/, 'must be a currency such as CNY')
const day = z.iso.date({ error: 'must be a day such as 2026-01-31' })

/** The block `fx`: dated market rates by currency. */
export const fxSettings = z
  .record(
    z.enum(['CNY'], { error: 'must be CNY: prices are in USD or CNY' }),
    z
      .array(
        z.strictObject({
          rate: amount()
            .refine((nano) => nano > 0n, 'must be above zero')
            .describe('How much of the currency a dollar costs, as "7.10".'),
          from: day.meta({ kind: 'day' }).describe('The first day on which it holds, in UTC.'),
          source: z.string().min(1).max(200).optional().describe('Where it was read.'),
        }),
      )
      .min(1)
      .max(5000),
  )
  .describe(
    'Market rates: prices in yuan are turned into dollars at the rate of the day of the call. Absent: the shipped monthly averages. Once one of yours is in force, the shipped ones are not asked.',
  )

/** The block `settlement`: dated rates by currency. */
export const settlementSettings = z
  .record(
    currency,
    z
      .array(
        z.strictObject({
          rate: amount().describe('How much of the currency buys one dollar of credit.'),
          from: day.meta({ kind: 'day' }).describe('The first day on which it holds, in UTC.'),
        }),
      )
      .min(1)
      .max(1000),
  )
  .describe('What one unit of credit costs in other currencies.')
