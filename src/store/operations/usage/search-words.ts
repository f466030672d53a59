/** The caller's own words in the index of the log: taken out where the records behind them have lost theirs. */

import type { Transaction } from '#store/operations/context.ts'
import { failedTrait, rolledColumns, traitsOf } from './contribution.ts'
import { blocksPerBucket, callsPerBlock, rolledTo } from './roll-forward.ts'

const words: readonly string[] = ['conversation', 'call_site', 'tag', failedTrait('call_site'), failedTrait('tag')]

/** Makes the words of the blocks that hold these calls anew from the records, which are of several accounts. */
export const eraseSearchWords = async (transaction: Transaction, sequences: readonly bigint[]): Promise<void> => {
  const rolled = await rolledTo(transaction)
  for (const block of new Set(sequences.map((sequence) => sequence / callsPerBlock))) {
    const bucket = block / blocksPerBucket
    await transaction
      .deleteFrom('call_block')
      .where('bucket', '=', bucket)
      .where('trait', 'in', words)
      .where('block', '=', block)
      .execute()
    const calls = await transaction
      .selectFrom('call')
      .select([...rolledColumns])
      .where('sequence', '>=', block * callsPerBlock)
      .where('sequence', '<', (block + 1n) * callsPerBlock)
      .where('sequence', '<=', rolled)
      .execute()
    for (const [trait, value] of calls.flatMap(traitsOf))
      if (words.includes(trait))
        await transaction
          .insertInto('call_block')
          .values({ bucket, trait, value, block })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
  }
}
