import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundedBytes } from './bounded-bytes.ts'

/** Counts what was taken of it, and whether it was let go of. */
const counted = (pieces: readonly string[]) => {
  const seen = { taken: 0, closed: false }
  const body = (async function* () {
    try {
      for (const piece of pieces) {
        seen.taken += 1
        yield Buffer.from(piece)
      }
    } finally {
      seen.closed = true
    }
  })()
  return { body, seen }
}

test('a body as long as the bound is read whole', async () => {
  const { body } = counted(['ab', '', 'cd'])
  assert.equal((await boundedBytes(body, 4))?.toString(), 'abcd')
  assert.equal((await boundedBytes(counted([]).body, 0))?.length, 0)
})

test('a longer one is read no further than it takes to know, and let go of', async () => {
  const { body, seen } = counted(['ab', 'cde', 'f', 'g'])
  assert.equal(await boundedBytes(body, 4), null)
  assert.deepEqual(seen, { taken: 2, closed: true })
})

test('what a body fails with is passed on', async () => {
  const body = (async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('a')
    throw new Error('cut')
  })()
  await assert.rejects(boundedBytes(body, 4), /cut/)
})
