/**
 * Loaded into a relay before anything else (`NODE_OPTIONS=--import`): every ten seconds a line of JSON in the file that
 * `DROVER_WATCHED` names: how late its event loop was in them, what its heap holds, and how much of
 * a processor it used.
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

export type Watched = {
  readonly loopP50Ms: number
  readonly loopP99Ms: number
  readonly heapMiB: number
  readonly processor: number
  readonly memory: Parts
}

/** Resident, in MiB. */
export type Parts = {
  /** What V8 has of the system for the main thread; of that `heapMiB` is in use. */
  readonly v8: number
  /** Buffers, and what else hangs on the main thread's heap and lies beside it. */
  readonly external: number
  /** The memory that the allocator of C has taken bit by bit: SQLite, buffers, sockets, of all threads. */
  readonly malloc: number
  /** Of files: code, and what is mapped of the store. */
  readonly files: number
  /** All that has no name, which V8's own is a part of. */
  readonly anonymous: number
}

const mapHead = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ (\d+)\s*(.*)$/
const kib = 1024

const partsNow = (): Parts => {
  const { heapTotal, external } = process.memoryUsage()
  const sums = { malloc: 0, files: 0, anonymous: 0 }
  let part: keyof typeof sums = 'anonymous'
  const maps = existsSync('/proc/self/smaps') ? readFileSync('/proc/self/smaps', 'utf8').split('\n') : []
  for (const line of maps) {
    const [, node, name] = mapHead.exec(line) ?? []
    if (node !== undefined) part = name === '[heap]' ? 'malloc' : node === '0' ? 'anonymous' : 'files'
    else if (line.startsWith('Rss:')) sums[part] += Number(/\d+/.exec(line)?.[0]) / kib
  }
  return { v8: heapTotal / kib / kib, external: external / kib / kib, ...sums }
}

const everyMs = 10_000
/** Looks so often; that much of a delay is no delay. */
const resolutionMs = 10
const file = process.env['DROVER_WATCHED']

if (file !== undefined && isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const late = (percentile: number): number => Math.max(0, delay.percentile(percentile) / 1e6 - resolutionMs)
  let last = process.cpuUsage()
  setInterval(() => {
    const used = process.cpuUsage(last)
    last = process.cpuUsage()
    const seen: Watched = {
      loopP50Ms: late(50),
      loopP99Ms: late(99),
      heapMiB: process.memoryUsage().heapUsed / 1024 / 1024,
      processor: (used.user + used.system) / 1000 / everyMs,
      memory: partsNow(),
    }
    appendFileSync(file, `${JSON.stringify(seen)}\n`)
    delay.reset()
  }, everyMs).unref()
}
