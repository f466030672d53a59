import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logOutlet } from './log-outlet.ts'

test('lines that cannot be written are counted, and the first that can says how many they were', () => {
  const written: string[] = []
  let isFull = false
  const stream = {
    write: (text: string, done: (error?: Error | null) => void) => {
      if (isFull) return done(new Error('ENOSPC'))
      written.push(text)
      done(null)
    },
  }
  const write = logOutlet(stream, { nowMs: () => 0 })
  write('a\n')
  isFull = true
  for (const line of ['b\n', 'c\n', 'd\n']) write(line)
  isFull = false
  write('e\n')
  write('f\n')
  const [first, second, third] = written
  assert.deepEqual([first, third], ['a\n', 'f\n'])
  const [notice = '', line] = (second ?? '').split('\n')
  assert.equal(JSON.parse(notice).lines, 3)
  assert.equal(line, 'e')
})
