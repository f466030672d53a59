/** What can be configured about the books: the block `settlement`. */

import { z } from 'zod'
import { amount } from '#base/settings.ts'

const currency = z.string().regex(/^[A-Z]{3}$/, 'must be a currency such as CNY')
const day = z.iso.date({ error: 'must be a day such as 2026-01-31' })

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
