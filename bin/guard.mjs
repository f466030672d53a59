// The first file that Node reads, written so that an old Node can parse it: it says in one sentence what is wrong
// before anything newer is loaded. It starts src/main.ts in a checkout and dist/main.mjs in the published package.
import { existsSync } from 'node:fs'
import * as module from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// The bound that bin/drover gives the young generation of this thread would count for every other thread as well, before that thread's own.
// It is lifted here, where the heap is made and nothing is compiled yet: Node keeps compiled code by the flags it was compiled with.
setFlagsFromString('--max-semi-space-size=0')

const newestRefused = '24.18.0'

/** Whether version `left` ("24.18.1") is newer than `right`, by its three numbers. */
function isNewer(left, right) {
  const a = left.split('.')
  const b = right.split('.')
  for (let index = 0; index < 3; index += 1) {
    const difference = Number.parseInt(a[index], 10) - Number.parseInt(b[index], 10)
    if (difference !== 0) return difference > 0
  }
  return false
}

function refuse(sentence) {
  process.stderr.write(`drover: ${sentence}\n`)
  process.exit(1)
}

const root = fileURLToPath(new URL('..', import.meta.url))
const source = `${root}src/main.ts`
const bundle = `${root}dist/main.mjs`
const isInstalled = /[\\/]node_modules[\\/]/.test(root)
const isCheckout = !isInstalled && existsSync(source)
const isNewEnough = isNewer(process.versions.node, newestRefused)
const command = process.argv[2]
// No command means serve, and so do its flags alone; no other command takes traffic.
const isServe = command === undefined || command === 'serve' || /^-(?!-?help$|h$|-?version$|V$)/.test(command)
const wanted = 'Node 24.18.1 or newer'
const found = `this is ${process.versions.node} (${process.execPath})`

if ((isCheckout || command === '--require-new-node') && !isNewEnough) {
  refuse(`${wanted} is needed and ${found}; 'npm ci' in ${root} brings the right one along.`)
} else if (command === '--require-new-node') {
  process.exitCode = 0
} else if (!isCheckout && !existsSync(bundle)) {
  refuse(`${bundle} is missing; this package was packed without 'npm run build'.`)
} else if (isServe && !isNewEnough) {
  refuse(`serving needs ${wanted}, which still gets security fixes, and ${found}.`)
} else {
  process.argv[1] = isCheckout ? source : bundle
  // What Node compiled the last time halves the time of a start. It is kept with what npm installed, never in a folder that
  // others can write to; where this process may not write either, there is none. Threads and workers look where the variable says.
  const compiled =
    process.env.NODE_COMPILE_CACHE ?? `${root}${isCheckout ? 'node_modules/.cache/compiled' : '.compiled'}`
  if (module.enableCompileCache?.(compiled).directory !== undefined) process.env.NODE_COMPILE_CACHE = compiled
  try {
    await import(pathToFileURL(process.argv[1]).href)
  } catch (error) {
    if (isNewEnough) throw error
    refuse(`'${command}' needs ${wanted} and ${found}: ${error instanceof Error ? error.message : error}`)
  }
}
