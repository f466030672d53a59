/** What batches leave behind in the heap. Counted in a thread of its own, which this file is as well: the heap of the test's own holds what other tests leave. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import type { Transaction } from '#store/operations/context.ts'
import { batchSums } from './batch-sums.ts'
import { bookStatements } from './statement.ts'

const batches = 100
const objectsOfRow = 2_000
const bytesPerObject = 40
const nowhere = {} as Transaction

/** Rows that are seen where they gather. */
const largeRow = () => ({ padding: Array.from({ length: objectsOfRow }, (_unused, at) => ({ at })) }) as never

const oldBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name.startsWith('old_') || name.startsWith('large_'))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0)

/** Bytes that become old while batches are read and forgotten. */
const countOld = async (): Promise<number> => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (how: { readonly type: 'major' | 'minor' }) => void
  const { run, late } = batchSums({ ...bookStatements(), money: async () => [largeRow()] })
  await run.money(nowhere, ['acc_1'])
  // Looked at by a collection, and old: the sums themselves, and what the first batch of them had.
  collect({ type: 'major' })
  late.forget()
  const before = oldBytes()
  for (let batch = 0; batch < batches; batch += 1) {
    await run.money(nowhere, ['acc_1'])
    late.forget()
    collect({ type: 'minor' })
  }
  return oldBytes() - before
}

if (isMainThread)
  test('what a batch has read is young when it is let go of, and not taken for old with what was read before it', async () => {
    const [bytes] = (await once(new Worker(new URL(import.meta.url)), 'message')) as [number]
    const readBytes = batches * objectsOfRow * bytesPerObject
    assert.ok(bytes < readBytes / 4, `${bytes} of ${readBytes} bytes have become old`)
  })
else parentPort?.postMessage(await countOld())
