import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { ProcessTable } from './launcher-watch.ts'
import { launcherLinks, machineProcesses } from './launcher-watch.ts'

/** A table of processes from rows of pid, parent, command. */
function tableOf(...rows: ReadonlyArray<readonly [pid: number, parent: number, command: string]>): ProcessTable {
  const find = (pid: number) => rows.find(([one]) => one === pid)
  return {
    parentOf: (pid) => find(pid)?.[1] ?? null,
    commandOf: (pid) => find(pid)?.[2].split(' ') ?? null,
    holds: ({ pid, parent }) => find(pid)?.[1] === parent,
  }
}

test('npm start: the link to npm, not to the shell that it was typed in', () => {
  const table = tableOf([30, 20, 'node src/main.ts'], [20, 10, 'npm start'], [10, 1, '-bash'], [1, 0, 'init'])
  assert.deepEqual(launcherLinks(30, table), [{ pid: 30, parent: 20 }])
})

test('npx npm start: every link up to npx, through the shell between', () => {
  const table = tableOf(
    [30, 20, 'node src/main.ts'],
    [20, 15, 'node /usr/lib/npm/bin/npm-cli.js start'],
    [15, 12, "sh -c 'npm' start"],
    [12, 10, 'npm exec npm start'],
    [10, 1, 'sh -c npx npm start'],
    [1, 0, 'init'],
  )
  assert.deepEqual(launcherLinks(30, table), [
    { pid: 30, parent: 20 },
    { pid: 20, parent: 15 },
    { pid: 15, parent: 12 },
  ])
})

test('started by a shell or a service manager: nothing to watch', () => {
  assert.deepEqual(
    launcherLinks(30, tableOf([30, 20, 'node src/main.ts'], [20, 1, 'sh -c drover'], [1, 0, 'init'])),
    [],
  )
  assert.deepEqual(launcherLinks(30, tableOf([30, 0, 'node src/main.ts'])), [])
  assert.deepEqual(launcherLinks(30, tableOf([30, 20, 'node main.ts'], [20, 1, 'node watch-npm.js'], [1, 0, 'i'])), [])
})

test('a parent that ended no longer holds', () => {
  const link = { pid: 30, parent: 20 }
  assert.equal(tableOf([30, 20, 'node'], [20, 1, 'npm start']).holds(link), true)
  assert.equal(tableOf([30, 1, 'node']).holds(link), false)
})

test('this process is found in the table of the machine', () => {
  const table = machineProcesses(process.platform)
  assert.equal(table.parentOf(process.pid), process.ppid)
  assert.equal(table.holds({ pid: process.pid, parent: process.ppid }), true)
  assert.equal(table.holds({ pid: process.pid, parent: process.ppid + 1 }), false)
  assert.match(table.commandOf(process.pid)?.[0] ?? '', /node/)
})
