import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Transaction } from '#store/operations/context.ts'
import { openDatabase } from '#store/sqlite/open-database.ts'
import { batchSums } from './batch-sums.ts'
import type { BookStatements } from './statement.ts'
import { bookStatements } from './statement.ts'

const nowhere = {} as Transaction
const objectsOfRow = 2_000
const bytesPerObject = 40
const batches = 100

/** Rows that are seen where they gather. */
const largeRows = (): BookStatements => ({
  ...bookStatements(),
  money: async () => [{ padding: Array.from({ length: objectsOfRow }, (_unused, at) => ({ at })) } as never],
})

const oldBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name.startsWith('old_') || name.startsWith('large_'))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0)

test('what a batch has read is young when it is let go of, and not taken for old with what was read before it', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (how: { readonly type: 'major' | 'minor' }) => void
  const { run, late } = batchSums(largeRows())
  const read = async (): Promise<void> => {
    await run.money(nowhere, ['acc_1'])
  }
  // Twice looked at by a collection, and old: the sums themselves, and what the first batch of them had.
  await read()
  collect({ type: 'major' })
  late.forget()
  const before = oldBytes()
  for (let batch = 0; batch < batches; batch += 1) {
    await read()
    late.forget()
    collect({ type: 'minor' })
  }
  const gathered = oldBytes() - before
  // Half of all that was read: other work of the process becomes old meanwhile as well.
  assert.ok(gathered < (batches * objectsOfRow * bytesPerObject) / 2, `${gathered} bytes have become old`)
})

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
