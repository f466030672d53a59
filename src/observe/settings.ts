/** What can be configured about being watched: the block `log`. */

import { z } from 'zod'

/** The block `log`. */
export const logSettings = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('The least grave lines that are written to stderr.'),
    bodies: z
      .boolean()
      .default(false)
      .describe(
        'Keep the bodies of requests and replies with the call records, for `retention.bodies`. Off: no body is ever stored.',
      ),
  })
  .describe('What is written down.')
