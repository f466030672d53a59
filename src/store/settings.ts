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
    direct_url: storeUrl
      .optional()
      .meta({ kind: 'url or reference' })
      .describe(
        'The same Postgres around a pooler, for what a pooler in transaction mode does not pass on: word of changes as they are made, and schema steps. Absent: `url`.',
      ),
    tls: z
      .strictObject({
        ca_file: line(1000)
          .optional()
          .describe(
            "The authorities that may have signed the server's certificate (PEM), as `sslrootcert` in the URL.",
          ),
        cert_file: line(1000).optional().describe("A certificate of Drover's own (PEM), as `sslcert`."),
        key_file: line(1000).optional().describe('The key of that certificate (PEM), as `sslkey`.'),
      })
      .optional()
      .describe(
        'Files for an encrypted line to Postgres. With `ca_file` the certificate and the name in it are checked, whatever `sslmode` says.',
      ),
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
    whole_months: z
      .boolean()
      .default(false)
      .describe(
        'On Postgres: call records are not deleted one by one, but a month at a time when the last of them is old enough, up to 31 days later.',
      ),
    events: duration({ min: '1h' }).prefault('90d').describe('How long events and their deliveries are kept.'),
  })
  .describe('How long records are kept.')
