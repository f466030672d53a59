import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import { clearSpool, createSpool } from './spool.ts'

const ids = systemIds(systemClock())

const inFolder = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-spool-'))
  try {
    await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('files share the memory of their form, and go to disk when it is used up', async () => {
  await inFolder(async (directory) => {
    const spool = createSpool({ directory, ids, memoryBytesMax: 10 })
    const write = async (...pieces: readonly string[]) => {
      const file = spool.begin()
      for (const piece of pieces) await file.add(Buffer.from(piece))
      return file.finish()
    }
    const kept = [await write('123456'), await write('789', '0ab'), await write('cdef')]
    assert.equal((await readdir(directory)).length, 1)
    const texts = await Promise.all(
      kept.map(async ({ open }) => Buffer.concat(await Array.fromAsync(open())).toString()),
    )
    assert.deepEqual(texts, ['123456', '7890ab', 'cdef'])
    assert.deepEqual(
      kept.map(({ sizeBytes }) => sizeBytes),
      [6, 6, 4],
    )
    await spool.dispose()
    await spool.dispose()
    assert.deepEqual(await readdir(directory), [])
  })
})

test('a spool that cannot be written is told as such', async () => {
  await inFolder(async (folder) => {
    const occupied = join(folder, 'file')
    await writeFile(occupied, '')
    const file = createSpool({ directory: occupied, ids, memoryBytesMax: 0 }).begin()
    await assert.rejects(
      file.add(Buffer.from('x')),
      (problem) => problem instanceof Problem && problem.code === 'overloaded',
    )
  })
})

test('what a killed process left is deleted, and nothing else', async () => {
  await inFolder(async (folder) => {
    const directory = join(folder, 'spool')
    assert.equal(await clearSpool(directory), 0)
    for (const name of ['upload-1', 'upload-2', 'other']) await writeFile(join(directory, name), 'x')
    assert.equal(await clearSpool(directory), 2)
    assert.deepEqual(await readdir(directory), ['other'])
  })
})
