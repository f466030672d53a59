/** Keys between the table and the rooms. */

import type { Insertable, Selectable } from 'kysely'
import type { KeyRow } from '#admin/port.ts'
import type { KeyFacts } from '#relay/port.ts'
import type { KeyTable } from '#store/tables.ts'

const listText = (list: readonly string[] | null): string | null => (list === null ? null : JSON.stringify(list))
const listOf = (text: string | null): readonly string[] | null =>
  text === null ? null : (JSON.parse(text) as readonly string[])
const countOf = (value: bigint | null): number | null => (value === null ? null : Number(value))

export const keyValues = (row: KeyRow): Insertable<KeyTable> => ({
  id: row.id,
  name: row.name,
  organisation: row.organisation,
  project: row.project,
  member: row.member,
  maker: row.maker ?? null,
  line: row.line ?? null,
  earlier: listText(row.earlier ?? null),
  account: row.account,
  purpose: row.purpose,
  test: row.test ? 1 : 0,
  environment: row.environment,
  models: listText(row.models),
  regions: listText(row.regions),
  cache_ms: row.cacheMs,
  requests_per_minute: row.requestsPerMinute,
  tokens_per_minute: row.tokensPerMinute,
  requests_per_day: row.requestsPerDay,
  tokens_per_day: row.tokensPerDay,
  concurrency: row.concurrency,
  addresses: listText(row.addresses),
  default_provider: row.defaultProvider,
  usage_cost: row.usageCost ? 1 : 0,
  role: row.role ?? null,
  budget_nano_usd: row.budgetNanoUsd,
  budget_period: row.budgetPeriod,
  created_ms: row.createdMs,
  expires_ms: row.expiresMs,
  revoked_ms: row.revokedMs,
  ending: row.ending,
  digest: row.digest,
})

export const keyRow = (row: Selectable<KeyTable>): KeyRow => ({
  id: row.id,
  name: row.name,
  organisation: row.organisation,
  project: row.project,
  member: row.member,
  account: row.account,
  purpose: row.purpose as KeyRow['purpose'],
  test: row.test !== 0n,
  environment: row.environment,
  models: listOf(row.models),
  regions: listOf(row.regions),
  cacheMs: countOf(row.cache_ms),
  requestsPerMinute: countOf(row.requests_per_minute),
  tokensPerMinute: countOf(row.tokens_per_minute),
  requestsPerDay: countOf(row.requests_per_day),
  tokensPerDay: countOf(row.tokens_per_day),
  concurrency: countOf(row.concurrency),
  addresses: listOf(row.addresses),
  defaultProvider: row.default_provider,
  usageCost: row.usage_cost !== 0n,
  ...(row.role === null ? {} : { role: row.role as NonNullable<KeyRow['role']> }),
  budgetNanoUsd: row.budget_nano_usd,
  budgetPeriod: row.budget_period as KeyRow['budgetPeriod'],
  createdMs: Number(row.created_ms),
  expiresMs: countOf(row.expires_ms),
  revokedMs: countOf(row.revoked_ms),
  ending: row.ending,
  ...(row.maker === null ? {} : { maker: row.maker }),
  ...(row.line === null ? {} : { line: row.line }),
  ...(row.earlier === null ? {} : { earlier: listOf(row.earlier) ?? [] }),
  digest: row.digest,
})

/** The row without its digest and its maker: what the hot path may see. */
export const keyFacts = ({ digest: _digest, maker: _maker, ...facts }: KeyRow): KeyFacts => facts
