/** Lots of credit: listed, taken back, corrected. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf, nanoOf } from '#base/money.ts'
import type { LotView } from '#ledger/port.ts'
import { accountNamed, balanceNow, balanceView, viewOfBalance } from './credits.ts'
import { handleField, isSomething, pageFields } from './field.ts'
import { operation } from './operation.ts'
import { listText, table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

const lotView = z.object({
  lot: z.string(),
  account: z.string(),
  kind: z.enum(['paid', 'promo', 'bundle']),
  state: z
    .enum(['open', 'spent', 'expired', 'revoked'])
    .describe('`open` = something is left. What has expired and is held by calls under way is open until they end.'),
  granted_nano_usd: z.string(),
  remaining_nano_usd: z.string(),
  remaining_usd: z.string(),
  paid_nano_usd: z.string().describe('What was paid for it.'),
  revoked_nano_usd: z.string(),
  models: z.array(z.string()).nullable().describe('The models that it pays for; null = every model.'),
  priority: z.int().describe('Lots with a lower number are spent first.'),
  expires: z.string().nullable().describe('RFC 3339, UTC.'),
  created: z.string().describe('RFC 3339, UTC.'),
  method: z.string().describe('How it came: `manual`, `code`, `signup`, `adjustment`, or a method of payment.'),
  reason: z.string().nullable(),
})

const stateOf = (lot: LotView, nowMs: number): z.input<typeof lotView>['state'] => {
  if (lot.remainingNanoUsd > 0n) return 'open'
  if (lot.revokedNanoUsd > 0n) return 'revoked'
  return lot.expiresMs !== null && lot.expiresMs <= nowMs ? 'expired' : 'spent'
}

const viewOf = (lot: LotView, nowMs: number): z.input<typeof lotView> => ({
  lot: lot.lot,
  account: lot.account,
  kind: lot.kind,
  state: stateOf(lot, nowMs),
  granted_nano_usd: lot.grantedNanoUsd.toString(),
  remaining_nano_usd: lot.remainingNanoUsd.toString(),
  remaining_usd: decimalOf(lot.remainingNanoUsd),
  paid_nano_usd: lot.paidNanoUsd.toString(),
  revoked_nano_usd: lot.revokedNanoUsd.toString(),
  models: lot.scope === null ? null : [...lot.scope],
  priority: lot.priority,
  expires: lot.expiresMs === null ? null : rfc3339(lot.expiresMs),
  created: rfc3339(lot.createdMs),
  method: lot.method,
  reason: lot.reason,
})

/** `credits list` */
export const listLots = operation({
  noun: 'credits',
  verb: 'list',
  summary: 'List lots of credit, the oldest first: what was granted, what is left, what each pays for.',
  method: 'GET',
  path: '/credits',
  scope: 'read',
  input: z.strictObject({
    account: handleField().optional().describe('Only those of this account: id or name.'),
    open: z.boolean().default(false).describe('Only lots with something left.'),
    ...pageFields(1000),
  }),
  output: z.object({ data: z.array(lotView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['LOT', 'ACCOUNT', 'KIND', 'STATE', 'GRANTED', 'LEFT', 'MODELS', 'EXPIRES', 'METHOD'],
      data.map((lot) => [
        lot.lot,
        lot.account,
        lot.kind,
        lot.state,
        decimalOf(BigInt(lot.granted_nano_usd)),
        lot.remaining_usd,
        listText(lot.models),
        lot.expires,
        lot.method,
      ]),
    ),
  run: async ({ account, open, limit, after }, context) => {
    const id = account === undefined ? null : (await accountNamed(account, context)).id
    const rows = await context.ports.customers.lots({ limit, after: after ?? null, account: id, open })
    const nowMs = context.clock.nowMs()
    return {
      data: rows.map((lot) => viewOf(lot, nowMs)),
      next: rows.length < limit ? null : (rows.at(-1)?.lot ?? null),
    }
  },
})

const reasonField = () => z.string().min(1).max(500).describe('Why, for the books and the trail.')

/** `credits revoke` */
export const revokeLot = operation({
  noun: 'credits',
  verb: 'revoke',
  summary: 'Take back what of a lot is neither spent nor held for calls under way.',
  method: 'POST',
  path: '/credits/{lot}/revoke',
  scope: 'write',
  input: z.strictObject({ lot: handleField().describe("The lot's id."), reason: reasonField() }),
  output: balanceView.extend({
    lot: z.string(),
    revoked_nano_usd: z.string(),
    kept_nano_usd: z.string().describe('Held for calls under way: revoke again when they have ended.'),
  }),
  flags: [{ field: 'lot', positional: true, describe: "The lot's id." }],
  render: (view) =>
    `took back ${decimalOf(BigInt(view.revoked_nano_usd))} USD of ${view.lot}; ${view.account} has ${view.balance_usd} USD\n`,
  run: async ({ lot, reason }, context) => {
    const nowMs = context.clock.nowMs()
    const change = { operation: 'credits.revoke' as const, object: lot, before: null, after: { lot, reason } }
    const revoked = await context.ports.customers.revokeLot({ lot, nowMs, reason }, trailRowOf(change, context))
    return {
      ...viewOfBalance(await balanceNow(revoked.account, context)),
      lot,
      revoked_nano_usd: revoked.revokedNanoUsd.toString(),
      kept_nano_usd: revoked.keptNanoUsd.toString(),
    }
  },
})

/** `credits adjust` */
export const adjustCredit = operation({
  noun: 'credits',
  verb: 'adjust',
  summary: 'Correct an account by hand: `--usd -3.00` takes away, `--usd 3.00` gives. Needs a reason.',
  method: 'POST',
  path: '/credits/adjust',
  scope: 'write',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    usd: z
      .string()
      .regex(/^[+-]?\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "-3.00"')
      .refine(isSomething, 'must be more or less than nothing')
      .describe('The amount in USD, below zero to take away.'),
    reason: reasonField(),
  }),
  output: balanceView.extend({ adjustment: z.string() }),
  flags: [{ field: 'usd', flag: '--usd <amount>', describe: 'The amount in USD, below zero to take away.' }],
  render: (view) => `${view.account} has ${view.balance_usd} USD\n`,
  run: async ({ account: handle, usd, reason }, context) => {
    const account = await accountNamed(handle, context)
    const size = nanoOf(usd.replace(/^[+-]/, ''))
    const id = context.ids.next('lot')
    const after = { account: account.id, adjustment: id, usd, reason }
    const trail = trailRowOf({ operation: 'credits.adjust', object: account.id, before: null, after }, context)
    const amountNanoUsd = usd.startsWith('-') ? -size : size
    const nowMs = context.clock.nowMs()
    await context.ports.customers.adjustCredit({ id, account: account.id, amountNanoUsd, nowMs, reason }, trail)
    return { ...viewOfBalance(await balanceNow(account.id, context)), adjustment: id }
  },
})
