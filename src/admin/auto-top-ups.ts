/** Kept cards that are charged when credit runs low. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf, nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { AutoTopUp } from '#payment/port.ts'
import { accountNamed } from './credits.ts'
import { handleField } from './field.ts'
import { operation } from './operation.ts'
import { trailRowOf } from './trail-row.ts'

const view = z.object({
  account: z.string(),
  method: z.string(),
  card: z.string().describe('Its last four digits.'),
  on: z.boolean(),
  below_usd: z.string().describe('When the free credit is less than this, the card is charged.'),
  usd: z.string().describe('The credit that is bought each time.'),
  month_max_usd: z.string().describe('The most that is bought by itself in a month of UTC.'),
  failures: z.int().describe('Refusals one after the other; the third switches it off.'),
  next_try: z.string().nullable(),
  note: z.string().nullable(),
})

const viewOf = (row: AutoTopUp): z.input<typeof view> => ({
  account: row.account,
  method: row.method,
  card: row.ending,
  on: row.enabled,
  below_usd: decimalOf(row.belowNanoUsd),
  usd: decimalOf(row.creditNanoUsd),
  month_max_usd: decimalOf(row.monthMaxNanoUsd),
  failures: row.failures,
  next_try: row.nextTryMs === 0 ? null : rfc3339(row.nextTryMs),
  note: row.note,
})

const usdField = () =>
  z.string().regex(/^\d{1,9}(\.\d{1,2})?$/, 'must be a decimal with at most two places, such as "25.00"')

const noCard = (account: string): Problem =>
  new Problem('not_found', {
    ...saying('no_card', { account }),
    param: 'account',
  })

const show = operation({
  noun: 'payments',
  verb: 'auto',
  summary: 'The kept card of an account, and when it is charged.',
  method: 'GET',
  path: '/payments/auto/{account}',
  scope: 'read',
  input: z.strictObject({ account: handleField().describe('The account: id or name.') }),
  output: view,
  flags: [],
  run: async (input, context) => {
    const account = await accountNamed(input.account, context)
    const row = await context.ports.payments.cashier.store.autoTopUp(account.id)
    if (row === null) throw noCard(account.id)
    return viewOf(row)
  },
})

const set = operation({
  noun: 'payments',
  verb: 'auto-set',
  summary: 'Charge the kept card of an account when its credit runs low, within a cap for the month; or stop doing so.',
  method: 'POST',
  path: '/payments/auto/{account}',
  scope: 'write',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    below: usdField().optional().describe('Charge when the free credit is less than this, in USD.'),
    usd: usdField().optional().describe('The credit to buy each time, in USD.'),
    month_max: usdField().optional().describe('The most to buy by itself in a month, in USD.'),
    off: z.boolean().default(false).describe('Do not charge it any more.'),
  }),
  output: view,
  flags: [
    { field: 'usd', flag: '--usd <amount>', describe: 'The credit to buy each time, in USD.' },
    { field: 'below', flag: '--below <amount>', describe: 'Charge when the free credit is less than this, in USD.' },
    { field: 'month_max', flag: '--month-max <amount>', describe: 'The most to buy by itself in a month, in USD.' },
  ],
  run: async (input, context) => {
    const { store } = context.ports.payments.cashier
    const account = await accountNamed(input.account, context)
    const before = await store.autoTopUp(account.id)
    if (before === null) throw noCard(account.id)
    const amount = (text: string | undefined, otherwise: bigint): bigint =>
      text === undefined ? otherwise : nanoOf(text)
    const row: AutoTopUp = {
      ...before,
      belowNanoUsd: amount(input.below, before.belowNanoUsd),
      creditNanoUsd: amount(input.usd, before.creditNanoUsd),
      monthMaxNanoUsd: amount(input.month_max, before.monthMaxNanoUsd),
      enabled: !input.off,
      failures: 0,
      nextTryMs: context.clock.nowMs(),
      note: null,
    }
    if (row.enabled && (row.creditNanoUsd === 0n || row.monthMaxNanoUsd < row.creditNanoUsd))
      throw new Problem('invalid_request_error', {
        ...saying('month_max_low'),
        param: 'month_max',
      })
    const change = {
      operation: 'payments.auto-set' as const,
      object: account.id,
      before: viewOf(before),
      after: viewOf(row),
    }
    await store.setAutoTopUp(row, trailRowOf(change, context))
    return viewOf(row)
  },
})

/** Found by `billing show` too. */
export const autoTopUpView = view
export const viewOfAutoTopUp = viewOf

export const autoTopUpOperations = [show, set] as const
