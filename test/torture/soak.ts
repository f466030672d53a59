/**
 * `npm run soak -- --minutes 30 [--seed 1]`: mixed load for as long, then the books. Memory and descriptors are looked at every second, Linux
 * only; their slope is of the last three quarters of the time, by least squares. Figures as JSON; exit 1 where a descriptor is left behind,
 * memory grows by more than `--growth` MiB an hour (60; caches that fill need some of it; judged from ten minutes on), a rejection was unhandled, or the books are not sound.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { makeChance } from '../e2e/chance.ts'
import { makeFolder, removeFolder } from '../e2e/harness.ts'
import { load } from './callers.ts'
import type { Vitals } from './stage.ts'
import { openStage, vitalsOf } from './stage.ts'
import type { Watched } from './watched.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    growth: { type: 'string', default: '60' },
  },
})
const atOnce = 8
const descriptorsLeftMax = 8
/** In less time a process has not yet grown to its size, and a slope says nothing. */
const slopeMinutesMin = 10

type Sample = Vitals & { readonly atMs: number; readonly answeredMs: number }

/** Change in an hour. */
const slope = (samples: readonly Sample[], of: (sample: Sample) => number): number => {
  const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length
  const [x, y] = [samples.map(({ atMs }) => atMs / 3_600_000), samples.map(of)]
  const [meanX, meanY] = [mean(x), mean(y)]
  const above = x.reduce((sum, at, place) => sum + (at - meanX) * ((y[place] ?? 0) - meanY), 0)
  return above / x.reduce((sum, at) => sum + (at - meanX) ** 2, 0)
}

const folder = await makeFolder()
const watchedFile = join(folder, 'watched.jsonl')
await using stage = await openStage({
  chance: makeChance(Number(values.seed)),
  faultShare: 0.05,
  env: {
    DROVER_WATCHED: watchedFile,
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'watched.ts')).href}`,
  },
})
const relay = stage.relay()
const before = vitalsOf(relay.pid)
const beganMs = performance.now()
const lengthMs = Number(values.minutes) * 60_000
let over = false
const loading = load(
  { url: relay.url, port: relay.port, key: stage.key, chance: makeChance(Number(values.seed) + 1) },
  { atOnce, isOver: () => over },
)
const samples: Sample[] = []
while (performance.now() - beganMs < lengthMs) {
  const askedMs = performance.now()
  await fetch(`${relay.url}/health/liveness`)
  samples.push({ ...vitalsOf(relay.pid), atMs: askedMs - beganMs, answeredMs: performance.now() - askedMs })
  await wait(1000)
}
over = true
const tally = await loading
const problems = await stage.problems()
// Connections that are kept alive close by themselves; none of this client's is left when it has closed its own.
await wait(2000)
const after = vitalsOf(relay.pid)
const late = samples.slice(Math.floor(samples.length / 4))
const round = (value: number): number => Math.round(value * 10) / 10
const growth = slope(late, ({ memoryMiB }) => memoryMiB)
const sorted = (list: readonly number[]): readonly number[] => list.toSorted((one, other) => one - other)
const at = (list: readonly number[], share: number): number => round(sorted(list)[Math.floor(list.length * share)] ?? 0)
const answered = late.map(({ answeredMs }) => answeredMs)
const looks = readFileSync(watchedFile, 'utf8').trim().split('\n')
const watched = looks.slice(Math.floor(looks.length / 4)).map((line) => JSON.parse(line) as Watched)
const heaps = watched.map(({ heapMiB }) => heapMiB)
const quarter = Math.max(1, Math.floor(heaps.length / 4))
const loops = watched.map(({ loopP99Ms }) => loopP99Ms)
await removeFolder(folder)
const figures = {
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  tally,
  memory_mib: { first: round(before.memoryMiB), last: round(after.memoryMiB), growth_per_hour: round(growth) },
  descriptors: { first: before.descriptors, last: after.descriptors },
  // The least that the heap came down to: what a collection leaves.
  heap_mib: { early: round(Math.min(...heaps.slice(0, quarter))), late: round(Math.min(...heaps.slice(-quarter))) },
  // Of ten seconds each, at p99: in the middle, and in the worst of them.
  loop_p99_ms: {
    early: at(loops.slice(0, quarter), 0.5),
    late: at(loops.slice(-quarter), 0.5),
    worst: at(loops, 0.999),
  },
  liveness_ms: { p50: at(answered, 0.5), p99: at(answered, 0.99) },
  problems,
}
process.stdout.write(`${JSON.stringify(figures)}\n`)
const isSound =
  problems.length === 0 &&
  after.descriptors - before.descriptors <= descriptorsLeftMax + atOnce &&
  (Number(values.minutes) < slopeMinutesMin || growth <= Number(values.growth))
process.exitCode = isSound ? 0 : 1
