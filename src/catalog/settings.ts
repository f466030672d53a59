/** What can be configured about pages that are open to everybody: the block `public`. */

import { z } from 'zod'
import { line } from '#base/settings.ts'

/** The block `public`. */
export const publicSettings = z
  .strictObject({
    pricing: z
      .boolean()
      .default(false)
      .describe(
        'Whether `/pricing` and `/api/v1/public/prices` show to everybody what models cost here, beside the official prices.',
      ),
    status: z
      .boolean()
      .default(false)
      .describe(
        'Whether `/status` and `/api/v1/public/status` show to everybody which models answer, now and over 24 hours and 7 days.',
      ),
    models: z
      .array(line(200))
      .min(1)
      .max(1000)
      .optional()
      .describe(
        'Only these models are shown there: ids, or beginnings such as `kimi-*`. Absent: every model that has a price.',
      ),
  })
  .describe('Pages that anybody may see.')
