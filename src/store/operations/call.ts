/** The log of calls. */

import assert from 'node:assert/strict'
import type { CompiledQuery, Insertable } from 'kysely'
import type { CallFilter } from '#admin/port.ts'
import type { CallRecord } from '#base/call-record.ts'
import { Problem } from '#base/problem.ts'
import { callRecord, callValues } from '#store/row/call-row.ts'
import type { CallTable } from '#store/tables.ts'
import { endOfLog, searchCalls } from './call-search.ts'
import type { Transaction } from './context.ts'
import { read, runHot, write } from './context.ts'

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
      ...write(async (transaction, record: CallRecord): Promise<void> => {
        const values = callValues(record)
        insert ??= insertStatement(transaction, values)
        const parameters = Object.values(values)
        assert.equal(parameters.length, insert.parameters.length)
        await runHot(transaction, insert, parameters)
        if (record.requestBody !== null || record.responseBody !== null) await keepBodies(transaction, record)
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
