import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { makeDigest } from './digest.ts'

const expected = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test('a digest is that of all bytes so far, however they were cut, and as often as it is read', () => {
  const bytes = Buffer.alloc(120_000, 'an event of a stream\n')
  for (const sizes of [[120_000], [1], [7, 300], [20_000], [40_000, 1], [2_048], [2_047, 2], [2_049, 1], [0, 16_385]]) {
    const digest = makeDigest()
    assert.equal(digest.hex(), expected(Buffer.alloc(0)))
    let at = 0
    for (let turn = 0; at < bytes.length && turn < 4_000; turn += 1) {
      const size = sizes[turn % sizes.length] ?? 1
      digest.add(bytes.subarray(at, at + size))
      at = Math.min(bytes.length, at + size)
      if (turn % 700 === 3) assert.equal(digest.hex(), expected(bytes.subarray(0, at)), `${sizes} at ${at}`)
    }
    assert.equal(digest.hex(), expected(bytes.subarray(0, at)), `${sizes}`)
    assert.equal(digest.hex(), expected(bytes.subarray(0, at)), `${sizes} again`)
  }
})
