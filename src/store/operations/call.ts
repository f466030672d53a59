/** The log of calls. */

import assert from 'node:assert/strict'
import type { CompiledQuery, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { CallFilter } from '#admin/port.ts'
import type { CallRecord } from '#base/call-record.ts'
import { Problem } from '#base/problem.ts'
import type { CallRow } from '#store/row/call-row.ts'
import { callColumns, callRecord } from '#store/row/call-row.ts'
import { endOfLog, searchCalls } from './call-search.ts'
import type { Transaction } from './context.ts'
import { read, runHot, write } from './context.ts'

/** A repeat of the same call is no second row. */
const insertStatement: RawBuilder<never> = sql`insert into call (${sql.join(callColumns.map((name) => sql.ref(name)))})
  values (${sql.join(callColumns.map(() => null))}) on conflict (id) do nothing`

const keepBodies = async (transaction: Transaction, { id, requestBody, responseBody }: CallRow): Promise<void> => {
  await transaction
    .insertInto('call_body')
    .values({ call: id, request_body: requestBody, response_body: responseBody })
    .onConflict((conflict) => conflict.column('call').doNothing())
    .execute()
}

const noBodies = { request_body: null, response_body: null }

const sequenceOf = async (transaction: Transaction, id: string): Promise<bigint> => {
  const row = await transaction.selectFrom('call').select('sequence').where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new Problem('not_found', { message: `There is no call ${id} in the log.` })
  return row.sequence
}

/** What is better on one engine and worse on the other. */
export type BackendHabits = {
  /** Each question is a trip over a line. */
  readonly isFar: boolean
}

/** Part of the log, in the order of its reading; `next` is where to read on, `null` at the end. */
export type CallStretch = { readonly rows: readonly CallRecord[]; readonly next: bigint | null }

/** `from` is what the stretch before gave as `next`; `null` = the first stretch. */
export type CallReading = { readonly filter: CallFilter; readonly from: bigint | null }

/** Back from the end of the log or from the call `beforeId`; with `afterId` on from there. */
const readStretch =
  (isFar: boolean) =>
  async (transaction: Transaction, { filter, from }: CallReading): Promise<CallStretch> => {
    const { afterId, beforeId } = filter
    const anchor = afterId ?? beforeId
    const start = from ?? (anchor === null ? await endOfLog(transaction) : await sequenceOf(transaction, anchor))
    const { rows, next } = await searchCalls(transaction, { filter, backward: afterId === null, from: start }, isFar)
    return { rows: rows.map((row) => callRecord({ ...row, ...noBodies })), next }
  }

/** The operations on calls; each backend makes its own, with the insert compiled once for its dialect. */
export const callOperations = ({ isFar }: BackendHabits) => {
  let insert: CompiledQuery | null = null
  return {
    append: {
      ...write(async (transaction, row: CallRow): Promise<void> => {
        insert ??= insertStatement.compile(transaction)
        assert.equal(row.values.length, insert.parameters.length)
        await runHot(transaction, insert, row.values)
        if (row.requestBody !== null || row.responseBody !== null) await keepBodies(transaction, row)
      }),
      isApart: true as const,
    },

    /** At most `filter.limit` rows, without bodies (null): `call` has those. */
    callStretch: read(readStretch(isFar)),

    /** The call at this place of the log, or the first one above it. */
    callFrom: read(async (transaction, sequence: bigint): Promise<string | null> => {
      const row = await transaction
        .selectFrom('call')
        .select('id')
        .where('sequence', '>=', sequence)
        .orderBy('sequence')
        .limit(1)
        .executeTakeFirst()
      return row?.id ?? null
    }),

    call: read(async (transaction, id: string): Promise<CallRecord | null> => {
      const row = await transaction.selectFrom('call').selectAll().where('id', '=', id).executeTakeFirst()
      if (row === undefined) return null
      const body = await transaction.selectFrom('call_body').selectAll().where('call', '=', id).executeTakeFirst()
      return callRecord({ ...row, ...(body ?? noBodies) })
    }),
  }
}
