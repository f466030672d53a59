import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { restoreBackup, takeBackup } from './backup.ts'
import { takeDataLock } from './data-lock.ts'

const nowMs = Date.UTC(2026, 10, 29, 7)

const opened = (context: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-backup-'))
  const data = join(folder, 'data')
  rmSync(data, { recursive: true, force: true })
  const lock = takeDataLock({ folder: data, token: 't', pid: 1, nowMs })
  const database = new DatabaseSync(join(data, 'drover.db'))
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('CREATE TABLE one (value INTEGER)')
  database.exec('INSERT INTO one VALUES (1)')
  writeFileSync(join(data, 'secret.key'), Buffer.alloc(32, 7))
  const stop = () => {
    if (database.isOpen) database.close()
    lock.release()
  }
  context.after(() => {
    stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const into = join(folder, 'backup')
  const take = () => takeBackup({ file: null, data, into, version: '1.2.3', nowMs })
  const restore = (target: string, force = false) =>
    restoreBackup({ from: into, data: target, file: null, force, pid: 2, nowMs })
  return { folder, data, into, database, stop, take, restore }
}

const valuesIn = (file: string): readonly unknown[] => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return database
      .prepare('SELECT value FROM one')
      .all()
      .map((row) => row['value'])
  } finally {
    database.close()
  }
}

test('what was committed is in the copy, what is under way is not, and the writer goes on', async (context) => {
  const { database, into, take } = opened(context)
  database.exec('BEGIN IMMEDIATE')
  database.exec('INSERT INTO one VALUES (2)')
  const backup = await take()
  database.exec('COMMIT')
  assert.deepEqual(valuesIn(join(into, 'drover.db')), [1])
  assert.deepEqual(
    backup.files.map(({ name, bytes }) => [name, bytes > 0]),
    [
      ['drover.db', true],
      ['secret.key', true],
    ],
  )
  for (const { name } of backup.files) assert.equal(statSync(join(into, name)).mode & 0o777, 0o600)
  assert.deepEqual(JSON.parse(readFileSync(join(into, 'backup.json'), 'utf8')), backup)
  await assert.rejects(take(), /not empty/)
})

test('a backup comes back in a new folder, and in the place of a store only by force, which puts that aside', async (context) => {
  const { folder, data, database, stop, take, restore } = opened(context)
  await take()
  database.exec('INSERT INTO one VALUES (3)')
  await assert.rejects(restore(data, true), { code: 'conflict' }, 'a server runs')
  stop()
  await assert.rejects(restore(data), /--force/)
  assert.deepEqual(valuesIn(join(data, 'drover.db')), [1, 3])
  const { aside } = await restore(data, true)
  assert.deepEqual(valuesIn(join(data, 'drover.db')), [1])
  assert.deepEqual(valuesIn(join(aside ?? '', 'drover.db')), [1, 3])
  const fresh = join(folder, 'fresh')
  assert.equal((await restore(fresh)).aside, null)
  assert.deepEqual(readFileSync(join(fresh, 'secret.key')), Buffer.alloc(32, 7))
})

test('what is not whole is no backup, and nothing is touched', async (context) => {
  const { folder, into, take, restore } = opened(context)
  await assert.rejects(restore(join(folder, 'fresh')), /is no backup/)
  await take()
  writeFileSync(join(into, 'secret.key'), Buffer.alloc(32, 8))
  await assert.rejects(restore(join(folder, 'fresh')), /digest differs/)
  assert.equal(existsSync(join(folder, 'fresh', 'drover.db')), false)
  writeFileSync(join(into, 'backup.json'), '{"schema":1,"files":[{"name":"../x","bytes":1,"sha256":""}]}')
  await assert.rejects(restore(join(folder, 'fresh')), /is no backup/)
  await assert.rejects(
    takeBackup({ file: null, data: join(folder, 'nothing'), into: join(folder, 'b2'), version: '1', nowMs }),
    { code: 'not_found' },
  )
})

test('a backup of a newer Drover is refused before what is there is put aside', async (context) => {
  const { data, database, stop, take, restore } = opened(context)
  database.exec(
    "CREATE TABLE schema_step (number INTEGER, name TEXT); INSERT INTO schema_step VALUES (999, 'from-the-future')",
  )
  await take()
  database.exec('DROP TABLE schema_step')
  stop()
  await assert.rejects(restore(data, true), {
    code: 'conflict',
    message: /was written by Drover 1\.2\.3, and this one cannot read it: nothing was touched/,
  })
  assert.deepEqual(valuesIn(join(data, 'drover.db')), [1])
})
