/** What is kept for a while only. Books and figures of usage stay. */

import { write } from './context.ts'
import { checkLimit } from './page.ts'
import { rolledTo } from './usage/roll-forward.ts'

type Old = { readonly olderThanMs: number; readonly limit: number }

/** Rows of one batch of which the oldest are looked at: those before the first one that is still to be kept. */
const leading = <Row extends { readonly time_ms: bigint | null }>(rows: readonly Row[], olderThanMs: number): Row[] => {
  const end = rows.findIndex(({ time_ms }) => time_ms !== null && time_ms >= BigInt(olderThanMs))
  return end === -1 ? [...rows] : rows.slice(0, end)
}

export const retentionOperations = {
  /** Deletes from the old end of the log, nothing that the figures of usage do not hold yet; gives how many calls went. */
  forgetCalls: write(async (transaction, { olderThanMs, limit }: Old): Promise<number> => {
    const rows = await transaction
      .selectFrom('call')
      .select(['sequence', 'id', 'time_ms'])
      .where('sequence', '<=', await rolledTo(transaction))
      .orderBy('sequence')
      .limit(checkLimit(limit))
      .execute()
    const old = leading(rows, olderThanMs)
    const last = old.at(-1)
    if (last === undefined) return 0
    const ids = old.map(({ id }) => id)
    await transaction.deleteFrom('call_body').where('call', 'in', ids).execute()
    await transaction.deleteFrom('call').where('sequence', '<=', last.sequence).execute()
    return old.length
  }),

  /** Deletes the oldest bodies; gives how many calls they were of. */
  forgetBodies: write(async (transaction, { olderThanMs, limit }: Old): Promise<number> => {
    const rows = await transaction
      .selectFrom('call_body')
      .leftJoin('call', 'call.id', 'call_body.call')
      .select(['call_body.call as call', 'call.time_ms as time_ms'])
      .orderBy('call_body.call')
      .limit(checkLimit(limit))
      .execute()
    const old = leading(rows, olderThanMs)
    if (old.length === 0) return 0
    const ids = old.map(({ call }) => call)
    await transaction.deleteFrom('call_body').where('call', 'in', ids).execute()
    return old.length
  }),
}
