/** Accounts: where an organisation's money is. Each comes with its organisation and a first project. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { AccountState } from '#ledger/port.ts'
import { accountNamed, balanceNow } from './credits.ts'
import { handleField, nameField, pageFields, pageOf } from './field.ts'
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

/** What a postpaid account may owe where nobody says. */
const creditLimitDefault = '100.00'

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
        '`prepaid` = calls need credit. `postpaid` = calls may go below zero, down to the credit limit. `unlimited` = metered and never refused.',
      ),
    credit_limit: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "25.00"')
      .optional()
      .describe(`USD that a postpaid account may owe (default ${creditLimitDefault}).`),
    plan: z.string().min(1).max(64).optional().describe('The plan. Plans are not available in this version.'),
  }),
  output: accountView,
  flags: [
    {
      field: 'credit_limit',
      flag: '--credit-limit <usd>',
      describe: `USD that a postpaid account may owe (default ${creditLimitDefault}).`,
    },
  ],
  render: (account) => `${account.id}\n`,
  run: async (input, context) => {
    const { clock, ids, ports } = context
    if (input.credit_limit !== undefined && input.billing !== 'postpaid')
      throw new Problem('invalid_request_error', {
        message: `A credit limit belongs to a postpaid account, and this one is ${input.billing}.`,
        param: 'credit_limit',
      })
    if (input.plan !== undefined)
      throw notYet('plan', "Plans are not available in this version. Leave 'plan' out, and set limits on each key.")
    const createdMs = clock.nowMs()
    const organisation = { id: ids.next('org'), name: input.name, createdMs }
    const project = { id: ids.next('prj'), organisation: organisation.id, name: 'default', createdMs, archivedMs: null }
    const account: AccountRow = {
      id: ids.next('acc'),
      organisation: organisation.id,
      name: input.name,
      billing: input.billing,
      plan: null,
      createdMs,
      creditLimitNanoUsd: input.billing === 'postpaid' ? nanoOf(input.credit_limit ?? creditLimitDefault) : 0n,
    }
    const view = viewOfAccount(account)
    const change = { operation: 'accounts.create', object: account.id, before: null, after: view }
    await ports.store.createAccount({ organisation, project, account }, trailRowOf(change, context))
    await ports.accountsChanged([{ id: account.id, billing: account.billing, state: 'open' }])
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

const stateView = z.object({ id: z.string(), state: z.enum(['open', 'suspended', 'closed']) })

/** Sets whether an account may begin calls; told to the relay at once. */
const turn = (verb: string, state: AccountState, summary: string) =>
  operation({
    noun: 'accounts',
    verb,
    summary,
    method: 'POST',
    path: `/accounts/{account}/${verb}`,
    scope: 'write',
    input: z.strictObject({ account: handleField().describe('The account: id or name.') }),
    output: stateView,
    flags: [{ field: 'account', positional: true, describe: 'The account: id or name.' }],
    render: (view) => `${view.id} is ${view.state}\n`,
    run: async (input, context) => {
      const account = await accountNamed(input.account, context)
      const before = await balanceNow(account.id, context)
      const change = {
        operation: `accounts.${verb}`,
        object: account.id,
        before: { state: before.state },
        after: { state },
      }
      await context.ports.store.setAccountState(account.id, state, trailRowOf(change, context))
      await context.ports.accountsChanged([{ id: account.id, billing: account.billing, state }])
      return { id: account.id, state }
    },
  })

const suspend = turn('suspend', 'suspended', 'Let an account begin no more calls; those under way are still settled.')
const resume = turn('resume', 'open', 'Let a suspended account begin calls again.')
const close = turn('close', 'closed', 'Close an account, for good.')

export const accountOperations = [create, list, suspend, resume, close] as const
