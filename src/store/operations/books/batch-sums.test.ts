import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Transaction } from '#store/operations/context.ts'
import { batchSums } from './batch-sums.ts'
import type { BookStatements } from './statement.ts'
import { bookStatements } from './statement.ts'

const nowhere = {} as Transaction
const objectsOfRow = 2_000
const batches = 60

/** Rows that would be seen where they gather: some 100 KB each. */
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
  assert.ok(oldBytes() - before < (batches * objectsOfRow * 8) / 4, `${oldBytes() - before} bytes have become old`)
})
