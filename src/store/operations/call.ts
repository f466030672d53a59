/** The log of calls. */

import assert from 'node:assert/strict'
import type { CompiledQuery, Insertable } from 'kysely'
import type { CallFilter } from '#admin/port.ts'
import type { CallRecord } from '#base/call-record.ts'
import { Problem } from '#base/problem.ts'
import { callRecord, callValues } from '#store/row/call-row.ts'
import type { CallTable } from '#store/tables.ts'
import type { Transaction } from './context.ts'
import { read, runHot, write } from './context.ts'
import { checkLimit } from './page.ts'

/** A repeat of the same call is no second row. */
const insertStatement = (transaction: Transaction, values: Insertable<CallTable>): CompiledQuery =>
  transaction
    .insertInto('call')
    .values(values)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .compile()

const keepBodies = async (transaction: Transaction, record: CallRecord): Promise<void> => {
  await transaction
    .insertInto('call_body')
    .values({ call: record.id, request_body: record.requestBody, response_body: record.responseBody })
    .onConflict((conflict) => conflict.column('call').doNothing())
    .execute()
}

const noBodies = { request_body: null, response_body: null }

const sequenceOf = async (transaction: Transaction, id: string): Promise<bigint> => {
  const row = await transaction.selectFrom('call').select('sequence').where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new Problem('not_found', { message: `There is no call ${id} in the log.` })
  return row.sequence
}

/** Part of the log, in the order of its reading; `next` is where to read on, `null` at the end. */
export type CallStretch = { readonly rows: readonly CallRecord[]; readonly next: bigint | null }

/** `from` is what the stretch before gave as `next`; `null` = the first stretch. */
export type CallReading = { readonly filter: CallFilter; readonly from: bigint | null }

/**
 * One filter is read off the end of its index. Two together have no index, so that every write need not pay for one: they
 * are read in stretches of this much of the log, and others get their turn in between.
 */
const stretchLengthMax = 50_000n

const newestSequence = async (transaction: Transaction): Promise<bigint> => {
  const row = await transaction
    .selectFrom('call')
    .select('sequence')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.sequence ?? 0n
}

const filtered = (transaction: Transaction, { limit, key, account, model }: CallFilter) => {
  let query = transaction.selectFrom('call').selectAll().limit(checkLimit(limit))
  if (key !== null) query = query.where('key', '=', key)
  if (account !== null) query = query.where('account', '=', account)
  if (model !== null) query = query.where('model', '=', model)
  return query
}

const isIndexed = ({ key, account, model }: CallFilter): boolean =>
  [key, account, model].filter((value) => value !== null).length <= 1

/** Newest first. */
const readBackward = async (transaction: Transaction, { filter, from }: CallReading): Promise<CallStretch> => {
  const upper = from ?? (await newestSequence(transaction)) + 1n
  const lower = isIndexed(filter) ? 0n : upper - stretchLengthMax
  const rows = await filtered(transaction, filter)
    .where('sequence', '<', upper)
    .where('sequence', '>=', lower)
    .orderBy('sequence', 'desc')
    .execute()
  return { rows: rows.map((row) => callRecord({ ...row, ...noBodies })), next: lower > 1n ? lower : null }
}

/** From the call `afterId` on, oldest first. */
const readForward = async (
  transaction: Transaction,
  { filter, from }: CallReading,
  afterId: string,
): Promise<CallStretch> => {
  const newest = await newestSequence(transaction)
  const lower = from ?? (await sequenceOf(transaction, afterId))
  const upper = isIndexed(filter) ? newest : lower + stretchLengthMax
  const rows = await filtered(transaction, filter)
    .where('sequence', '>', lower)
    .where('sequence', '<=', upper)
    .orderBy('sequence')
    .execute()
  return { rows: rows.map((row) => callRecord({ ...row, ...noBodies })), next: upper < newest ? upper : null }
}

/** The operations on calls; each backend makes its own, with the insert compiled once for its dialect. */
export const callOperations = () => {
  let insert: CompiledQuery | null = null
  return {
    append: write(async (transaction, record: CallRecord): Promise<void> => {
      const values = callValues(record)
      insert ??= insertStatement(transaction, values)
      const parameters = Object.values(values)
      assert.equal(parameters.length, insert.parameters.length)
      await runHot(transaction, insert, parameters)
      if (record.requestBody !== null || record.responseBody !== null) await keepBodies(transaction, record)
    }),

    /** At most `filter.limit` rows, without bodies (null): `call` has those. */
    callStretch: read(
      (transaction, reading: CallReading): Promise<CallStretch> =>
        reading.filter.afterId === null
          ? readBackward(transaction, reading)
          : readForward(transaction, reading, reading.filter.afterId),
    ),

    call: read(async (transaction, id: string): Promise<CallRecord | null> => {
      const row = await transaction.selectFrom('call').selectAll().where('id', '=', id).executeTakeFirst()
      if (row === undefined) return null
      const body = await transaction.selectFrom('call_body').selectAll().where('call', '=', id).executeTakeFirst()
      return callRecord({ ...row, ...(body ?? noBodies) })
    }),
  }
}
