import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyBytes } from './key-bytes.ts'

test('a key is its text, or the bytes that it writes in hexadecimal', () => {
  const bytes = Uint8Array.from({ length: 32 }, (_none, place) => 255 - place)
  assert.deepEqual(Buffer.from(keyBytes(`hex:${Buffer.from(bytes).toString('hex')}`)), Buffer.from(bytes))
  for (const text of ['0123456789abcdef0123456789abcdef', 'hex:00', `hex:${'zz'.repeat(32)}`, `hex:${'0'.repeat(65)}`])
    assert.deepEqual(Buffer.from(keyBytes(text)), Buffer.from(text))
})
