/** Provider credentials of accounts: their own calls are made with them, for a relay fee. A credential goes in and never comes out. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Secret } from '#base/log.ts'
import { nearestOf } from '#base/nearest.ts'
import { percentText } from '#base/price-rule.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { googleTokenUrl, serviceAccountOf } from '#secret/google-token.ts'
import { accountNamed } from './credits.ts'
import { basisPointsOf, feeField } from './fee.ts'
import { handleField } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { credentialsOfAccount, feeOfPlan } from './own-fee.ts'
import { feeText } from './plans.ts'
import type { OwnCredentialRow } from './port.ts'
import { table } from './render.ts'
import type { AccountRow } from './rows.ts'
import { trailRowOf } from './trail-row.ts'

/** Of a credential no more than this is ever shown, and nothing of one that is short, or JSON. */
const endingCharacters = 4
const shortCharacters = 16
const pageMax = 1000

const credentialView = z.object({
  account: z.string(),
  provider: z.string().describe('Its name in drover.yaml.'),
  ending: z.string().describe('The last characters of the credential; empty for a short one and for JSON.'),
  fee: z.string().describe('The relay fee: what is charged of what a call would have cost.'),
  created: z.string().describe('RFC 3339, UTC.'),
})

const viewOf = (row: OwnCredentialRow): z.input<typeof credentialView> => ({
  account: row.account,
  provider: row.provider,
  ending: row.ending,
  fee: percentText(row.feeBasisPoints),
  created: rfc3339(row.createdMs),
})

/**
 * Providers that calls go to by the network; for customers those that are known to refuse a wrong key: where any word passes for one, it
 * would prove nothing, and the operator's own machines would be had for the fee.
 */
const providerNames = ({ actor, ports }: OperationContext): readonly string[] =>
  ports.routing
    .providers()
    .filter(({ upstream }) => !upstream.vendor.inProcess)
    .filter(({ upstream }) => actor.tenant === undefined || upstream.provider.ownCredentials === true)
    .map(({ upstream }) => upstream.provider.name)

const providerNamed = (name: string, context: OperationContext): string => {
  const known = providerNames(context)
  if (known.includes(name)) return name
  const [meant = null] = nearestOf(name, known)
  throw new Problem('not_found', {
    ...saying('no_provider_for_key', { name, meant, known: [...known] }),
    param: 'provider',
  })
}

/** @throws Problem `permission_denied` where a customer may add none, or names a fee. */
const feeOf = (fee: string | undefined, account: AccountRow, context: OperationContext): number => {
  if (context.actor.tenant === undefined) return basisPointsOf(fee ?? '0%')
  const own = feeOfPlan(account.plan, context)
  if (own !== null && fee === undefined) return own
  throw new Problem('permission_denied', {
    ...(own === null ? saying('no_own_credentials') : saying('fee_of_plan', { fee: percentText(own) })),
    param: 'fee',
  })
}

/** Customers do not say where this server asks for tokens. @throws Problem `invalid_request_error` */
const checkTokenUrl = (key: string, { actor }: OperationContext): void => {
  const account = actor.tenant === undefined ? null : serviceAccountOf(new Secret(key))
  if (account === null || account.tokenUrl === googleTokenUrl) return
  throw new Problem('invalid_request_error', {
    ...saying('token_uri', { url: googleTokenUrl }),
    param: 'key',
  })
}

const add = operation({
  noun: 'credentials',
  verb: 'add',
  summary:
    "Let an account's calls to a provider be made with its own credential, for a relay fee. One that is there is replaced.",
  method: 'POST',
  path: '/credentials',
  scope: 'secrets',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    provider: z.string().min(1).max(64).describe('The provider, by its name in drover.yaml.'),
    key: z
      .string()
      .min(8, 'must have at least 8 characters')
      .max(8192, 'must not be longer than 8192 characters')
      .regex(
        /^([\x21-\x7e]+|\{[\x20-\x7e\s]*\})$/,
        'must be one word of printable characters, or the JSON of a service account',
      )
      .describe('The credential, as api_key in drover.yaml would have it. It is kept encrypted and never shown.'),
    fee: feeField()
      .optional()
      .describe(
        'The relay fee: what is charged of what a call would have cost, such as 5% (0% unless given). Of customers their plan says it.',
      ),
  }),
  output: credentialView,
  flags: [
    {
      field: 'key',
      flag: '--key-env <name>',
      secret: true,
      describe: 'The environment variable that holds the credential. Absent: it is read from stdin.',
    },
  ],
  render: (view) => `calls of ${view.account} to ${view.provider} use its own credential, fee ${view.fee}\n`,
  run: async ({ account: handle, provider: name, key, fee }, context) => {
    const { clock, ports } = context
    const owner = await accountNamed(handle, context)
    const account = owner.id
    const feeBasisPoints = feeOf(fee, owner, context)
    const provider = providerNamed(name, context)
    checkTokenUrl(key, context)
    const before = (await credentialsOfAccount(account, context)).find((row) => row.provider === provider)
    const row: OwnCredentialRow = {
      account,
      provider,
      sealed: ports.sealCredential({ account, provider }, key),
      ending: key.length < shortCharacters || key.startsWith('{') ? '' : key.slice(-endingCharacters),
      feeBasisPoints,
      createdMs: clock.nowMs(),
    }
    const change = {
      operation: 'credentials.add' as const,
      object: account,
      before: before === undefined ? null : viewOf(before),
      after: viewOf(row),
    }
    await ports.customers.setOwnCredential(row, trailRowOf(change, context))
    await ports.customersChanged()
    return viewOf(row)
  },
})

const cursorOf = ({ account, provider }: OwnCredentialRow): string => `${account}/${provider}`

const placeOf = (cursor: string | undefined): { readonly account: string; readonly provider: string } | null => {
  if (cursor === undefined) return null
  const slash = cursor.indexOf('/')
  return slash < 0
    ? { account: cursor, provider: '' }
    : { account: cursor.slice(0, slash), provider: cursor.slice(slash + 1) }
}

const list = operation({
  noun: 'credentials',
  verb: 'list',
  summary: 'List the provider credentials that accounts have brought, by account. None is shown.',
  method: 'GET',
  path: '/credentials',
  scope: 'read',
  input: z.strictObject({
    account: handleField().optional().describe('Only those of this account: id or name.'),
    limit: z.int().min(1).max(pageMax).default(pageMax).describe('How many rows at most, 1 to 1000.'),
    after: handleField().optional().describe('Go on after this one: `next` of the page before.'),
  }),
  output: z.object({
    data: z.array(credentialView),
    next: z.string().nullable(),
    providers: z.array(z.string()).describe('Providers that a credential can be added for.'),
    own_fee: z.string().nullable().describe('The relay fee of what the customer adds; null = the operator adds them.'),
  }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ACCOUNT', 'PROVIDER', 'ENDING', 'FEE', 'CREATED'],
      data.map((one) => [one.account, one.provider, one.ending, one.fee, one.created]),
    ),
  run: async ({ account: handle, limit, after }, context) => {
    const owner = handle === undefined ? null : await accountNamed(handle, context)
    const account = owner?.id ?? null
    const rows = await context.ports.customers.ownCredentials({ limit, after: placeOf(after), account })
    const last = rows.at(-1)
    return {
      data: rows.map(viewOf),
      next: rows.length < limit || last === undefined ? null : cursorOf(last),
      providers: [...providerNames(context)],
      own_fee: owner === null ? null : feeText(feeOfPlan(owner.plan, context)),
    }
  },
})

const remove = operation({
  noun: 'credentials',
  verb: 'remove',
  summary: "Forget an account's own credential. Its next call is made with the operator's, at the price.",
  method: 'DELETE',
  path: '/credentials/{account}/{provider}',
  scope: 'write',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    provider: z.string().min(1).max(64).describe('The provider, by its name in drover.yaml.'),
  }),
  output: credentialView,
  flags: [],
  render: (view) => `removed the credential of ${view.account} for ${view.provider}\n`,
  run: async ({ account: handle, provider }, context) => {
    const { customers, customersChanged } = context.ports
    const { id: account } = await accountNamed(handle, context)
    const row = (await credentialsOfAccount(account, context)).find((one) => one.provider === provider)
    const view = row === undefined ? null : viewOf(row)
    const change = { operation: 'credentials.remove' as const, object: account, before: view, after: null }
    const isGone = await customers.removeOwnCredential({ account, provider }, trailRowOf(change, context))
    if (view === null || !isGone)
      throw new Problem('not_found', {
        ...saying('no_own_credential', { handle, provider }),
        param: 'provider',
      })
    await customersChanged()
    return view
  },
})

export const credentialOperations = [add, list, remove] as const
