/**
 * Loaded into a relay before anything else (`NODE_OPTIONS=--import`): every ten seconds a line of JSON in the file that
 * `DROVER_WATCHED` names: how late its event loop was in them, what its heap holds, and how much of
 * a processor it used.
 */

import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

export type Watched = {
  readonly loopP50Ms: number
  readonly loopP99Ms: number
  readonly heapMiB: number
  readonly processor: number
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
    }
    appendFileSync(file, `${JSON.stringify(seen)}\n`)
    delay.reset()
  }, everyMs).unref()
}
