/** What can be configured about storage: the blocks `store`, `cluster` and `retention`. */

import { z } from 'zod'
import { duration, line, referenceOf, urlOrReference } from '#base/settings.ts'

const schemes = /^(sqlite:.+|postgres(ql)?:\/\/.+)$/

const storeUrl = line(1000).superRefine((text, context) => {
  if (referenceOf(text) !== null) return
  if (!schemes.test(text)) context.addIssue('must be sqlite:PATH, postgres://…, or a reference ("env:NAME") to one')
  else if (text.startsWith('postgres') && URL.canParse(text) && new URL(text).password !== '')
    context.addIssue(
      'holds a literal secret, which is refused: put the whole URL into an environment variable and write "env:NAME"',
    )
})

/** The block `store`. */
export const storeSettings = z
  .strictObject({
    url: storeUrl
      .optional()
      .meta({ kind: 'url or reference' })
      .describe('`sqlite:PATH` for the embedded store. Absent: `drover.db` in the data folder.'),
    durability: z
      .enum(['process', 'power'])
      .default('process')
      .describe(
        'What a committed write survives: `process` = kill -9, `power` = a power cut (fsync on every commit, slower).',
      ),
  })
  .describe('Where keys, accounts and call records are kept.')

/** The block `cluster`. */
export const clusterSettings = z
  .strictObject({
    redis: urlOrReference(['redis', 'rediss']).optional().describe('Shared counters and events of several machines.'),
    stale_max: duration({ max: '1h' })
      .prefault('15s')
      .describe('How long a node that is cut off from the store goes on serving from what it knows.'),
    lease_abandon_after: duration({ min: '1m' })
      .prefault('24h')
      .describe('When money lent to a node that never came back is booked as lost.'),
  })
  .describe('More than one machine.')

/** The block `retention`. */
export const retentionSettings = z
  .strictObject({
    calls: duration({ min: '1h' }).prefault('90d').describe('How long call records are kept.'),
    bodies: duration({ min: '1m' })
      .prefault('7d')
      .describe('How long bodies are kept, where `log.bodies` keeps them at all.'),
    events: duration({ min: '1h' }).prefault('90d').describe('How long events and their deliveries are kept.'),
  })
  .describe('How long records are kept.')
