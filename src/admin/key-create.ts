/** Makes a key. */

import { isIP } from 'node:net'
import { z } from 'zod'
import { nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { nameForm } from '#base/settings.ts'
import { roles } from '#identity/role.ts'
import type { MadeKey } from '#policy/key.ts'
import { makeKey } from '#policy/key.ts'
import type { AllowedRegions } from '#policy/region.ts'
import { narrowed } from '#policy/region.ts'
import { cacheMsOf } from '#reuse/lifetime.ts'
import { accountNamed, balanceNow } from './credits.ts'
import { handleField, momentField, momentOf, nameField, regionsField } from './field.ts'
import { makerOf } from './key-maker.ts'
import { madeKeyView, viewOfKey } from './key-view.ts'
import { memberNamed } from './members.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { projectNamed } from './projects.ts'
import { checkAdminKey, roleWords } from './role.ts'
import type { KeyRow } from './rows.ts'
import { trailRowOf } from './trail-row.ts'
import { unknownModels } from './unknown-models.ts'

const limit = (what: string) => z.int().min(1).max(1_000_000_000).optional().describe(what)

const address = z.string().refine((text) => {
  const [net = '', bits, rest] = text.split('/')
  const family = isIP(net)
  if (family === 0 || rest !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
}, 'must be an IP address or a network such as 10.0.0.0/8')

/** What `keys create` takes. */
export const createInput = z
  .strictObject({
    name: nameField().describe('What the key is for, for people.'),
    account: handleField().default('default').describe('The account that pays: id or name.'),
    project: handleField().default('default').describe('The project that it belongs to: id or name.'),
    member: handleField().optional().describe('The person that it is for: id or mail address.'),
    test: z
      .boolean()
      .default(false)
      .describe('A key of the sandbox (`hs-test-…`): never reaches a provider, costs nothing.'),
    admin: z
      .boolean()
      .default(false)
      .describe('A key that manages this server (`drover-admin-…`) and cannot call models.'),
    role: z.enum(roles).optional().describe(`Of an admin key (owner unless said): ${roleWords}`),
    environment: z
      .string()
      .regex(nameForm, "must be letters, digits, '.', '_' and '-'")
      .optional()
      .describe('The `server.environment` that the key may be used in. Absent: any.'),
    models: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(1000)
      .optional()
      .describe('The models that it may use. Absent: every model.'),
    regions: regionsField()
      .optional()
      .describe('Regions that its calls may go to, such as eu,us. Absent: those of its project, else of the server.'),
    cache: z
      .string()
      .refine((text) => cacheMsOf(text) !== null, 'must be a duration from 1s to 24h, such as 5m')
      .optional()
      .describe('Give the answer of the same call again for so long (5m). Absent: only where a call asks for it.'),
    rpm: limit('Requests a minute.'),
    tpm: limit('Tokens a minute.'),
    rpd: limit('Requests a day.'),
    tpd: limit('Tokens a day.'),
    concurrency: limit('Calls under way at once.'),
    budget: z
      .string()
      .regex(
        /^\d{1,9}(\.\d{1,9})?$/,
        'must be a decimal with at most 9 digits before and 9 after the point, such as "25.00"',
      )
      .optional()
      .describe('USD that may be spent in each period.'),
    budget_period: z.enum(['day', 'week', 'month']).optional().describe('The period of the budget.'),
    expires: momentField().optional().describe('When it ends: a duration from now (30d), or RFC 3339.'),
    addresses: z
      .array(address)
      .min(1)
      .max(1000)
      .optional()
      .describe('IP addresses and networks that it may be used from. Absent: any.'),
    provider: z.string().regex(nameForm).optional().describe('The provider of uploads that name none.'),
    usage_cost: z
      .boolean()
      .default(false)
      .describe('Add `usage.cost` to every answer, and to streams the usage event that holds it.'),
  })
  .superRefine((input, context) => {
    if ((input.budget === undefined) !== (input.budget_period === undefined))
      context.addIssue({
        code: 'custom',
        path: ['budget_period'],
        message: 'belongs together with budget: give both or neither',
      })
    if (input.role !== undefined && !input.admin)
      context.addIssue({ code: 'custom', path: ['role'], message: 'is of admin keys: give admin as well' })
    if (input.admin && input.test)
      context.addIssue({
        code: 'custom',
        path: ['test'],
        message: 'does not go together with admin: an admin key has no sandbox',
      })
  })

/** Where a key belongs. An organisation need not have a project `default`: then a key that names none has none. */
const ownerOf = async (
  { project, member }: Pick<z.output<typeof createInput>, 'project' | 'member'>,
  organisation: string,
  context: OperationContext,
): Promise<Pick<KeyRow, 'project' | 'member'> & { readonly within: AllowedRegions }> => {
  const person = member === undefined ? null : (await memberNamed({ organisation, handle: member }, context)).id
  const found = await context.ports.customers.project(organisation, project)
  if (project === 'default' && (found === null || found.archivedMs !== null))
    return { project: null, member: person, within: null }
  const row = found ?? (await projectNamed({ organisation, handle: project }, context))
  if (row.archivedMs === null) return { project: row.id, member: person, within: row.regions ?? null }
  throw new Problem('conflict', {
    ...saying('project_archived', { name: row.name }),
    param: 'project',
  })
}

/** What is left of both: a key only ever narrows its project. */
const regionsOf = (regions: readonly string[] | undefined, within: AllowedRegions): AllowedRegions => {
  const both = narrowed(regions ?? null, within)
  if (both !== null && both.length === 0)
    throw new Problem('invalid_request_error', {
      ...saying('regions_outside', { regions: (within ?? []).join(', ') }),
      param: 'regions',
    })
  return both
}

const newRow = async (
  input: z.output<typeof createInput>,
  made: MadeKey,
  context: OperationContext,
): Promise<KeyRow> => {
  const account = await accountNamed(input.account, context)
  if ((await balanceNow(account.id, context)).state === 'closed')
    throw new Problem('conflict', { ...saying('account_closed_for_good', { account: account.id }), param: 'account' })
  const { within, ...owner } = await ownerOf(input, account.organisation, context)
  const createdMs = context.clock.nowMs()
  return {
    id: made.id,
    name: input.name,
    organisation: account.organisation,
    ...owner,
    account: account.id,
    purpose: input.admin ? 'admin' : 'model',
    role: input.admin ? (input.role ?? 'owner') : null,
    test: input.test,
    environment: input.environment ?? null,
    models: input.models ?? null,
    regions: regionsOf(input.regions, within),
    cacheMs: input.cache === undefined ? null : cacheMsOf(input.cache),
    requestsPerMinute: input.rpm ?? null,
    tokensPerMinute: input.tpm ?? null,
    requestsPerDay: input.rpd ?? null,
    tokensPerDay: input.tpd ?? null,
    concurrency: input.concurrency ?? null,
    addresses: input.addresses ?? null,
    defaultProvider: input.provider ?? null,
    usageCost: input.usage_cost,
    budgetNanoUsd: input.budget === undefined ? null : nanoOf(input.budget),
    budgetPeriod: input.budget_period ?? null,
    createdMs,
    expiresMs: input.expires === undefined ? null : momentOf(input.expires, createdMs),
    revokedMs: null,
    maker: await makerOf(context),
    ending: made.ending,
    digest: context.ports.digestKey(made.key),
  }
}

/** What only calls of models are bound by. */
const ofCalls = [
  'models',
  'regions',
  'cache',
  'rpm',
  'tpm',
  'rpd',
  'tpd',
  'concurrency',
  'budget',
  'provider',
  'usage_cost',
] as const

/** What may be meant for later, and is more often a slip: it is taken, and told. */
const warningsOf = (input: z.output<typeof createInput>, context: OperationContext): readonly string[] => {
  const { models, environment, test, provider } = input
  const { environment: here, prices } = context.ports
  const elsewhere =
    environment === undefined || environment === here
      ? []
      : [
          `This server's environment is '${here}' (server.environment): the key is refused here, and good where it is '${environment}'.`,
        ]
  if (input.admin) {
    const idle = ofCalls.filter((field) => input[field] !== undefined && input[field] !== false)
    const warning = `An admin key makes no calls: ${idle.join(', ')} ${idle.length === 1 ? 'holds' : 'hold'} for nothing.`
    return idle.length === 0 ? elsewhere : [warning, ...elsewhere]
  }
  const effect = 'the key may call nothing by it'
  const unknown = unknownModels({ names: models ?? [], test, beginnings: false, effect }, context)
  // Which providers there are is shown to whoever runs the server.
  const isUnknown =
    provider !== undefined && context.actor.tenant === undefined && !prices.snapshot().live.providers.has(provider)
  const uploads = isUnknown ? [`There is no provider '${provider}' here now: uploads by the key are refused.`] : []
  return [...unknown, ...uploads, ...elsewhere]
}

/** `keys create` */
export const createKey = operation({
  noun: 'keys',
  verb: 'create',
  summary: 'Make a key. It is shown once.',
  method: 'POST',
  path: '/keys',
  scope: 'secrets',
  input: createInput,
  output: madeKeyView,
  flags: [
    { field: 'environment', flag: '--env <name>', describe: 'The `server.environment` that the key may be used in.' },
    { field: 'budget', flag: '--budget <usd>', describe: 'USD that may be spent in each period.' },
  ],
  render: (made) => `${made.key}\n`,
  run: async (input, context) => {
    if (input.admin) checkAdminKey(context.actor, input.role ?? 'owner')
    const made = makeKey(input.admin ? 'admin' : 'model', input.test, context.ids)
    const row = await newRow(input, made, context)
    const nowMs = context.clock.nowMs()
    if (row.expiresMs !== null && row.expiresMs <= nowMs)
      throw new Problem('invalid_request_error', { ...saying('expires_past'), param: 'expires' })
    const view = viewOfKey(row, nowMs)
    const change = { operation: 'keys.create' as const, object: row.id, before: null, after: view }
    await context.ports.store.createKey(row, trailRowOf(change, context))
    await context.ports.keysChanged([row])
    return { ...view, key: made.key, warnings: [...warningsOf(input, context)] }
  },
})
