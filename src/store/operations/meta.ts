/** Operations on the store itself. */

import { read, write } from './context.ts'
import { appendTrail } from './trail.ts'

export const storeOperations = {
  noteChange: write(appendTrail),

  /** Nothing: answered when whatever was asked before is in the tables. */
  turn: read(async (_transaction, _nothing: null): Promise<void> => {}),

  /** Writes a small row: whether the store can be written to is found out by writing. */
  probe: write(async (transaction, nowMs: number): Promise<void> => {
    const value = nowMs.toString()
    await transaction
      .insertInto('meta')
      .values({ name: 'probed_ms', value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute()
  }),
}
