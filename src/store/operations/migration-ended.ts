/** Migrations of which only the sums are still of use. */

import type { Transaction } from './context.ts'

/** Their ids, for a condition: ended, and last looked at before. */
export const endedBefore = (transaction: Transaction, endedBeforeMs: number) =>
  transaction
    .selectFrom('migration')
    .select('id')
    .where('phase', 'in', ['rolled_back', 'aborted', 'completed'])
    .where('checked_ms', '<', BigInt(endedBeforeMs))
