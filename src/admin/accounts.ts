/** Accounts: where an organisation's money is. Each comes with its organisation and a first project. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf, nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { AccountState } from '#ledger/port.ts'
import { accountNamed, balanceNow } from './credits.ts'
import { handleField, nameField, pageFields, pageOf } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { checkOwnFees } from './own-fee.ts'
import { planNamed } from './plans.ts'
import { table } from './render.ts'
import type { AccountRow } from './rows.ts'
import { signupGrant } from './signup-grant.ts'
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

/** What a postpaid account may owe where nobody says. */
const creditLimitDefault = '100.00'

const creditLimitText = `USD that a postpaid account may owe (default ${creditLimitDefault}).`
const creditLimitFlag = { field: 'credit_limit', flag: '--credit-limit <usd>', describe: creditLimitText } as const
const creditLimitField = () =>
  z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "25.00"')
    .optional()
    .describe(creditLimitText)
const stateField = () => z.enum(['open', 'suspended', 'closed'])
const accountField = () => handleField().describe('The account: id or name.')
const accountFlag = { field: 'account', positional: true, describe: 'The account: id or name.' } as const

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
    credit_limit: creditLimitField(),
    plan: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('The plan: its limits hold for all keys of the account together, its sign-up credit is given at once.'),
  }),
  output: accountView,
  flags: [creditLimitFlag],
  render: (account) => `${account.id}\n`,
  run: async (input, context) => {
    const { clock, ids, ports } = context
    if (input.credit_limit !== undefined && input.billing !== 'postpaid')
      throw new Problem('invalid_request_error', {
        ...saying('credit_limit_postpaid', { billing: input.billing }),
        param: 'credit_limit',
      })
    const plan = input.plan === undefined ? null : planNamed(input.plan, ports)
    const createdMs = clock.nowMs()
    const organisation = { id: ids.next('org'), name: input.name, createdMs }
    const project = { id: ids.next('prj'), organisation: organisation.id, name: 'default', createdMs, archivedMs: null }
    const account: AccountRow = {
      id: ids.next('acc'),
      organisation: organisation.id,
      name: input.name,
      billing: input.billing,
      plan: plan?.name ?? null,
      createdMs,
      creditLimitNanoUsd: input.billing === 'postpaid' ? nanoOf(input.credit_limit ?? creditLimitDefault) : 0n,
    }
    const view = viewOfAccount(account)
    const change = { operation: 'accounts.create' as const, object: account.id, before: null, after: view }
    const grant = plan === null ? null : signupGrant({ account: account.id, plan, nowMs: createdMs }, ids)
    const trail = trailRowOf(change, context)
    await ports.store.createAccount({ organisation, project, account }, trail, grant)
    const { id, billing } = account
    await ports.accountsChanged([{ id, billing, state: 'open', plan: account.plan }])
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
  output: z.object({ data: z.array(accountView.extend({ state: stateField() })), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'NAME', 'BILLING', 'PLAN', 'STATE', 'CREATED'],
      data.map((one) => [one.id, one.name, one.billing, one.plan, one.state, one.created]),
    ),
  run: async ({ limit, after }, { ports }) => {
    const page = pageOf(await ports.store.accounts({ limit, after: after ?? null }), limit)
    const states = await ports.store.accountStates(page.data.map(({ id }) => id))
    const data = page.data.map((row) => ({ ...viewOfAccount(row), state: states.get(row.id) ?? ('open' as const) }))
    return { data, next: page.next }
  },
})

const stateView = z.object({ id: z.string(), state: stateField() })

/** Sets whether an account may begin calls; told to the relay at once. */
const turn = <const V extends 'suspend' | 'resume'>(verb: V, state: AccountState, summary: string) =>
  operation({
    noun: 'accounts',
    verb,
    summary,
    method: 'POST',
    path: `/accounts/{account}/${verb}` as const,
    scope: 'write',
    input: z.strictObject({ account: accountField() }),
    output: stateView,
    flags: [accountFlag],
    render: (view) => `${view.id} is ${view.state}\n`,
    run: async (input, context) => {
      const account = await accountNamed(input.account, context)
      const before = await balanceNow(account.id, context)
      const change = {
        operation: `accounts.${verb}` as const,
        object: account.id,
        before: { state: before.state },
        after: { state },
      }
      await context.ports.store.setAccountState(account.id, state, trailRowOf(change, context))
      const { id, billing, plan } = account
      await context.ports.accountsChanged([{ id, billing, state, plan }])
      return { id: account.id, state }
    },
  })

const suspend = turn('suspend', 'suspended', 'Let an account begin no more calls; those under way are still settled.')
const resume = turn('resume', 'open', 'Let a suspended account begin calls again.')

const close = operation({
  noun: 'accounts',
  verb: 'close',
  summary:
    'Close an account, for good: no new calls, what was given ends, what was paid and is left is to be paid back.',
  method: 'POST',
  path: '/accounts/{account}/close',
  scope: 'write',
  input: z.strictObject({ account: accountField() }),
  output: stateView.extend({
    refundable_nano_usd: z.string().describe('Paid for and not spent: to be paid back.'),
    refundable_usd: z.string(),
    held_nano_usd: z.string().describe('Held for calls under way, which may still spend of it.'),
  }),
  flags: [accountFlag],
  render: (view) => `${view.id} is closed; ${view.refundable_usd} USD are to be paid back\n`,
  run: async (input, context) => {
    const { ports, clock, actor } = context
    if (actor.tenant !== undefined && actor.role !== 'owner')
      throw new Problem('permission_denied', { ...saying('owner_closes') })
    const { id, billing, plan } = await accountNamed(input.account, context)
    const before = await balanceNow(id, context)
    const change = {
      operation: 'accounts.close' as const,
      object: id,
      before: { state: before.state },
      after: { state: 'closed' },
    }
    const closed = await ports.customers.closeAccount(id, clock.nowMs(), trailRowOf(change, context))
    await ports.accountsChanged([{ id, billing, state: 'closed', plan }])
    await ports.customersChanged()
    return {
      id,
      state: 'closed' as const,
      refundable_nano_usd: closed.refundableNanoUsd.toString(),
      refundable_usd: decimalOf(closed.refundableNanoUsd),
      held_nano_usd: closed.heldNanoUsd.toString(),
    }
  },
})

const set = operation({
  noun: 'accounts',
  verb: 'set',
  summary: "Change an account's plan or, of a postpaid one, its credit limit. In force at once.",
  method: 'PATCH',
  path: '/accounts/{account}',
  scope: 'write',
  input: z.strictObject({
    account: accountField(),
    plan: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('The plan; `none` = no plan, so that only its keys are limited.'),
    credit_limit: creditLimitField(),
  }),
  output: accountView.extend({ credit_limit_nano_usd: z.string() }),
  flags: [accountFlag, creditLimitFlag],
  render: (account) => `${account.id} is changed\n`,
  run: async (input, context) => {
    const { ports } = context
    const account = await accountNamed(input.account, context)
    const before = await balanceNow(account.id, context)
    const plan =
      input.plan === undefined ? account.plan : input.plan === 'none' ? null : planNamed(input.plan, ports).name
    const creditLimitNanoUsd = input.credit_limit === undefined ? undefined : nanoOf(input.credit_limit)
    const limit = (creditLimitNanoUsd ?? before.creditLimitNanoUsd).toString()
    const change = {
      operation: 'accounts.set' as const,
      object: account.id,
      before: { plan: account.plan, credit_limit_nano_usd: before.creditLimitNanoUsd.toString() },
      after: { plan, credit_limit_nano_usd: limit },
    }
    // What is not asked for is not written: a payment may have led to another plan meanwhile.
    const asked = input.plan === undefined ? {} : { plan }
    await ports.customers.changeAccount(
      { account: account.id, ...asked, ...(creditLimitNanoUsd === undefined ? {} : { creditLimitNanoUsd }) },
      trailRowOf(change, context),
    )
    const after = (await ports.store.account(account.id)) ?? account
    await ports.accountsChanged([{ id: account.id, billing: after.billing, state: before.state, plan: after.plan }])
    return { ...viewOfAccount(after), credit_limit_nano_usd: limit }
  },
})

/** @throws Problem `permission_denied` naming the plans that may be chosen. */
const openPlan = (name: string, { ports }: OperationContext): string => {
  const plan = planNamed(name, ports)
  if (plan.isOpen === true) return plan.name
  const open = [...ports.plans().values()].filter(({ isOpen }) => isOpen === true).map((one) => one.name)
  throw new Problem('permission_denied', {
    ...saying('plan_of_operator', { name, open: open.slice(0, 10) }),
    param: 'plan',
  })
}

const choose = operation({
  noun: 'accounts',
  verb: 'choose-plan',
  summary: 'Change to a plan that the operator leaves to the customers. In force at once.',
  method: 'POST',
  path: '/accounts/{account}/plan',
  scope: 'write',
  input: z.strictObject({ account: accountField(), plan: z.string().min(1).max(64).describe('The plan.') }),
  output: accountView,
  flags: [accountFlag],
  render: (account) => `${account.id} has the plan ${account.plan}\n`,
  run: async (input, context) => {
    const { ports } = context
    const account = await accountNamed(input.account, context)
    const { state } = await balanceNow(account.id, context)
    if (state === 'closed') throw new Problem('conflict', { ...saying('closed_no_plan') })
    const plan = openPlan(input.plan, context)
    await checkOwnFees(account, plan, context)
    const before = { plan: account.plan }
    const change = { operation: 'accounts.choose-plan' as const, object: account.id, before, after: { plan } }
    const isChosen = context.actor.tenant !== undefined
    await ports.customers.changeAccount({ account: account.id, plan, isChosen }, trailRowOf(change, context))
    await ports.accountsChanged([{ id: account.id, billing: account.billing, state, plan }])
    return viewOfAccount({ ...account, plan })
  },
})

export const accountOperations = [create, list, set, choose, suspend, resume, close] as const
