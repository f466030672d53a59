import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Ids } from '#base/id.ts'
import { loadSecretKey } from './secret-key.ts'

const idsOf = (value: number): Ids => ({
  next: (prefix) => `${prefix}_1`,
  bytes: (size) => new Uint8Array(size).fill(value),
  chance: () => 0,
})
const inFolder = (context: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-secret-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('the key is made once, for its owner only, and nothing else is left', (context) => {
  const folder = join(inFolder(context), 'data')
  const key = loadSecretKey(folder, idsOf(1))
  assert.deepEqual([...key], Array(32).fill(1))
  assert.deepEqual([...loadSecretKey(folder, idsOf(2))], [...key])
  assert.deepEqual([...readFileSync(join(folder, 'secret.key'))], [...key])
  assert.deepEqual(readdirSync(folder), ['secret.key'])
  assert.equal(statSync(join(folder, 'secret.key')).mode & 0o777, 0o600)
})

test('a key of another size is refused and left as it is', (context) => {
  const folder = inFolder(context)
  const file = join(folder, 'secret.key')
  for (const size of [0, 31, 33]) {
    writeFileSync(file, Buffer.alloc(size))
    assert.throws(() => loadSecretKey(folder, idsOf(1)), {
      code: 'store_unavailable',
      message: new RegExp(`secret\\.key has ${size} bytes, and 32 are needed`),
    })
    assert.equal(statSync(file).size, size)
  }
})

test('of two that make the key at once, both read the same one', (context) => {
  const folder = inFolder(context)
  const rival = {
    ...idsOf(1),
    bytes: (size: number) => {
      // The other process is done between our look and our link.
      if (size === 32) writeFileSync(join(folder, 'secret.key'), Buffer.alloc(32, 9))
      return new Uint8Array(size).fill(1)
    },
  }
  assert.deepEqual([...loadSecretKey(folder, rival)], Array(32).fill(9))
  assert.deepEqual(readdirSync(folder), ['secret.key'])
})
