/**
 * Where the time of a call goes: `bin/drover-node bench/profile/profile.ts [--body 1024] [--stream] [--seconds 10] [--svg FILE]`
 * drives a relay with everything on by calls at 8 connections under V8's profiler, prints the functions that use the most time by
 * themselves on the relay's main thread, and draws a flame graph.
 */

import { globSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startBench } from '../gateway/bench.ts'
import { configOf, everything, openRelay } from '../gateway/drover.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { requestTo } from '../load/request.ts'
import { flameGraph } from './flame.ts'
import { readProfile, selfShares } from './tree.ts'

const { values } = parseArgs({
  options: {
    body: { type: 'string', default: '1024' },
    seconds: { type: 'string', default: '10' },
    stream: { type: 'boolean', default: false },
    svg: { type: 'string' },
  },
})
const connections = values.stream ? 64 : 8
const shown = 30
const model = values.stream ? 'bench-stream-64-20' : 'bench-800'

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
      env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` },
    }),
}
const bench = await startBench([profiled], [model])
const [contender] = bench.contenders
if (contender === undefined) throw new Error(`the relay did not start: ${bench.missing[0]?.why}`)
const request = requestTo(contender.running, { model, isStream: values.stream, bodyBytes: Number(values.body) })
const turn = await closedLoop({
  target: contender.target,
  request,
  connections,
  durationMs: Number(values.seconds) * 1000,
})
await bench.close()
// The main thread's is the first that was begun: its number is the lowest.
const [main] = globSync('*.cpuprofile', { cwd: folder }).sort(
  (a, b) => Number(a.split('.')[4]) - Number(b.split('.')[4]),
)
if (main === undefined) throw new Error('the relay wrote no profile')
const root = readProfile(join(folder, main))
await rm(folder, { recursive: true, force: true })
console.log(
  `${turn.calls} calls, ${turn.failures} failed; ${Math.round(root.totalUs / 1000)} ms of work on the main thread, start included`,
)
for (const [name, share] of selfShares(root, shown)) console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`)
if (values.svg !== undefined) {
  const kind = values.stream ? 'streams' : `calls with bodies of ${values.body} bytes`
  writeFileSync(values.svg, flameGraph(root, `Drover with everything on, ${kind}: main thread`))
}
