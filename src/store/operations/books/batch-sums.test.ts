import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '#store/sqlite/open-database.ts'
import { batchSums } from './batch-sums.ts'
import { bookStatements } from './statement.ts'

test('nobody waits for statements of the embedded store, nor for sums that were read: rows are there, and no promise of them', async (context) => {
  const settings = { file: ':memory:', durability: 'process', nowMs: 0, busyTimeoutMs: 0 } as const
  const { database, kysely } = await openDatabase(settings)
  context.after(() => database.close())
  const alone = bookStatements()
  const { run } = batchSums(alone)
  for (const { money, budget, lots } of [alone, run, run])
    for (const rows of [money(kysely, ['acc_1']), lots(kysely, ['acc_1']), budget(kysely, ['key:key_1', 'month', 0])])
      assert.deepEqual(rows, [])
})
