/** What can be configured about documents: the block `seller`. */

import { z } from 'zod'
import { line } from '#base/settings.ts'

/** The block `seller`. */
export const sellerSettings = z
  .strictObject({
    name: line(200).describe('The legal name.'),
    address: z.string().min(1).max(1000).describe('The address; may have several lines.'),
    tax_id: line(64).optional().describe('The tax number.'),
    invoice_prefix: line(16)
      .regex(/^[A-Z0-9-]+$/, "must be capital letters, digits and '-'")
      .default('INV')
      .describe('What invoice numbers begin with.'),
  })
  .describe('Who sells, as it stands on invoices.')
