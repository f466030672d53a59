/** The price book: entries that are only ever added, proposals that are replaced table by table, what months came to. */

import type { TrailRow } from '#admin/port.ts'
import type { CallRecord } from '#base/call-record.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { NewPriceEntry, PriceEntry, PriceProposal } from '#catalog/port.ts'
import { callRecord } from '#store/row/call-row.ts'
import { priceEntry, priceEntryValues, priceProposal, proposalValues } from '#store/row/price-row.ts'
import { read, write } from './context.ts'
import { appendTrail } from './trail.ts'
import { rolledTo } from './usage/roll-forward.ts'

/** Rows that are read in one turn. */
const pageRowsMax = 1000
/** Rows in one statement: SQLite takes 32,766 values. */
const insertRowsMax = 500

export type MonthVolume = { readonly account: string; readonly family: string; readonly baseNanoUsd: bigint }

/** Calls whose ids lie in `[from, until)`, in the order of their arrival; without bodies. */
export type CallSpan = { readonly from: string; readonly until: string; readonly limit: number }

const noBodies = { request_body: null, response_body: null }

export const priceOperations = {
  addPriceEntries: write(
    async (
      transaction,
      { entries, trail }: { readonly entries: readonly NewPriceEntry[]; readonly trail: TrailRow },
    ): Promise<void> => {
      for (const entry of entries) await transaction.insertInto('price_entry').values(priceEntryValues(entry)).execute()
      await appendTrail(transaction, trail)
    },
  ),

  withdrawPriceEntry: write(
    async (
      transaction,
      { id, atMs, trail }: { readonly id: string; readonly atMs: number; readonly trail: TrailRow },
    ): Promise<PriceEntry> => {
      const row = await transaction
        .updateTable('price_entry')
        .set({ withdrawn_ms: atMs })
        .where('id', '=', id)
        .where('withdrawn_ms', 'is', null)
        .returningAll()
        .executeTakeFirst()
      if (row === undefined)
        throw new Problem('not_found', {
          ...saying('no_price_entry', { id }),
          param: 'id',
        })
      await appendTrail(transaction, trail)
      return priceEntry(row)
    },
  ),

  /** After a revision; the first page after 0. */
  priceEntryPage: read(async (transaction, after: number): Promise<readonly PriceEntry[]> => {
    const rows = await transaction
      .selectFrom('price_entry')
      .selectAll()
      .where('sequence', '>', BigInt(after))
      .orderBy('sequence')
      .limit(pageRowsMax)
      .execute()
    return rows.map(priceEntry)
  }),

  replaceProposals: write(
    async (
      transaction,
      request: { readonly source: string; readonly proposals: readonly PriceProposal[]; readonly trail: TrailRow },
    ): Promise<void> => {
      const { source, proposals, trail } = request
      await transaction.deleteFrom('price_proposal').where('source', '=', source).execute()
      for (let start = 0; start < proposals.length; start += insertRowsMax)
        await transaction
          .insertInto('price_proposal')
          .values(
            proposals
              .slice(start, start + insertRowsMax)
              .map((proposal, index) => proposalValues(proposal, start + index)),
          )
          .execute()
      await appendTrail(transaction, trail)
    },
  ),

  proposalPage: read(
    async (
      transaction,
      after: { readonly source: string; readonly line: number },
    ): Promise<{
      readonly proposals: readonly PriceProposal[]
      readonly next: { readonly source: string; readonly line: number } | null
    }> => {
      const rows = await transaction
        .selectFrom('price_proposal')
        .selectAll()
        .where((where) =>
          where.or([
            where('source', '>', after.source),
            where.and([where('source', '=', after.source), where('line', '>', BigInt(after.line))]),
          ]),
        )
        .orderBy('source')
        .orderBy('line')
        .limit(pageRowsMax)
        .execute()
      const last = rows.length === pageRowsMax ? rows.at(-1) : undefined
      return {
        proposals: rows.map(priceProposal),
        next: last === undefined ? null : { source: last.source, line: Number(last.line) },
      }
    },
  ),

  /** What accounts' calls came to before discounts, by family, since the beginning of a day. A family may be there twice. */
  volumesSince: read(async (transaction, dayMs: number): Promise<readonly MonthVolume[]> => {
    const kept = await transaction
      .selectFrom('day_volume')
      .select(['account', 'family'])
      .select(({ fn }) => fn.sum<bigint>('base_nano_usd').as('sum'))
      .where('day_ms', '>=', BigInt(dayMs))
      .groupBy(['account', 'family'])
      .execute()
    const pending = await transaction
      .selectFrom('call')
      .select(['account', 'family'])
      .select(({ fn }) => fn.sum<bigint>('base_nano_usd').as('sum'))
      .where('sequence', '>', await rolledTo(transaction))
      .where('time_ms', '>=', BigInt(dayMs))
      .where('test', '=', 0n)
      .where('base_nano_usd', '>', 0n)
      .groupBy(['account', 'family'])
      .execute()
    return [...kept, ...pending].flatMap(({ account, family, sum }) =>
      account === null || family === null ? [] : [{ account, family, baseNanoUsd: BigInt(sum) }],
    )
  }),

  callSpan: read(async (transaction, { from, until, limit }: CallSpan): Promise<readonly CallRecord[]> => {
    const rows = await transaction
      .selectFrom('call')
      .selectAll()
      .where('id', '>=', from)
      .where('id', '<', until)
      .orderBy('id')
      .limit(Math.min(limit, pageRowsMax))
      .execute()
    return rows.map((row) => callRecord({ ...row, ...noBodies }))
  }),
}
