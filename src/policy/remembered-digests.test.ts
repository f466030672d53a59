import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestKey } from './key.ts'
import { rememberedDigests } from './remembered-digests.ts'

const pepper = new Uint8Array(32).fill(7)

test('a key has the same digest whether it is remembered or not, and is worked out once', () => {
  const asked: string[] = []
  const digest = rememberedDigests((key) => {
    asked.push(key)
    return digestKey(key, pepper)
  })
  for (const key of ['hs-live-one', 'hs-live-two', 'hs-live-one', 'hs-live-ö'])
    assert.equal(digest(key), digestKey(key, pepper))
  assert.deepEqual(asked, ['hs-live-one', 'hs-live-two', 'hs-live-ö'])
})

test('no more are remembered than the bound, and the oldest goes first', () => {
  const asked: string[] = []
  const digest = rememberedDigests((key) => {
    asked.push(key)
    return key
  }, 2)
  for (const key of ['a', 'b', 'c', 'b', 'a']) assert.equal(digest(key), key)
  assert.deepEqual(asked, ['a', 'b', 'c', 'a'])
})
