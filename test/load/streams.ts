/**
 * Many streams at the same time through one relay: none may stall, none may lose an event, and the memory must come
 * back. `bin/drover-node test/load/streams.ts --streams 500 --events 100 [--rounds 3] [--no-usage]` prints its figures
 * as JSON and exits 1 when that does not hold.
 */

import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { configFor, fakeKey, startRelay } from '../e2e/harness.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Round } from './round.ts'
import { runRound } from './round.ts'

const megabyte = 1024 * 1024
const settleTimeoutMs = 30_000
const lookEveryMs = 250
/** How much above its level before the first stream the memory may stay; compiled code and pools are part of it. */
const growthMax = 1.5
/** The tables that tokens are counted with, loaded once where a provider reports no usage. */
const tokeniserBytes = 160 * megabyte

const residentBytes = (pid: number): number => {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? Number.NaN) * 1024
}
const inMegabytes = (bytes: number): number => Math.round(bytes / megabyte)

/** Waits, within a bound, until the memory is no more than this; gives what it is then. */
async function settled(pid: number, bytesMax: number): Promise<number> {
  const deadlineMs = performance.now() + settleTimeoutMs
  let now = residentBytes(pid)
  while (now > bytesMax && performance.now() < deadlineMs) {
    await wait(lookEveryMs)
    now = residentBytes(pid)
  }
  return now
}

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '500' },
    events: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    'no-usage': { type: 'boolean', default: false },
  },
})
const size = { streams: Number(values.streams), events: Number(values.events), reported: !values['no-usage'] }

await using upstream = await startUpstream()
await using relay = await startRelay({ config: configFor(upstream), env: { FAKE_KEY: fakeKey } })
const { key } = await relay.createKey()
const idleBytes = residentBytes(relay.pid)
let peakBytes = idleBytes
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, residentBytes(relay.pid))
}, lookEveryMs)
const rounds: (Round & { readonly memoryMib: number })[] = []
for (let round = 0; round < Number(values.rounds); round += 1) {
  const result = await runRound({ url: relay.url, key, upstream }, size)
  rounds.push({ ...result, memoryMib: inMegabytes(residentBytes(relay.pid)) })
}
clearInterval(watch)
const bytesMax = idleBytes * growthMax + (size.reported ? 0 : tokeniserBytes)
const afterBytes = await settled(relay.pid, bytesMax)
const lost = rounds.reduce((sum, round) => sum + round.lost, 0)
const figures = {
  ...size,
  rounds,
  lost,
  memory_mib: { idle: inMegabytes(idleBytes), peak: inMegabytes(peakBytes), after: inMegabytes(afterBytes) },
  memory_is_back: afterBytes <= bytesMax,
}
console.log(JSON.stringify(figures))
await relay.stop()
process.exitCode = lost === 0 && figures.memory_is_back ? 0 : 1
