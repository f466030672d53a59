/** What can be configured about upstream providers: the block `providers`. */

import { z } from 'zod'
import { amount, dataPolicy, duration, line, name, reference, url, urlOrReference } from '#base/settings.ts'

const region = line(64).regex(/^[A-Za-z0-9-]+$/, "must be letters, digits and '-'")

/** What a header may be called. */
export const headerForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/

const headerName = z.string().regex(headerForm, 'must be the name of an HTTP header')

/** Header names that carry credentials; their values are written as references. */
export const secretHeader = /authorization|cookie|api-?key|token|secret|password|credential/i

const headers = z.record(headerName, line(4000)).superRefine((all, context) => {
  for (const [header, value] of Object.entries(all)) {
    if (secretHeader.test(header) && !/^(env|file|vault|aws-sm|gcp-sm|azure-kv):/.test(value))
      context.addIssue({
        code: 'custom',
        path: [header],
        message:
          'holds a literal secret, which is refused: put the secret into an environment variable and write "env:NAME"',
      })
  }
})

const provider = z
  .strictObject({
    vendor: line(64).describe('The kind of provider: its address, its way to sign, its quirks.'),
    base_url: url()
      .optional()
      .describe(
        "The address with its version segment (`…/v1`). Absent: the vendor's own, by `region` where it has several.",
      ),
    api_key: reference().optional().describe("The provider's key. Absent: the vendor's usual environment variable."),
    api_keys: z.array(reference()).min(1).max(100).optional().describe('Several keys of one provider, used in turn.'),
    region: region
      .optional()
      .describe('Where it runs. Chooses the address of vendors that have several; routing respects it.'),
    allow_private: z
      .boolean()
      .default(false)
      .describe(
        'Allow an address that is private, loopback or link-local. Off: such an upstream is refused when it is dialled.',
      ),
    proxy: urlOrReference(['http', 'https'])
      .optional()
      .describe('The HTTP proxy to reach it through. A reference where the URL holds a password.'),
    ca_file: line(1000)
      .optional()
      .meta({ kind: 'path' })
      .describe('A file with additional certificate authorities in PEM.'),
    headers: headers
      .default({})
      .describe('Headers sent with every call. A value may be a reference, and must be where it is a credential.'),
    data_policy: dataPolicy()
      .optional()
      .describe('What it does with what it is sent. Absent: unknown, which no wish for privacy takes.'),
    check_every: z
      .union([
        z.literal('off', { error: 'must be a duration such as 30s, or off' }),
        duration({ min: '1s', max: '1h' }),
      ])
      .default('off')
      .describe(
        'Look so often whether it is there, by a call that costs nothing: its list of models, else a connection. `off` = only calls show it.',
      ),
    balance_alert_usd: amount()
      .optional()
      .describe(
        'Alarm when the prepaid credit at the provider has fallen to this, where its vendor says what is left.',
      ),
    protocols: z
      .array(line(40))
      .min(1)
      .max(10)
      .optional()
      .describe(
        'In which formats chats are asked for there, the best first, of those that the vendor speaks: `[openai-responses]`. A caller of a format that is not listed is translated to the first. Absent: all, in the order of the vendor. Embeddings, images and the like are not touched.',
      ),
    own_credentials: z
      .boolean()
      .optional()
      .describe(
        "Whether customers may bring credentials of their own for it. Only where it refuses a wrong one: else any word would pass for a key, and a call cost them the relay fee alone. Absent: where the address is the vendor's own, which asks for a key.",
      ),
    price: z.literal('free').optional().describe('`free`: its models cost nothing, on purpose.'),
    currency: z
      .enum(['USD', 'CNY'])
      .optional()
      .describe("In which of its price lists the provider bills you. Absent: as the vendor's region does, else USD."),
    options: z
      .record(z.string(), line(500))
      .default({})
      .describe('Settings that only this vendor knows, such as `api_version` of Azure.'),
  })
  .superRefine((one, context) => {
    if (one.api_key !== undefined && one.api_keys !== undefined)
      context.addIssue({ code: 'custom', path: ['api_keys'], message: 'stands beside api_key: keep one of the two' })
  })

/** The block `providers`: providers by name. */
export const providerSettings = z
  .record(name('a provider'), provider)
  .describe('Accounts at upstream providers, by a name of your choice. Absent: detected from the environment.')

/** The block `applied`: what providers may be that `drover apply` brings. */
export const appliedSettings = z
  .strictObject({
    allow_private: z
      .boolean()
      .default(false)
      .describe(
        'Whether providers that are applied from another machine may say `allow_private: true`. From the machine of the server they may always.',
      ),
  })
  .describe('What holds for providers and models that `drover apply` brings.')
