import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderProblem } from './folder-problem.ts'

test('each refusal of the file system is named in words, an unknown one by its code', () => {
  const cases: readonly [string, string][] = [
    ['EACCES', 'this user may not write there'],
    ['EROFS', 'the disk is mounted read-only'],
    ['ENOSPC', 'the disk is full'],
    ['ELOOP', 'ELOOP'],
  ]
  for (const [code, why] of cases) {
    const error = Object.assign(new Error('failed'), { code })
    const problem = folderProblem('data', error)
    assert.equal(problem.code, 'store_unavailable')
    assert.ok(problem.message.startsWith(`The data folder data cannot be used: ${why}.`), problem.message)
    assert.equal(problem.cause, error)
  }
})
