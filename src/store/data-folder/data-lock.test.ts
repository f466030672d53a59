import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { readDataLock, takeDataLock } from './data-lock.ts'

const inFolder = (context: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-lock-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return folder
}
const take = (folder: string, pid = process.pid) => takeDataLock({ folder, token: 't', pid, nowMs: 0 })

/** Another process that takes the folder and waits to be killed. */
const holdElsewhere = async (context: TestContext, folder: string) => {
  const script = `
const { takeDataLock } = await import(${JSON.stringify(new URL('./data-lock.ts', import.meta.url).href)})
takeDataLock({ folder: ${JSON.stringify(folder)}, token: 'x', pid: process.pid, nowMs: 0 }).announce('http://127.0.0.1:1', null)
for (let round = 0; round < 5; round += 1) gc()
console.log('held')
setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('a folder is made, taken, announced and let go', (context) => {
  const folder = join(inFolder(context), 'new', 'data')
  const lock = take(folder)
  const file = join(folder, 'lock')
  const holder = { pid: process.pid, token: 't', started: '1970-01-01T00:00:00.000Z' }
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { ...holder, url: null, certificate: null })
  lock.announce('https://127.0.0.1:4000', 'AB:CD')
  assert.deepEqual(readDataLock(folder), { ...holder, url: 'https://127.0.0.1:4000', certificate: 'AB:CD' })
  for (const path of [file, join(folder, 'lock.guard')]) assert.equal(statSync(path).mode & 0o777, 0o600)
  lock.release()
  lock.release()
  lock.announce('http://127.0.0.1:4001', null)
  assert.equal(existsSync(file), false)
  assert.equal(readDataLock(folder), null)
  take(folder).release()
})

test('a second server on the same folder is refused, naming who is there', (context) => {
  const folder = inFolder(context)
  const lock = take(folder)
  lock.announce('http://127.0.0.1:4000', null)
  assert.throws(() => take(folder, 99), {
    code: 'conflict',
    message: new RegExp(`in use by process ${process.pid} at http://127\\.0\\.0\\.1:4000, running since 1970`),
  })
  assert.equal(readDataLock(folder)?.url, 'http://127.0.0.1:4000')
  lock.release()
})

test('another process holds the folder until it is killed, and leaves a lock that is taken over', async (context) => {
  const folder = inFolder(context)
  const child = await holdElsewhere(context, folder)
  assert.throws(() => take(folder), { code: 'conflict', message: new RegExp(`process ${child.pid} at http`) })
  assert.equal(readDataLock(folder)?.pid, child.pid)
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  assert.ok(existsSync(join(folder, 'lock')), 'what the killed process left')
  assert.equal(readDataLock(folder), null)
  const lock = take(folder)
  assert.equal(readDataLock(folder)?.pid, process.pid)
  lock.release()
})

test('a lock that names a living pid, or is no JSON, does not stop the next server', (context) => {
  const folder = inFolder(context)
  const left = JSON.stringify({ pid: process.ppid, url: 'http://127.0.0.1:1', token: 'x', started: 'then' })
  for (const text of [left, '{"pid":', 'null', '{}', '']) {
    writeFileSync(join(folder, 'lock'), text)
    assert.equal(readDataLock(folder), null, text)
    const lock = take(folder)
    assert.equal(readDataLock(folder)?.token, 't')
    lock.release()
  }
})

test('a folder that is not there is held by nobody, and is not made by looking', (context) => {
  const folder = join(inFolder(context), 'absent')
  assert.equal(readDataLock(folder), null)
  assert.equal(existsSync(folder), false)
})

test('a folder that cannot be used is refused with the reason and the flag', (context) => {
  const file = join(inFolder(context), 'file')
  writeFileSync(file, '')
  for (const folder of [file, join(file, 'data')])
    assert.throws(() => take(folder), {
      code: 'store_unavailable',
      message: /cannot be used: a part of the path is a file\. Mend that, or choose another folder with --data\./,
    })
})
