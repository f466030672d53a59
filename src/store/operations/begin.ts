/** The first rows of an empty store. */

import type { FirstStart } from '#admin/port.ts'
import { insertAccount } from './account.ts'
import { write } from './context.ts'
import { insertKey } from './key.ts'
import { appendTrail } from './trail.ts'

export const beginOperations = {
  begin: write(async (transaction, first: FirstStart): Promise<boolean> => {
    const someone = await transaction.selectFrom('organisation').select('id').limit(1).executeTakeFirst()
    if (someone !== undefined) return false
    await insertAccount(transaction, first)
    for (const key of first.keys) await insertKey(transaction, key)
    await appendTrail(transaction, first.trail)
    return true
  }),
}
