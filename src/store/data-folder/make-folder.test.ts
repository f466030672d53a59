import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeFolder } from './make-folder.ts'

test('a folder and those above it are made for their owner alone; a second time changes nothing', () => {
  const root = mkdtempSync(join(tmpdir(), 'drover-folder-'))
  try {
    const folder = join(root, 'a', 'b', 'c')
    makeFolder(folder)
    makeFolder(folder)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    writeFileSync(join(root, 'file'), '')
    assert.throws(() => makeFolder(join(root, 'file')), { code: 'ENOTDIR' })
    assert.throws(() => makeFolder(join(root, 'file', 'below')), { code: 'ENOTDIR' })
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('where no folder can be, it fails at once', () => {
  assert.throws(
    () => makeFolder('/proc/drover/data'),
    (error: NodeJS.ErrnoException) => typeof error.code === 'string',
  )
})
