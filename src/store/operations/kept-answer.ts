/** Answers that are given again under an Idempotency-Key: claimed, kept piece by piece, ended, swept. */

import assert from 'node:assert/strict'
import type { Selectable } from 'kysely'
import type {
  AnswerEnd,
  AnswerPiece,
  AnswerState,
  AnswerStore,
  AnswerTotal,
  Claimed,
  ClaimRequest,
  OrphanRequest,
} from '#reuse/port.ts'
import type { KeptAnswerTable } from '#store/kept-tables.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { ownedBy } from './owner.ts'

type Row = Selectable<KeptAnswerTable>

const removePieces = async (transaction: Transaction, id: string): Promise<void> => {
  await transaction.deleteFrom('kept_answer_piece').where('id', '=', id).execute()
}

const remove = async (transaction: Transaction, id: string): Promise<void> => {
  await removePieces(transaction, id)
  await transaction.deleteFrom('kept_answer').where('id', '=', id).execute()
}

const rowOf = (transaction: Transaction, id: string): Promise<Row | undefined> =>
  transaction.selectFrom('kept_answer').selectAll().where('id', '=', id).executeTakeFirst()

const foundOf = ({ state, call, asked, head, reason }: Row): Claimed => ({
  state: state as AnswerState,
  call,
  asked,
  head,
  reason,
})

const claim = async (transaction: Transaction, request: ClaimRequest): Promise<Claimed> => {
  const { id, asked, call, owner, nowMs, expiresMs } = request
  const row = await rowOf(transaction, id)
  // Its call may run for longer than its row was meant to stand; nobody else may begin while it does.
  if (row !== undefined && (row.state === 'running' || row.expires_ms > BigInt(nowMs))) return foundOf(row)
  if (row !== undefined) await remove(transaction, id)
  const inserted = await transaction
    .insertInto('kept_answer')
    .values({
      id,
      asked,
      call,
      owner,
      state: 'running',
      head: null,
      reason: null,
      size_bytes: 0,
      created_ms: nowMs,
      expires_ms: expiresMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  if (inserted !== undefined) return { state: 'first' }
  const other = await rowOf(transaction, id)
  assert(other !== undefined, 'what was in the way of the row is there')
  return foundOf(other)
}

/** Whether this call's row is still running. */
const runs = async (transaction: Transaction, id: string, call: string): Promise<boolean> => {
  const row = await rowOf(transaction, id)
  return row?.state === 'running' && row.call === call
}

const end = async (transaction: Transaction, ending: AnswerEnd): Promise<void> => {
  const { id, call } = ending
  if (!(await runs(transaction, id, call))) return
  if (ending.state === 'free') return remove(transaction, id)
  if (ending.state === 'ended') await removePieces(transaction, id)
  const kept = ending.state === 'kept' ? { head: ending.head, size_bytes: ending.sizeBytes } : { reason: ending.reason }
  await transaction
    .updateTable('kept_answer')
    .set({ state: ending.state, ...kept })
    .where('id', '=', id)
    .execute()
}

const orphans = (transaction: Transaction, { of, limit }: OrphanRequest): Promise<readonly Row[]> => {
  const query = transaction.selectFrom('kept_answer').selectAll().where('state', '=', 'running').limit(limit)
  const owned = ownedBy(of.ownersOf ?? '')
  return 'id' in of
    ? query.where('id', '=', of.id).where('call', '=', of.call).where(owned).execute()
    : query.where('owner', '!=', of.notOwner).where(owned).execute()
}

/** What the books say of a call decides what becomes of its key. */
const resolve = async (transaction: Transaction, { id, call }: Row): Promise<void> => {
  const hold = await transaction.selectFrom('hold').select('state').where('call', '=', call).executeTakeFirst()
  if (hold?.state === 'open') return
  if (hold === undefined || hold.state === 'voided') return remove(transaction, id)
  const how = hold.state === 'lost' ? 'how far it came is not known' : 'it was charged'
  await end(transaction, { id, call, state: 'ended', reason: `it was interrupted, and ${how}` })
}

export const keptAnswerOperations = {
  claimAnswer: write(claim),

  keepPiece: write(async (transaction, piece: AnswerPiece): Promise<void> => {
    if (!(await runs(transaction, piece.id, piece.call))) return
    await transaction
      .insertInto('kept_answer_piece')
      .values(piece)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }),

  endAnswer: write(end),

  answerPieces: read(
    async (
      transaction,
      { id, call, from, limit }: Parameters<AnswerStore['answerPieces']>[0],
    ): Promise<readonly AnswerPiece[]> => {
      const rows = await transaction
        .selectFrom('kept_answer_piece')
        .selectAll()
        .where('id', '=', id)
        .where('call', '=', call)
        .where('place', '>=', BigInt(from))
        .orderBy('place')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ ...row, place: Number(row.place) }))
    },
  ),

  resolveAnswers: write(async (transaction, request: OrphanRequest): Promise<number> => {
    const rows = await orphans(transaction, request)
    for (const row of rows) await resolve(transaction, row)
    return rows.length
  }),

  sweepAnswers: write(
    async (transaction, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<AnswerTotal> => {
      const rows = await transaction
        .selectFrom('kept_answer')
        .select(['id', 'size_bytes'])
        .where('expires_ms', '<=', BigInt(nowMs))
        .where('state', '!=', 'running')
        .orderBy('expires_ms')
        .limit(limit)
        .execute()
      for (const { id } of rows) await remove(transaction, id)
      return { answers: rows.length, sizeBytes: rows.reduce((sum, row) => sum + Number(row.size_bytes), 0) }
    },
  ),

  answersTotal: read(async (transaction, _nothing: null): Promise<AnswerTotal> => {
    const { answers, size } = await transaction
      .selectFrom('kept_answer')
      .select(({ fn }) => [fn.countAll<bigint>().as('answers'), fn.sum<bigint | null>('size_bytes').as('size')])
      .executeTakeFirstOrThrow()
    return { answers: Number(answers), sizeBytes: Number(size ?? 0n) }
  }),
}
