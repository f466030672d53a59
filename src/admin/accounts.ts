/** Accounts: where an organisation's money is. Each comes with its organisation and a first project. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { nameField, pageFields, pageOf } from './field.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import type { AccountRow } from './rows.ts'
import { trailRowOf } from './trail-row.ts'

const accountView = z.object({
  id: z.string(),
  name: z.string(),
  billing: z.enum(['prepaid', 'postpaid', 'unlimited']),
  organisation: z.string(),
  plan: z.string().nullable(),
  created: z.string().describe('RFC 3339, UTC.'),
})

/** An account as it may be seen. */
export const viewOfAccount = (row: AccountRow): z.input<typeof accountView> => ({
  id: row.id,
  name: row.name,
  billing: row.billing,
  organisation: row.organisation,
  plan: row.plan,
  created: rfc3339(row.createdMs),
})

const notYet = (param: string, message: string): Problem => new Problem('invalid_request_error', { message, param })

const create = operation({
  noun: 'accounts',
  verb: 'create',
  summary: 'Make an account, with its organisation and a first project.',
  method: 'POST',
  path: '/accounts',
  scope: 'write',
  input: z.strictObject({
    name: nameField().describe('The name; no other account may have it.'),
    billing: z
      .enum(['prepaid', 'postpaid', 'unlimited'])
      .describe(
        '`unlimited` = metered and never refused. `prepaid` and `postpaid` need books, which this version has not.',
      ),
    plan: z.string().min(1).max(64).optional().describe('The plan. Plans are not available in this version.'),
  }),
  output: accountView,
  flags: [],
  render: (account) => `${account.id}\n`,
  run: async (input, context) => {
    const { clock, ids, ports } = context
    if (input.billing !== 'unlimited')
      throw notYet(
        'billing',
        `Billing '${input.billing}' is not available in this version, which keeps no books. Use 'unlimited': calls are metered and never refused.`,
      )
    if (input.plan !== undefined)
      throw notYet('plan', "Plans are not available in this version. Leave 'plan' out, and set limits on each key.")
    const createdMs = clock.nowMs()
    const organisation = { id: ids.next('org'), name: input.name, createdMs }
    const project = { id: ids.next('prj'), organisation: organisation.id, name: 'default', createdMs }
    const account: AccountRow = {
      id: ids.next('acc'),
      organisation: organisation.id,
      name: input.name,
      billing: input.billing,
      plan: null,
      createdMs,
    }
    const view = viewOfAccount(account)
    const change = { operation: 'accounts.create', object: account.id, before: null, after: view }
    await ports.store.createAccount({ organisation, project, account }, trailRowOf(change, context))
    return view
  },
})

const list = operation({
  noun: 'accounts',
  verb: 'list',
  summary: 'List accounts, the oldest first.',
  method: 'GET',
  path: '/accounts',
  scope: 'read',
  input: z.strictObject(pageFields(1000)),
  output: z.object({ data: z.array(accountView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'NAME', 'BILLING', 'CREATED'],
      data.map((account) => [account.id, account.name, account.billing, account.created]),
    ),
  run: async ({ limit, after }, { ports }) => {
    const page = pageOf(await ports.store.accounts({ limit, after: after ?? null }), limit)
    return { data: page.data.map(viewOfAccount), next: page.next }
  },
})

export const accountOperations = [create, list] as const
