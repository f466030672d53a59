import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRoom } from './make-room.ts'

test('a map that is full gives up the oldest hundredth, and at least one', () => {
  const map = new Map(Array.from({ length: 300 }, (_unused, index) => [`k${index}`, index]))
  makeRoom(map, 301)
  assert.equal(map.size, 300)
  makeRoom(map, 300)
  assert.deepEqual([map.size, [...map.keys()][0]], [297, 'k3'])
  const one = new Map([['only', 1]])
  makeRoom(one, 1)
  assert.equal(one.size, 0)
})
