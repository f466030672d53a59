/** The price book between the table and the rooms. Money inside JSON is `{"nano":"…"}`. */

import type { Insertable, Selectable } from 'kysely'
import type { CallRecord } from '#base/call-record.ts'
import type { PriceRow } from '#base/price-row.ts'
import type { NewPriceEntry, PriceEntry, PriceEntryBody, PriceProposal } from '#catalog/port.ts'
import type { PriceEntryTable, PriceProposalTable } from '#store/tables.ts'

const nanoText = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? { nano: inner.toString() } : inner))

const isNano = (value: unknown): value is { readonly nano: string } =>
  typeof value === 'object' && value !== null && 'nano' in value && typeof value.nano === 'string'

const nanoParsed = (text: string): unknown =>
  JSON.parse(text, (_key, inner: unknown) => (isNano(inner) ? BigInt(inner.nano) : inner))

/** Rates of exchange are put to a row when the book is read: they are no part of it. */
const kept = (body: PriceEntryBody): PriceEntryBody => {
  if (body.kind !== 'list' && body.kind !== 'sale') return body
  const { perUsd: _perUsd, rank: _rank, revision: _revision, ...row } = body.row
  return { ...body, row }
}

export const priceEntryValues = (entry: NewPriceEntry): Insertable<PriceEntryTable> => ({
  id: entry.id,
  kind: entry.body.kind,
  body: nanoText(kept(entry.body)),
  note: entry.note,
  actor: entry.actor,
  created_ms: entry.createdMs,
  withdrawn_ms: null,
})

export const priceEntry = (row: Selectable<PriceEntryTable>): PriceEntry => ({
  id: row.id,
  revision: Number(row.sequence),
  createdMs: Number(row.created_ms),
  actor: row.actor,
  note: row.note,
  body: nanoParsed(row.body) as PriceEntryBody,
  withdrawnMs: row.withdrawn_ms === null ? null : Number(row.withdrawn_ms),
})

export const proposalValues = ({ source, read, row }: PriceProposal, line: number): Insertable<PriceProposalTable> => ({
  source,
  line,
  read,
  body: nanoText(row),
})

export const priceProposal = (row: Selectable<PriceProposalTable>): PriceProposal => ({
  source: row.source,
  read: row.read,
  row: nanoParsed(row.body) as PriceProposal['row'],
})

/** Rates of exchange, rank and revision are no part of what a row is. */
export const priceUsedBody = ({ perUsd: _perUsd, rank: _rank, revision: _revision, ...row }: PriceRow): string =>
  nanoText(row)

export const priceUsedRow = (body: string): PriceRow => nanoParsed(body) as PriceRow

type Pricing = NonNullable<CallRecord['pricing']>

const nanoOf = (amount: bigint | null) => (amount === null ? null : { nano: amount.toString() })

/** As `nanoText`, for every call: amounts are named here, because looking at each value for one takes three times as long. */
export const pricingText = (pricing: Pricing | null): string | null =>
  pricing === null
    ? null
    : JSON.stringify({ ...pricing, perUsdNano: nanoOf(pricing.perUsdNano), baseNanoUsd: nanoOf(pricing.baseNanoUsd) })

export const pricingOf = (text: string | null): Pricing | null => (text === null ? null : (nanoParsed(text) as Pricing))
