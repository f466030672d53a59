/** What can be configured about storage: the blocks `store`, `cluster` and `retention`. */

import { z } from 'zod'
import { duration, line, name, reference, referenceOf } from '#base/settings.ts'

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

const redisSchemes = /^rediss?(\+cluster|\+sentinel)?:\/\/./

const redisUrl = line(2000)
  .superRefine((text, context) => {
    if (referenceOf(text) !== null) return
    if (!redisSchemes.test(text))
      context.addIssue(
        'must be redis://HOST:PORT, rediss:// (encrypted), redis+cluster://HOST:PORT,HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/MASTER, or a reference ("env:NAME") to one',
      )
    else if (text.includes('@'))
      context.addIssue(
        'holds a literal secret, which is refused: write "username" and "password: env:NAME" beside it, or put the whole URL into an environment variable and write "env:NAME"',
      )
  })
  .meta({ kind: 'url or reference' })

const redisUrls = z.union([redisUrl, z.array(redisUrl).min(1, 'must name a server').max(50)])

const redisBlock = z.strictObject({
  url: redisUrls.describe(
    'Where it is. Several URLs are masters of one cluster. This alone may be written as `redis: URL`.',
  ),
  username: line(200).optional().describe('A user of its access lists. Absent: its default user.'),
  password: reference().optional().describe('The password of that user.'),
  ca_file: line(1000)
    .optional()
    .meta({ kind: 'path' })
    .describe('Certificates that its own is checked against with `rediss`. Absent: what the machine trusts.'),
  prefix: name('keys').default('drover').describe('How every key begins; installations that share it differ here.'),
  wait_max: duration({ min: '5ms', max: '2s' })
    .prefault('100ms')
    .describe('How long a call waits for it, before the node decides by its own share.'),
})

/** A URL alone, several of one cluster, or a block with a URL and more. */
const redisSettings = z
  .union([redisUrls.transform((url) => redisBlock.parse({ url })), redisBlock])
  .describe('Redis or Valkey, where nodes count their limits together. Absent: each node enforces its share.')

/** The block `cluster`. */
export const clusterSettings = z
  .strictObject({
    redis: redisSettings.optional(),
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
