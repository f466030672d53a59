/** The trail: who changed what, chained by hashes so that no row can be altered, taken out or put in unseen. */

import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { Page, TrailOf, TrailRow } from '#admin/port.ts'
import { firstIdAt } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { TrailLink, TrailPlace } from '#base/trail-chain.ts'
import { trailFault, trailHash } from '#base/trail-chain.ts'
import type { TrailTable } from '#store/tables.ts'
import type { Transaction } from './context.ts'
import { read } from './context.ts'
import { checkLimit } from './page.ts'

const trailRow = (row: Selectable<TrailTable>): TrailRow => ({
  id: row.id,
  timeMs: Number(row.time_ms),
  actor: row.actor,
  operation: row.operation,
  object: row.object,
  before: row.before,
  after: row.after,
  requestId: row.request_id,
})

/** Appends to the chain, in the transaction of the change. */
export const appendTrail = async (transaction: Transaction, row: TrailRow): Promise<void> => {
  const head = await transaction
    .updateTable('trail_head')
    .set({ position: sql`position + 1` })
    .where('single', '=', 1n)
    .returning(['position', 'hash'])
    .executeTakeFirstOrThrow()
  const position = Number(head.position)
  const hash = trailHash({ row, position, previousHash: head.hash })
  await transaction
    .insertInto('trail')
    .values({
      position,
      id: row.id,
      time_ms: row.timeMs,
      actor: row.actor,
      operation: row.operation,
      object: row.object,
      before: row.before,
      after: row.after,
      request_id: row.requestId,
      previous_hash: head.hash,
      hash,
    })
    .execute()
  await transaction.updateTable('trail_head').set({ hash }).where('single', '=', 1n).execute()
}

/** An id that says only when: the first that could be made at a moment (`firstIdAt`). */
const momentLength = firstIdAt('trl', 0).length

const positionOf = async (transaction: Transaction, id: string): Promise<bigint> => {
  if (id.length === momentLength) {
    const before = transaction
      .selectFrom('trail')
      .where('id', '<', id)
      .orderBy('id', 'desc')
      .select('position')
      .limit(1)
    return (await before.executeTakeFirst())?.position ?? 0n
  }
  const row = await transaction.selectFrom('trail').select('position').where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new Problem('not_found', { message: `There is no trail row ${id}.`, param: 'after' })
  return row.position
}

export type TrailStretch =
  | { readonly ok: true; readonly rows: number; readonly last: TrailPlace; readonly more: boolean }
  | { readonly ok: false; readonly rows: number; readonly brokenAt: number; readonly why: string }

/** Rows checked in one transaction: a long trail is checked in stretches, so that others get their turn. */
const stretchRowsMax = 1000

const linkOf = (row: Selectable<TrailTable>): TrailLink => ({
  row: trailRow(row),
  position: Number(row.position),
  previousHash: row.previous_hash,
  hash: row.hash,
})

const checkStretch = async (transaction: Transaction, from: TrailPlace): Promise<TrailStretch> => {
  const rows = await transaction
    .selectFrom('trail')
    .selectAll()
    .where('position', '>', BigInt(from.position))
    .orderBy('position')
    .limit(stretchRowsMax)
    .execute()
  let last = from
  for (const row of rows) {
    const why = trailFault(linkOf(row), last)
    if (why !== null) return { ok: false, rows: last.position, brokenAt: Number(row.position), why }
    last = { position: Number(row.position), hash: row.hash }
  }
  if (rows.length === stretchRowsMax) return { ok: true, rows: last.position, last, more: true }
  const head = await transaction.selectFrom('trail_head').selectAll().executeTakeFirstOrThrow()
  if (Number(head.position) !== last.position || head.hash !== last.hash)
    return { ok: false, rows: last.position, brokenAt: last.position + 1, why: 'rows are missing at the end' }
  return { ok: true, rows: last.position, last, more: false }
}

export const trailOperations = {
  trail: read(async (transaction, page: Page): Promise<readonly TrailRow[]> => {
    let query = transaction.selectFrom('trail').selectAll().orderBy('position').limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('position', '>', await positionOf(transaction, page.after))
    return (await query.execute()).map(trailRow)
  }),
  trailOf: read(async (transaction, { actor, limit, before }: TrailOf): Promise<readonly TrailRow[]> => {
    let query = transaction
      .selectFrom('trail')
      .selectAll()
      .where('actor', '=', actor)
      .orderBy('position', 'desc')
      .limit(checkLimit(limit))
    if (before !== null) query = query.where('position', '<', await positionOf(transaction, before))
    return (await query.execute()).map(trailRow)
  }),
  /** In the order of the chain, from behind a position. */
  trailLinks: read(
    async (
      transaction,
      { after, limit }: { readonly after: number; readonly limit: number },
    ): Promise<readonly TrailLink[]> => {
      const rows = await transaction
        .selectFrom('trail')
        .selectAll()
        .where('position', '>', BigInt(after))
        .orderBy('position')
        .limit(checkLimit(limit))
        .execute()
      return rows.map(linkOf)
    },
  ),
  checkTrail: read(checkStretch),
}
