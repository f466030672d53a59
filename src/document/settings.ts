/** What can be configured about documents: the block `seller`. */

import { z } from 'zod'
import { line } from '#base/settings.ts'

const percent = () =>
  z
    .string({ error: 'must be a percentage such as "20%"' })
    .meta({ kind: 'percent' })
    .transform((text, context): bigint => {
      const match = /^(\d{1,2})(?:\.(\d{1,2}))?%$/.exec(text)
      if (match === null) context.addIssue('must be a percentage with at most two places, such as "20%"')
      return BigInt(match?.[1] ?? '0') * 100n + BigInt((match?.[2] ?? '').padEnd(2, '0'))
    })

/** The block `seller`. */
export const sellerSettings = z
  .strictObject({
    name: line(200).describe('The legal name.'),
    address: z.string().min(1).max(1000).describe('The address; may have several lines.'),
    tax_id: line(64).optional().describe('The tax number.'),
    tax: z
      .strictObject({
        name: line(20).describe('What it is called: VAT, GST.'),
        percent: percent().describe('Contained in every price.'),
      })
      .optional()
      .describe('The tax that prices contain. Absent: none is shown.'),
    language: z.enum(['en', 'zh-CN']).default('en').describe('Of documents whose buyer has not chosen one.'),
    invoice_prefix: line(16)
      .regex(/^[A-Z0-9-]+$/, "must be capital letters, digits and '-'")
      .default('INV')
      .describe('What invoice numbers begin with.'),
    statements: z
      .enum(['monthly', 'on_request'])
      .default('monthly')
      .describe(
        'Whether accounts that pay get a statement of each month by themselves, on the second day of the next.',
      ),
    payment_days: z
      .int()
      .min(0)
      .max(365)
      .default(30)
      .describe('Days in which postpaid accounts pay the invoice of a month.'),
  })
  .describe('Who sells, as it stands on invoices.')

/** Who sells; documents are issued where there is one. */
export type Seller = {
  readonly name: string
  readonly address: string
  readonly taxId: string | null
  readonly tax: { readonly name: string; readonly basisPoints: bigint } | null
  readonly language: 'en' | 'zh-CN'
  readonly prefix: string
  readonly statements: 'monthly' | 'on_request'
  readonly paymentDays: number
}
