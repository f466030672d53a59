/** What can be configured about migrations: the block `migrations`. */

import { z } from 'zod'
import { line } from '#base/settings.ts'

/** The block `migrations`. */
export const migrationSettings = z
  .strictObject({
    dir: line(1000)
      .meta({ kind: 'path' })
      .default('./migrations')
      .describe('The folder of the files that describe migrations.'),
  })
  .describe('Staged moves of traffic.')
