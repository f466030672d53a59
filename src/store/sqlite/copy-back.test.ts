import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { copyRest, makeCopyBeside } from './copy-back.ts'
import { openBeside, openDatabase } from './open-database.ts'

const pagesMax = 200

const openBoth = async (context: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-copy-'))
  const settings = { file: join(folder, 'drover.db'), durability: 'process', nowMs: 0, busyTimeoutMs: 0 } as const
  const { database } = await openDatabase(settings)
  const { database: beside } = openBeside(settings)
  context.after(() => {
    beside.close()
    database.close()
    rmSync(folder, { recursive: true })
  })
  let written = 0
  const write = (commits: number): void => {
    for (const end = written + commits; written < end; written += 1)
      database.exec(`insert into meta values ('${written}', 'x')`)
  }
  const logBytes = (): number => statSync(`${settings.file}-wal`).size
  return {
    database,
    beside,
    write,
    logBytes,
    file: settings.file,
    copy: makeCopyBeside(beside, settings.file, pagesMax),
  }
}

test('a log is copied back while it is written, and begins anew when the writer has copied the rest', async (context) => {
  const { database, write, logBytes, copy, file } = await openBoth(context)
  write(10)
  copy()
  write(pagesMax)
  assert.deepEqual(copy(), { why: null, isLogFull: true })
  // As if it had been written during the copying.
  write(20)
  const fullBytes = logBytes()
  assert.deepEqual(copyRest(database), { why: null, isLogFull: false })
  write(20)
  assert.equal(logBytes(), fullBytes)
  assert.deepEqual(copy(), { why: null, isLogFull: false })
  const copied = new DatabaseSync(file, { readOnly: true })
  assert.equal(copied.prepare("select count(*) as count from meta where value = 'x'").get()?.['count'], 250)
  copied.close()
})

test('while somebody reads what the log had then, nothing is lost, and the log goes on', async (context) => {
  const { database, beside: reader, write, copy } = await openBoth(context)
  write(10)
  reader.exec('BEGIN')
  const before = reader.prepare('select count(*) as count from meta').get()?.['count']
  write(pagesMax)
  assert.deepEqual(copyRest(database), { why: null, isLogFull: false })
  write(10)
  assert.equal(reader.prepare('select count(*) as count from meta').get()?.['count'], before)
  reader.exec('COMMIT')
  assert.deepEqual(copy(), { why: null, isLogFull: true })
  copyRest(database)
  assert.equal(database.prepare("select count(*) as count from meta where value = 'x'").get()?.['count'], 220n)
})

test('why a log cannot be copied is told', async (context) => {
  const { database } = await openBoth(context)
  database.exec('BEGIN IMMEDIATE')
  database.exec("insert into meta values ('one', 'x')")
  assert.match(copyRest(database).why ?? '', /locked/)
  database.exec('ROLLBACK')
})
