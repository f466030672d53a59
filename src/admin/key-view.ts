/** A key as it may be seen: everything but the key and its digest. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { roles } from '#identity/role.ts'
import type { KeyRow } from './rows.ts'

const time = z.string().describe('RFC 3339, UTC.')

/** What lists and details of keys hold. */
export const keyView = z.object({
  id: z.string(),
  name: z.string(),
  organisation: z.string(),
  project: z.string().nullable(),
  member: z.string().nullable().describe('The person that it was made for.'),
  account: z.string(),
  purpose: z.enum(['model', 'admin']).describe('Model keys call models, admin keys manage; never both.'),
  test: z.boolean().describe('A key of the sandbox.'),
  role: z.enum(roles).nullable().describe('Of an admin key; null = a model key.'),
  environment: z.string().nullable().describe('The `server.environment` that it may be used in; null = any.'),
  models: z.array(z.string()).nullable().describe('The models that it may use; null = every model.'),
  regions: z.array(z.string()).nullable().describe('Regions that its calls may go to; null = those of the server.'),
  cache_seconds: z
    .number()
    .nullable()
    .describe('How long an answer may be given again to the same call; null = never.'),
  rpm: z.int().nullable(),
  tpm: z.int().nullable(),
  rpd: z.int().nullable(),
  tpd: z.int().nullable(),
  concurrency: z.int().nullable(),
  budget_usd: z.string().nullable(),
  budget_period: z.enum(['day', 'week', 'month']).nullable(),
  addresses: z.array(z.string()).nullable(),
  provider: z.string().nullable().describe('The provider of uploads that name none.'),
  usage_cost: z.boolean(),
  state: z
    .enum(['active', 'ending', 'expired', 'revoked'])
    .describe('`ending` = revoked with effect from a moment ahead.'),
  created: time,
  expires: time.nullable(),
  revoked: time.nullable(),
  ending: z.string().describe('The last 4 characters of the key.'),
})

export type KeyView = z.input<typeof keyView>

const stateOf = (row: KeyRow, nowMs: number): KeyView['state'] => {
  if (row.revokedMs !== null) return row.revokedMs <= nowMs ? 'revoked' : 'ending'
  return row.expiresMs !== null && row.expiresMs <= nowMs ? 'expired' : 'active'
}

const timeOf = (timeMs: number | null): string | null => (timeMs === null ? null : rfc3339(timeMs))

/** A row as it may be seen. */
export const viewOfKey = (row: KeyRow, nowMs: number): KeyView => ({
  id: row.id,
  name: row.name,
  organisation: row.organisation,
  project: row.project,
  member: row.member,
  account: row.account,
  purpose: row.purpose,
  role: row.purpose === 'admin' ? (row.role ?? 'owner') : null,
  test: row.test,
  environment: row.environment,
  models: row.models === null ? null : [...row.models],
  regions: row.regions === null ? null : [...row.regions],
  cache_seconds: row.cacheMs === null ? null : row.cacheMs / 1_000,
  rpm: row.requestsPerMinute,
  tpm: row.tokensPerMinute,
  rpd: row.requestsPerDay,
  tpd: row.tokensPerDay,
  concurrency: row.concurrency,
  budget_usd: row.budgetNanoUsd === null ? null : decimalOf(row.budgetNanoUsd),
  budget_period: row.budgetPeriod,
  addresses: row.addresses === null ? null : [...row.addresses],
  provider: row.defaultProvider,
  usage_cost: row.usageCost,
  state: stateOf(row, nowMs),
  created: rfc3339(row.createdMs),
  expires: timeOf(row.expiresMs),
  revoked: timeOf(row.revokedMs),
  ending: row.ending,
})

/** A key as it is shown to whoever made it. */
export const madeKeyView = keyView.extend({
  key: z.string().describe('The key itself. It is shown this once and kept only as a digest.'),
  warnings: z
    .array(z.string())
    .describe('What was taken and is of no effect here now: a model or an environment that there is not.'),
})
