/**
 * Where the time of a call goes: `bin/drover-node bench/profile/profile.ts [--body 1024] [--stream] [--warm 12000, of streams 128] [--seconds 10]
 * [--thread drover-store] [--svg FILE] [--relay CHECKOUT]` drives a relay with everything on by calls at 8 connections, under V8's profiler once it is warm,
 * prints the functions that use the most time by themselves on the relay's main thread, or on another one, and draws a flame graph.
 */

import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../../test/e2e/free-port.ts'
import { startBench } from '../gateway/bench.ts'
import { configOf, everything, openRelay } from '../gateway/drover.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { requestTo } from '../load/request.ts'
import { flameGraph } from './flame.ts'
import { inspect } from './inspector.ts'
import { readProfile, selfShares } from './tree.ts'

const { values } = parseArgs({
  options: {
    body: { type: 'string', default: '1024' },
    seconds: { type: 'string', default: '10' },
    stream: { type: 'boolean', default: false },
    relay: { type: 'string' },
    thread: { type: 'string' },
    warm: { type: 'string' },
    svg: { type: 'string' },
  },
})
const connections = values.stream ? 64 : 8
const shown = 30
const model = values.stream ? 'bench-stream-64-20' : 'bench-800'

/** Of the first calls, which are not looked at: until V8 has compiled what is hot, a call costs twice as much. */
const warmMsMax = 600_000
const warmCalls = Number(values.warm ?? (values.stream ? 128 : 12_000))

const port = await freePort()
const folder = await mkdtemp(join(tmpdir(), 'drover-profile-'))
const profiled = {
  name: 'drover, profiled',
  version: () => '-',
  absent: '',
  settings: everything.settings,
  start: (place: Parameters<typeof configOf>[1]) =>
    openRelay(everything, {
      config: configOf(everything, place),
      folder: place.folder,
      env: { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` },
      ...(values.relay === undefined ? {} : { program: join(resolve(values.relay), 'bin', 'drover') }),
    }),
}
const bench = await startBench([profiled], [model])
const [contender] = bench.contenders
if (contender === undefined) throw new Error(`the relay did not start: ${bench.missing[0]?.why}`)
const request = requestTo(contender.running, { model, isStream: values.stream, bodyBytes: Number(values.body) })
const { target } = contender
await closedLoop({ target, request, connections, durationMs: warmMsMax, callsMax: warmCalls })
const inspector = await inspect(port, values.thread ?? null)
await inspector.ask('Profiler.enable')
await inspector.ask('Profiler.start')
const turn = await closedLoop({ target, request, connections, durationMs: Number(values.seconds) * 1000 })
const { profile } = await inspector.ask('Profiler.stop')
inspector.close()
await bench.close()
const file = join(folder, 'relay.cpuprofile')
writeFileSync(file, JSON.stringify(profile))
const root = readProfile(file)
await rm(folder, { recursive: true, force: true })
console.log(`${turn.calls} calls, ${turn.failures} failed; ${Math.round(root.totalUs / 1000)} ms of work on the thread`)
for (const [name, share] of selfShares(root, shown)) console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`)
if (values.svg !== undefined) {
  const kind = values.stream ? 'streams' : `calls with bodies of ${values.body} bytes`
  writeFileSync(values.svg, flameGraph(root, `Drover with everything on, ${kind}: ${values.thread ?? 'main'} thread`))
}
