/** Keys: made, listed, shown, revoked, rotated. */

import { isIP } from 'node:net'
import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { durationMsOf, nameForm } from '#base/settings.ts'
import type { MadeKey } from '#policy/key.ts'
import { makeKey } from '#policy/key.ts'
import { handleField, momentField, momentOf, nameField, pageFields, pageOf } from './field.ts'
import { keyView, viewOfKey } from './key-view.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { listText, table } from './render.ts'
import type { KeyRow } from './rows.ts'
import { trailRowOf } from './trail-row.ts'

const limit = (what: string) => z.int().min(1).max(1_000_000_000).optional().describe(what)

const address = z.string().refine((text) => {
  const [net = '', bits, rest] = text.split('/')
  const family = isIP(net)
  if (family === 0 || rest !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
}, 'must be an IP address or a network such as 10.0.0.0/8')

const createInput = z
  .strictObject({
    name: nameField().describe('What the key is for, for people.'),
    account: handleField().default('default').describe('The account that pays: id or name.'),
    test: z
      .boolean()
      .default(false)
      .describe('A key of the sandbox (`hs-test-…`): never reaches a provider, costs nothing.'),
    admin: z
      .boolean()
      .default(false)
      .describe('A key that manages this server (`drover-admin-…`) and cannot call models.'),
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
    rpm: limit('Requests a minute.'),
    tpm: limit('Tokens a minute.'),
    concurrency: limit('Calls under way at once.'),
    budget: z
      .string()
      .regex(/^\d{1,12}(\.\d{1,9})?$/, 'must be a decimal such as "25.00"')
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
    usage_cost: z.boolean().default(false).describe('Add `usage.cost` to every answer.'),
  })
  .superRefine((input, context) => {
    if ((input.budget === undefined) !== (input.budget_period === undefined))
      context.addIssue({
        code: 'custom',
        path: ['budget_period'],
        message: 'belongs together with budget: give both or neither',
      })
    if (input.admin && input.test)
      context.addIssue({
        code: 'custom',
        path: ['test'],
        message: 'does not go together with admin: an admin key has no sandbox',
      })
  })

const secretKey = z.string().describe('The key itself. It is shown this once and kept only as a digest.')
const warnings = z.array(z.string()).describe('What was taken and cannot be honoured yet.')

const madeView = keyView.extend({ key: secretKey, warnings })

const keyOr404 = async (handle: string, { ports }: OperationContext): Promise<KeyRow> => {
  const row = await ports.store.key(handle)
  if (row !== null) return row
  throw new Problem('not_found', {
    message: `There is no key '${handle}'. 'drover keys list' shows those that there are.`,
    param: 'id',
  })
}

const accountOr404 = async (handle: string, { ports }: OperationContext) => {
  const row = await ports.store.account(handle)
  if (row !== null) return row
  throw new Problem('not_found', {
    message: `There is no account '${handle}'. 'drover accounts list' shows those that there are.`,
    param: 'account',
  })
}

const warningsOf = (row: KeyRow): string[] =>
  row.budgetNanoUsd === null ? [] : ['budget: it is kept with the key, and not enforced until this server keeps books.']

const newRow = async (
  input: z.output<typeof createInput>,
  made: MadeKey,
  context: OperationContext,
): Promise<KeyRow> => {
  const account = await accountOr404(input.account, context)
  const createdMs = context.clock.nowMs()
  return {
    id: made.id,
    name: input.name,
    organisation: account.organisation,
    project: null,
    account: account.id,
    purpose: input.admin ? 'admin' : 'model',
    test: input.test,
    environment: input.environment ?? null,
    models: input.models ?? null,
    requestsPerMinute: input.rpm ?? null,
    tokensPerMinute: input.tpm ?? null,
    concurrency: input.concurrency ?? null,
    addresses: input.addresses ?? null,
    defaultProvider: input.provider ?? null,
    usageCost: input.usage_cost,
    budgetNanoUsd: input.budget === undefined ? null : nanoOf(input.budget),
    budgetPeriod: input.budget_period ?? null,
    createdMs,
    expiresMs: input.expires === undefined ? null : momentOf(input.expires, createdMs),
    revokedMs: null,
    ending: made.ending,
    digest: context.ports.digestKey(made.key),
  }
}

const create = operation({
  noun: 'keys',
  verb: 'create',
  summary: 'Make a key. It is shown once.',
  method: 'POST',
  path: '/keys',
  scope: 'secrets',
  input: createInput,
  output: madeView,
  flags: [
    { field: 'environment', flag: '--env <name>', describe: 'The `server.environment` that the key may be used in.' },
    { field: 'budget', flag: '--budget <usd>', describe: 'USD that may be spent in each period.' },
  ],
  render: (made) => `${made.key}\n`,
  run: async (input, context) => {
    const made = makeKey(input.admin ? 'admin' : 'model', input.test, context.ids)
    const row = await newRow(input, made, context)
    const nowMs = context.clock.nowMs()
    if (row.expiresMs !== null && row.expiresMs <= nowMs)
      throw new Problem('invalid_request_error', { message: `'expires' lies in the past.`, param: 'expires' })
    const view = viewOfKey(row, nowMs)
    const change = { operation: 'keys.create', object: row.id, before: null, after: view }
    await context.ports.store.createKey(row, trailRowOf(change, context))
    await context.ports.keysChanged([row])
    return { ...view, key: made.key, warnings: warningsOf(row) }
  },
})

const list = operation({
  noun: 'keys',
  verb: 'list',
  summary: 'List keys, the oldest first.',
  method: 'GET',
  path: '/keys',
  scope: 'read',
  input: z.strictObject(pageFields(1000)),
  output: z.object({ data: z.array(keyView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'NAME', 'ACCOUNT', 'KIND', 'ENDS IN', 'STATE', 'MODELS', 'RPM', 'EXPIRES'],
      data.map((key) => [
        key.id,
        key.name,
        key.account,
        key.purpose === 'admin' ? 'admin' : key.test ? 'test' : 'live',
        key.ending,
        key.state,
        listText(key.models),
        key.rpm,
        key.expires,
      ]),
    ),
  run: async ({ limit: rowsMax, after }, { ports, clock }) => {
    const rows = await ports.store.keys({ limit: rowsMax, after: after ?? null })
    const page = pageOf(rows, rowsMax)
    return { data: page.data.map((row) => viewOfKey(row, clock.nowMs())), next: page.next }
  },
})

const idField = handleField().describe("The key's id, or its name where no other has it.")
const idFlag = { field: 'id', describe: "The key's id, or its name.", positional: true } as const

const show = operation({
  noun: 'keys',
  verb: 'show',
  summary: 'Show one key, without the key itself.',
  method: 'GET',
  path: '/keys/{id}',
  scope: 'read',
  input: z.strictObject({ id: idField }),
  output: keyView,
  flags: [idFlag],
  run: async ({ id }, context) => viewOfKey(await keyOr404(id, context), context.clock.nowMs()),
})

const revoke = operation({
  noun: 'keys',
  verb: 'revoke',
  summary: 'End a key at once. Streams that it opened run to their end.',
  method: 'DELETE',
  path: '/keys/{id}',
  scope: 'write',
  input: z.strictObject({ id: idField }),
  output: keyView,
  flags: [idFlag],
  render: (key) => `revoked ${key.id} (${key.name}) at ${key.revoked ?? '?'}\n`,
  run: async ({ id }, context) => {
    const { clock, ports } = context
    const before = await keyOr404(id, context)
    const nowMs = clock.nowMs()
    if (before.revokedMs !== null && before.revokedMs <= nowMs) return viewOfKey(before, nowMs)
    const after = { ...before, revokedMs: nowMs }
    const change = {
      operation: 'keys.revoke',
      object: before.id,
      before: viewOfKey(before, nowMs),
      after: viewOfKey(after, nowMs),
    }
    const row = (await ports.store.revokeKey(before.id, nowMs, trailRowOf(change, context))) ?? after
    await ports.keysChanged([row])
    return viewOfKey(row, nowMs)
  },
})

const overlap = z
  .string()
  .refine((text) => durationMsOf(text) !== null, 'must be a duration such as 24h, or 0s')
  .default('24h')
  .describe('How long the old key goes on working beside the new one; 0s = not at all.')

const rotate = operation({
  noun: 'keys',
  verb: 'rotate',
  summary: 'Make a successor with the same rights, and end the old key after an overlap.',
  method: 'POST',
  path: '/keys/{id}/rotate',
  scope: 'secrets',
  input: z.strictObject({ id: idField, overlap }),
  output: madeView.extend({
    replaces: z.string().describe('The id of the old key.'),
    replaced_until: z.string().describe('Until when the old key works. RFC 3339, UTC.'),
  }),
  flags: [idFlag],
  render: (made) => `${made.key}\n`,
  run: async (input, context) => {
    const { clock, ids, ports } = context
    const old = await keyOr404(input.id, context)
    const nowMs = clock.nowMs()
    const state = viewOfKey(old, nowMs).state
    if (state === 'revoked' || state === 'expired')
      throw new Problem('conflict', {
        message: `The key ${old.id} is ${state}, so there is nothing to rotate. Make a new one with 'drover keys create'.`,
        param: 'id',
      })
    const untilMs = Math.min(nowMs + (durationMsOf(input.overlap) ?? 0), old.revokedMs ?? Number.MAX_SAFE_INTEGER)
    const made = makeKey(old.purpose, old.test, ids)
    const row: KeyRow = {
      ...old,
      id: made.id,
      createdMs: nowMs,
      revokedMs: null,
      ending: made.ending,
      digest: ports.digestKey(made.key),
    }
    const ended = { ...old, revokedMs: untilMs }
    const change = {
      operation: 'keys.rotate',
      object: old.id,
      before: viewOfKey(old, nowMs),
      after: { old: viewOfKey(ended, nowMs), new: viewOfKey(row, nowMs) },
    }
    await ports.store.rotateKey({ oldId: old.id, oldUntilMs: untilMs, row }, trailRowOf(change, context))
    await ports.keysChanged([ended, row])
    const view = viewOfKey(row, nowMs)
    return { ...view, key: made.key, warnings: warningsOf(row), replaces: old.id, replaced_until: rfc3339(untilMs) }
  },
})

export const keyOperations = [create, list, show, revoke, rotate] as const
