import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureOf } from './failure.ts'

test('what the machine refuses is told as that, and everything else that nobody expected as a fault of ours', () => {
  const file = Object.assign(new Error('ENOSPC: no space left on device, copyfile'), { code: 'ENOSPC' })
  const database = Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 })
  for (const thrown of [file, database]) {
    const { text, exitCode } = failureOf(thrown)
    assert.deepEqual([text.what, text.why, exitCode], ['The disk is full.', thrown.message, 1])
  }
  const locked = Object.assign(new Error('locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
  for (const thrown of [locked, new Error('planted'), 'text'])
    assert.match(failureOf(thrown).text.next ?? '', /This is a fault of Drover/)
})
