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

const filtered = (transaction: Transaction, filter: CallFilter) => {
  let query = transaction.selectFrom('call').selectAll().limit(checkLimit(filter.limit))
  if (filter.key !== null) query = query.where('key', '=', filter.key)
  if (filter.account !== null) query = query.where('account', '=', filter.account)
  if (filter.model !== null) query = query.where('model', '=', filter.model)
  return query
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

    /**
     * In the order of the log. Without `afterId` the newest `limit`; with it the first `limit` after that call, so that
     * whoever follows the log misses none however many came at once. Bodies are left out (null): `call` has them.
     */
    calls: read(async (transaction, filter: CallFilter): Promise<readonly CallRecord[]> => {
      const query = filtered(transaction, filter)
      if (filter.afterId === null) {
        const newest = await query.orderBy('sequence', 'desc').execute()
        return newest.reverse().map((row) => callRecord({ ...row, ...noBodies }))
      }
      const after = await sequenceOf(transaction, filter.afterId)
      const rows = await query.where('sequence', '>', after).orderBy('sequence').execute()
      return rows.map((row) => callRecord({ ...row, ...noBodies }))
    }),

    call: read(async (transaction, id: string): Promise<CallRecord | null> => {
      const row = await transaction.selectFrom('call').selectAll().where('id', '=', id).executeTakeFirst()
      if (row === undefined) return null
      const body = await transaction.selectFrom('call_body').selectAll().where('call', '=', id).executeTakeFirst()
      return callRecord({ ...row, ...(body ?? noBodies) })
    }),
  }
}
