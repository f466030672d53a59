/** Redeem codes: credit as text that whoever has it redeems once. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { csvLine } from '#base/csv.ts'
import { decimalOf, nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { durationMsOf } from '#base/settings.ts'
import { makeCode, normalCode } from './code-text.ts'
import { accountNamed, balanceNow, balanceView, priorities, viewOfBalance } from './credits.ts'
import { durationField, handleField, isSomething, momentField, momentOf, nameField } from './field.ts'
import { operation } from './operation.ts'
import { upgradeOf } from './plans.ts'
import type { CodeBatch, Redeemed } from './port.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'
import { creditWarnings, warningsView } from './unknown-models.ts'

const batchView = z.object({
  id: z.string(),
  batch: z.string().describe('Its name.'),
  kind: z.enum(['paid', 'promo']),
  usd: z.string().describe('What each code is worth.'),
  models: z.array(z.string()).nullable().describe('The models that the credit pays for; null = every model.'),
  one_per_account: z.boolean(),
  expires: z.string().nullable().describe('When its codes can be redeemed no more. RFC 3339, UTC.'),
  created: z.string().describe('RFC 3339, UTC.'),
  voided: z.string().nullable().describe('RFC 3339, UTC.'),
})

const timeOf = (timeMs: number | null): string | null => (timeMs === null ? null : rfc3339(timeMs))

const viewOf = (batch: CodeBatch): z.input<typeof batchView> => ({
  id: batch.id,
  batch: batch.name,
  kind: batch.kind,
  usd: decimalOf(batch.amountNanoUsd),
  models: batch.scope === null ? null : [...batch.scope],
  one_per_account: batch.onePerAccount,
  expires: timeOf(batch.expiresMs),
  created: rfc3339(batch.createdMs),
  voided: timeOf(batch.voidedMs),
})

const create = operation({
  noun: 'codes',
  verb: 'create',
  summary: 'Make redeem codes. They are shown once, and kept only as digests.',
  method: 'POST',
  path: '/codes',
  scope: 'secrets',
  input: z.strictObject({
    count: z.int().min(1).max(10_000).describe('How many, 1 to 10,000.'),
    usd: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "5.00"')
      .refine(isSomething, 'must be more than nothing')
      .describe('What each is worth, in USD.'),
    kind: z.enum(['paid', 'promo']).default('promo').describe('`paid` = sold, and counts as paid; `promo` = given.'),
    models: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(100)
      .optional()
      .describe('The models that the credit pays for: ids, or beginnings such as kimi-*. Absent: every model.'),
    expires: momentField()
      .optional()
      .describe('When they can be redeemed no more: a duration from now (90d), or RFC 3339.'),
    credit_expires: durationField().optional().describe('How long the credit lasts from its redemption, such as 30d.'),
    batch: nameField().optional().describe('A name for all of them. Absent: the id of the batch.'),
    one_per_account: z.boolean().default(false).describe('Let no account redeem more than one of them.'),
  }),
  output: batchView.extend({
    codes: z.array(z.string()).describe('The codes. They are shown this once.'),
    warnings: warningsView(),
  }),
  flags: [{ field: 'usd', flag: '--usd <amount>', describe: 'What each is worth, in USD.' }],
  render: ({ codes, usd, kind, expires, batch }) =>
    [['code', 'usd', 'kind', 'expires', 'batch'], ...codes.map((code) => [code, usd, kind, expires, batch])]
      .map(csvLine)
      .join(''),
  run: async (input, context) => {
    const { clock, ids, ports } = context
    const createdMs = clock.nowMs()
    const id = ids.next('cod')
    const batch: CodeBatch = {
      id,
      name: input.batch ?? id,
      kind: input.kind,
      amountNanoUsd: nanoOf(input.usd),
      scope: input.models ?? null,
      expiresMs: input.expires === undefined ? null : momentOf(input.expires, createdMs),
      creditLastsMs: input.credit_expires === undefined ? null : durationMsOf(input.credit_expires),
      onePerAccount: input.one_per_account,
      createdMs,
      voidedMs: null,
    }
    if (batch.expiresMs !== null && batch.expiresMs <= createdMs)
      throw new Problem('invalid_request_error', { ...saying('expires_past'), param: 'expires' })
    const codes = Array.from({ length: input.count }, () => makeCode(ids))
    const after = { ...viewOf(batch), count: input.count }
    const trail = trailRowOf({ operation: 'codes.create', object: id, before: null, after }, context)
    const digests = codes.map((code) => ports.digestKey(normalCode(code)))
    await ports.customers.createCodes(batch, digests, trail)
    return { ...viewOf(batch), codes, warnings: creditWarnings(input.models, context) }
  },
})

const list = operation({
  noun: 'codes',
  verb: 'list',
  summary: 'List batches of codes, the oldest first, with how many were redeemed. The codes themselves are not kept.',
  method: 'GET',
  path: '/codes',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(batchView.extend({ count: z.int(), redeemed: z.int() })) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'BATCH', 'KIND', 'USD', 'CODES', 'REDEEMED', 'EXPIRES', 'VOIDED'],
      data.map((one) => [one.id, one.batch, one.kind, one.usd, one.count, one.redeemed, one.expires, one.voided]),
    ),
  run: async (_input, { ports }) => ({
    data: (await ports.customers.codeBatches()).map((batch) => ({
      ...viewOf(batch),
      count: batch.codes,
      redeemed: batch.redeemed,
    })),
  }),
})

const voidBatch = operation({
  noun: 'codes',
  verb: 'void',
  summary: 'Let the codes of a batch that are not redeemed be redeemed no more.',
  method: 'POST',
  path: '/codes/{batch}/void',
  scope: 'write',
  input: z.strictObject({ batch: handleField().describe('The batch: id or name.') }),
  output: batchView,
  flags: [{ field: 'batch', positional: true, describe: 'The batch: id or name.' }],
  render: (batch) => `${batch.batch} is void\n`,
  run: async ({ batch: handle }, context) => {
    const atMs = context.clock.nowMs()
    const change = { operation: 'codes.void' as const, object: handle, before: null, after: { batch: handle } }
    const batch = await context.ports.customers.voidCodes(handle, atMs, trailRowOf(change, context))
    if (batch !== null) return viewOf(batch)
    throw new Problem('not_found', {
      ...saying('no_batch', { handle }),
      param: 'batch',
    })
  },
})

const refusals = {
  unknown: ['not_found', saying('code_unknown')],
  redeemed: ['conflict', saying('code_redeemed')],
  expired: ['conflict', saying('code_expired')],
  voided: ['conflict', saying('code_voided')],
  once: ['conflict', saying('code_once')],
} as const

const refusalOf = (redeemed: Extract<Redeemed, { readonly ok: false }>): Problem => {
  if (redeemed.reason === 'guessing')
    return new Problem('rate_limit_exceeded', {
      ...saying('code_guessing'),
      retryAfterMs: redeemed.retryMs,
    })
  const [code, said] = refusals[redeemed.reason]
  return new Problem(code, { ...said, param: 'code' })
}

const redeem = operation({
  noun: 'codes',
  verb: 'redeem',
  summary: 'Redeem a code for an account. It works once, however many try at the same time.',
  method: 'POST',
  path: '/codes/redeem',
  scope: 'write',
  input: z.strictObject({
    code: z.string().min(1).max(100).describe('The code. Case, blanks and dashes do not count.'),
    account: handleField().describe('The account: id or name.'),
  }),
  output: balanceView.extend({
    lot: z.string(),
    usd: z.string(),
    kind: z.enum(['paid', 'promo']),
    expires: z.string().nullable().describe('When the credit ends. RFC 3339, UTC.'),
    upgraded_to: z.string().nullable().describe('The plan that what was paid has led to; null = it stays.'),
  }),
  flags: [{ field: 'code', positional: true, describe: 'The code.' }],
  render: (view) => `${view.usd} USD for ${view.account}, which has ${view.balance_usd} USD\n`,
  run: async ({ code, account: handle }, context) => {
    const { clock, ids, ports } = context
    const account = await accountNamed(handle, context)
    const lot = ids.next('lot')
    const digest = ports.digestKey(normalCode(code))
    const change = {
      operation: 'codes.redeem' as const,
      object: account.id,
      before: null,
      after: { account: account.id, lot },
    }
    const redeemed = await ports.customers.redeemCode(
      { digest, account: account.id, lot, priority: priorities.promo, nowMs: clock.nowMs() },
      trailRowOf(change, context),
      upgradeOf(account, context),
    )
    if (!redeemed.ok) throw refusalOf(redeemed)
    const now = await balanceNow(account.id, context)
    const { plan, batch, expiresMs } = redeemed
    if (plan !== null)
      await ports.accountsChanged([{ id: account.id, billing: account.billing, state: now.state, plan }])
    return {
      ...viewOfBalance(now),
      lot,
      usd: decimalOf(batch.amountNanoUsd),
      kind: batch.kind,
      expires: timeOf(expiresMs),
      upgraded_to: plan,
    }
  },
})

export const codeOperations = [create, list, voidBatch, redeem] as const
