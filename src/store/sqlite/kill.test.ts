import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { openSqliteStore } from './client.ts'

const url = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)

/** Appends records for ever, 50 at a time, and says the id of each once it is acknowledged. A pipe is written at once. */
const writer = (file: string, round: number): string => `
import { writeSync } from 'node:fs'
const { openSqliteStore } = await import(${url('./client.ts')})
const { systemClock } = await import('#base/clock.ts')
const { silentLog } = await import('#base/log.ts')
const { fullCall } = await import('#store/sample-rows.ts')
const store = await openSqliteStore({
  url: ${JSON.stringify(`sqlite:${file}`)}, durability: 'process',
  clock: systemClock(), log: silentLog,
})
// The pipe may be full for a moment: what was acknowledged is told all the same, before anything else happens.
const tell = (line) => {
  for (;;) {
    try {
      writeSync(1, line)
      return
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}
let number = 0
const append = async () => {
  for (;;) {
    const id = 'call_${round}_' + number++
    await store.append(fullCall(id))
    tell(id + '\\n')
  }
}
await Promise.all(Array.from({ length: 50 }, append))
`

const killAfter = async (file: string, round: number, acknowledgedMin: number): Promise<readonly string[]> => {
  const root = new URL('.', import.meta.url)
  const child = spawn(process.execPath, ['--input-type=module', '--eval', writer(file, round)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const acknowledged: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === acknowledgedMin) child.kill('SIGKILL')
  }
  const [, signal] = await exited
  assert.equal(signal, 'SIGKILL')
  return acknowledged
}

test('kill -9 at any instant loses no acknowledged record', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-kill-'))
  const file = join(folder, 'drover.db')
  const acknowledged: string[] = []
  // Counts that fall at different places of a group commit and of a checkpoint.
  for (const [round, count] of [1, 137, 1031].entries()) acknowledged.push(...(await killAfter(file, round, count)))
  assert.ok(acknowledged.length >= 1169)

  const store = await openSqliteStore({
    url: `sqlite:${file}`,
    durability: 'process',

    clock: systemClock(),
    log: silentLog,
  })
  const found = await Promise.all(acknowledged.map((id) => store.call(id)))
  await store.close()
  assert.deepEqual(
    acknowledged.filter((_id, index) => found[index] === null),
    [],
  )
  rmSync(folder, { recursive: true })
})
