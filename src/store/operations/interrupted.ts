/** The lines in the log of calls whose process died under them: what the books know of each. Of a call that nothing was held for they know nothing. */

import type { CallRecord } from '#base/call-record.ts'
import { blankRecord } from '#base/call-record.ts'
import { decimalOf } from '#base/money.ts'
import type { InterruptedCall } from '#ledger/port.ts'
import { callColumns, callValues } from '#store/row/call-row.ts'
import type { Transaction } from './context.ts'
import { write } from './context.ts'

type Whose = Pick<CallRecord, 'organisation' | 'project' | 'member' | 'test'>

const nobodys: Whose = { organisation: null, project: null, member: null, test: false }

/** The key says whose it was; without one, the account. */
const whoseOf = async (transaction: Transaction, { key, account }: InterruptedCall): Promise<Whose> => {
  const row =
    key === null
      ? undefined
      : await transaction
          .selectFrom('key')
          .select(['organisation', 'project', 'member'])
          .where('id', '=', key)
          .executeTakeFirst()
  if (row !== undefined) return { ...nobodys, ...row }
  const owner = await transaction
    .selectFrom('account')
    .select('organisation')
    .where('id', '=', account)
    .executeTakeFirst()
  return { ...nobodys, organisation: owner?.organisation ?? null }
}

/** What was asked died with the process; what became of the money did not. */
const recordOf = ({ call, account, key, beganMs, begun, ...books }: InterruptedCall, whose: Whose): CallRecord => ({
  ...blankRecord({ id: call, path: 'unknown' }, 'unknown', beganMs),
  ...whose,
  account,
  key,
  status: begun ? 200 : 500,
  error: 'internal_error',
  errorMessage: `The server ended while this call was under way. In the books it is ${books.state}, ${decimalOf(books.chargedNanoUsd)} USD charged (${books.rule}).`,
  costNanoUsd: books.chargedNanoUsd,
  end: 'cut',
})

/** Those that are in the log stay as they are. */
export const insertInterrupted = async (transaction: Transaction, calls: readonly InterruptedCall[]): Promise<void> => {
  for (const call of calls) {
    const values = callValues(recordOf(call, await whoseOf(transaction, call)))
    await transaction
      .insertInto('call')
      .values(Object.fromEntries(callColumns.map((column, place) => [column, values[place]])) as never)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
  }
}

export const interruptedOperations = {
  noteInterrupted: write(insertInterrupted),
}
