/** Credit of accounts: granted in lots, and the balance. */

import { z } from 'zod'
import { decimalOf, nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Balance } from '#ledger/port.ts'
import { handleField, isSomething, momentField, momentOf } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { upgradeOf } from './plans.ts'
import type { AccountRow } from './rows.ts'
import { trailRowOf } from './trail-row.ts'
import { creditWarnings, warningsView } from './unknown-models.ts'

/** Lots of promotional credit are spent before bundles, and those before paid ones. */
export const priorities = { promo: 40, bundle: 45, paid: 50 } as const

/** What `credits balance` and every change of credit gives. */
export const balanceView = z.object({
  account: z.string(),
  balance_nano_usd: z.string().describe('Posted: credit that is left, less what is owed.'),
  held_nano_usd: z.string().describe('Held for calls that are under way.'),
  balance_usd: z.string(),
  billing: z.enum(['prepaid', 'postpaid', 'unlimited']),
  state: z.enum(['open', 'suspended', 'closed']),
  credit_limit_nano_usd: z.string().describe('How far below zero a postpaid account may go.'),
})

const grantView = balanceView.extend({
  lot: z.string(),
  kind: z.enum(['paid', 'promo', 'bundle']),
  expires: z.string().nullable().describe('RFC 3339, UTC.'),
  upgraded_to: z.string().nullable().describe('The plan that what was paid has led to; null = it stays.'),
  warnings: warningsView(),
})

/** A balance as it may be seen. */
export const viewOfBalance = (balance: Balance): z.input<typeof balanceView> => ({
  account: balance.account,
  balance_nano_usd: balance.balanceNanoUsd.toString(),
  held_nano_usd: balance.heldNanoUsd.toString(),
  balance_usd: decimalOf(balance.balanceNanoUsd),
  billing: balance.billing,
  state: balance.state,
  credit_limit_nano_usd: balance.creditLimitNanoUsd.toString(),
})

/** An account by id or name. Throws Problem `not_found`. */
export const accountNamed = async (handle: string, { ports }: OperationContext): Promise<AccountRow> => {
  const row = await ports.store.account(handle)
  if (row !== null) return row
  throw new Problem('not_found', {
    ...saying('no_account', { handle }),
    param: 'account',
  })
}

/** The balance as it is now. */
export const balanceNow = async (account: string, { ports, clock }: OperationContext): Promise<Balance> => {
  const balance = await ports.store.balance(account, clock.nowMs())
  if (balance === null) throw new Problem('not_found', { ...saying('no_books', { account }), param: 'account' })
  return balance
}

const usdField = () => z.string().regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "25.00"')

/** What `credits grant` takes. */
export const grantInput = z.strictObject({
  account: handleField().describe('The account: id or name.'),
  usd: usdField().refine(isSomething, 'must be more than nothing').describe('The amount in USD.'),
  kind: z
    .enum(['paid', 'promo', 'bundle'])
    .default('paid')
    .describe('`paid`, `promo` (given), or `bundle` (bought for some models, often for less than it is worth).'),
  paid: usdField().optional().describe('USD that were paid for a bundle (default: nothing).'),
  models: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(100)
    .optional()
    .describe('The models that it pays for: ids, or beginnings such as kimi-*. Absent: every model.'),
  priority: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('Lots with a lower number are spent first (default: promo 40, bundle 45, paid 50).'),
  expires: momentField().optional().describe('When what is left of it ends: a duration from now (30d), or RFC 3339.'),
  reason: z.string().min(1).max(500).optional().describe('Why, for the books and the trail.'),
})

/** Grants a lot under an id of the caller's choosing: the same id again grants nothing. */
export const grantTo = async (
  { lot, ...given }: z.output<typeof grantInput> & { readonly lot: string },
  context: OperationContext,
): Promise<z.input<typeof grantView>> => {
  const input = given
  const account = await accountNamed(input.account, context)
  const nowMs = context.clock.nowMs()
  if (input.paid !== undefined && input.kind !== 'bundle')
    throw new Problem('invalid_request_error', {
      ...saying('paid_of_bundle', { kind: input.kind }),
      param: 'paid',
    })
  const expiresMs = input.expires === undefined ? null : momentOf(input.expires, nowMs)
  const expires = expiresMs === null ? null : new Date(expiresMs).toISOString()
  const after = { ...given, account: account.id, lot, expires, reason: input.reason ?? null }
  const trail = trailRowOf({ operation: 'credits.grant', object: account.id, before: null, after }, context)
  const plan = await context.ports.store.grantCredit(
    {
      lot,
      account: account.id,
      kind: input.kind,
      amountNanoUsd: nanoOf(input.usd),
      priority: input.priority ?? priorities[input.kind],
      expiresMs,
      nowMs,
      method: 'manual',
      reason: input.reason ?? null,
      scope: input.models ?? null,
      ...(input.paid === undefined ? {} : { paidNanoUsd: nanoOf(input.paid) }),
    },
    trail,
    upgradeOf(account, context),
  )
  const now = await balanceNow(account.id, context)
  if (plan !== null)
    await context.ports.accountsChanged([{ id: account.id, billing: account.billing, state: now.state, plan }])
  return {
    ...viewOfBalance(now),
    lot,
    kind: input.kind,
    expires,
    upgraded_to: plan,
    warnings: creditWarnings(input.models, context),
  }
}

const grant = operation({
  noun: 'credits',
  verb: 'grant',
  summary: 'Grant credit to an account. What it owes is paid first.',
  method: 'POST',
  path: '/credits',
  scope: 'write',
  input: grantInput,
  output: grantView,
  flags: [
    { field: 'usd', flag: '--usd <amount>', describe: 'The amount in USD.' },
    { field: 'paid', flag: '--paid <amount>', describe: 'USD that were paid for a bundle (default: nothing).' },
  ],
  render: (view) => `${view.account} has ${view.balance_usd} USD\n`,
  run: (input, context) => grantTo({ ...input, lot: context.ids.next('lot') }, context),
})

const balance = operation({
  noun: 'credits',
  verb: 'balance',
  summary: 'What an account has, and what is held of it.',
  method: 'GET',
  path: '/credits/{account}',
  scope: 'read',
  input: z.strictObject({ account: handleField().default('default').describe('The account: id or name.') }),
  output: balanceView,
  flags: [],
  render: (view) => `${view.balance_usd} USD, of which ${decimalOf(BigInt(view.held_nano_usd))} USD is held\n`,
  run: async (input, context) =>
    viewOfBalance(await balanceNow((await accountNamed(input.account, context)).id, context)),
})

/** Grants and the balance; what else is done with lots is in `lots.ts`. */
export const creditOperations = [grant, balance] as const
