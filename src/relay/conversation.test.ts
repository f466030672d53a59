import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chanceOf } from './conversation.ts'

test('a conversation always draws the same numbers, and they are spread evenly', () => {
  assert.equal(chanceOf('a')(), chanceOf('a')())
  assert.notEqual(chanceOf('a')(), chanceOf('b')())
  let low = 0
  for (let index = 0; index < 2_000; index += 1) if (chanceOf(`c${index}`)() < 0.25) low += 1
  assert.ok(low > 430 && low < 570, `${low} of 2000 lie in the first quarter`)
})
