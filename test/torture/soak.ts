/**
 * `npm run soak -- --minutes 30 [--seed 1] [--rate 15 [--trace FILE]]`: mixed load for as long, then the books. Without a rate, eight callers
 * who each call again as soon as they may, so that the machine is full; with one, so many calls a second in the mean, in the pattern and of
 * the sizes of a trace, or of chance. Memory and descriptors are looked at every second, Linux
 * only; their slope is of the last three quarters of the time, by least squares. Figures as JSON; exit 1 where a descriptor is left behind,
 * memory grows by more than `--growth` MiB an hour (60; caches that fill need some of it; judged from ten minutes on), a rejection was unhandled, or the books are not sound.
 */

import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { makeChance } from '../e2e/chance.ts'
import { makeFolder, removeFolder } from '../e2e/harness.ts'
import { atRate, generate, readTrace } from './arrivals.ts'
import { arrive, load } from './callers.ts'
import type { Vitals } from './stage.ts'
import { openStage, vitalsOf } from './stage.ts'
import type { Watched } from './watched.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    growth: { type: 'string', default: '60' },
    rate: { type: 'string' },
    trace: { type: 'string' },
  },
})
const atOnce = 8
/** Of calls that come whether or not others are over. */
const atOnceMax = 500
/** What the provider was asked is kept in this process, and forgotten so often. */
const forgetEverySamples = 60
const tellEverySamples = 300
const descriptorsLeftMax = 8
/** The relay keeps connections to a provider that are used no more; longer than any it keeps none. */
const idleSecondsMax = 90
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
  ...(values.rate === undefined ? {} : { answersAsAsked: true, usd: '5000.00' }),
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
const target = { url: relay.url, port: relay.port, key: stage.key, chance: makeChance(Number(values.seed) + 1) }
const isOver = () => over
const pattern = values.trace === undefined ? generate(target.chance) : readTrace(readFileSync(values.trace, 'utf8'))
const loading =
  values.rate === undefined
    ? load(target, { atOnce, isOver })
    : arrive(target, { arrivals: atRate(pattern, Number(values.rate)), atOnceMax, isOver })
const samples: Sample[] = []
while (performance.now() - beganMs < lengthMs) {
  const askedMs = performance.now()
  await fetch(`${relay.url}/health/liveness`)
  samples.push({ ...vitalsOf(relay.pid), atMs: askedMs - beganMs, answeredMs: performance.now() - askedMs })
  if (samples.length % forgetEverySamples === 0) stage.upstream.forget()
  if (samples.length % tellEverySamples === 0) process.stderr.write(`${JSON.stringify(samples.at(-1))}\n`)
  await wait(1000)
}
over = true
const tally = await loading
const problems = await stage.problems()
// Connections that are kept alive close by themselves; none of this client's is left when it has closed its own.
let after = vitalsOf(relay.pid)
for (
  let seconds = 0;
  seconds < idleSecondsMax && after.descriptors - before.descriptors > descriptorsLeftMax;
  seconds++
) {
  await wait(1000)
  after = vitalsOf(relay.pid)
}
const late = samples.slice(Math.floor(samples.length / 4))
const round = (value: number): number => Math.round(value * 100) / 100
const growth = slope(late, ({ memoryMiB }) => memoryMiB)
const sorted = (list: readonly number[]): readonly number[] => list.toSorted((one, other) => one - other)
const at = (list: readonly number[], share: number): number => round(sorted(list)[Math.floor(list.length * share)] ?? 0)
const answered = late.map(({ answeredMs }) => answeredMs)
const looks = readFileSync(watchedFile, 'utf8').trim().split('\n')
const watched = looks.slice(Math.floor(looks.length / 4)).map((line) => JSON.parse(line) as Watched)
const heaps = watched.map(({ heapMiB }) => heapMiB)
const quarter = Math.max(1, Math.floor(heaps.length / 4))
const partsIn = (seen: readonly Watched[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    (['v8', 'external', 'malloc', 'files', 'anonymous'] as const).map((part) => [
      part,
      at(
        seen.map(({ memory }) => memory[part]),
        0.5,
      ),
    ]),
  )
const loops = watched.map(({ loopP99Ms }) => loopP99Ms)
await removeFolder(folder)
const figures = {
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  ...(values.rate === undefined ? {} : { rate: Number(values.rate), trace: basename(values.trace ?? 'generated') }),
  tally,
  // Of one processor, in the middle and in the fullest ten seconds.
  processor: {
    p50: at(
      watched.map(({ processor }) => processor),
      0.5,
    ),
    most: at(
      watched.map(({ processor }) => processor),
      0.999,
    ),
  },
  memory_mib: { first: round(before.memoryMiB), last: round(after.memoryMiB), growth_per_hour: round(growth) },
  descriptors: { first: before.descriptors, last: after.descriptors },
  // The least that the heap came down to: what a collection leaves.
  heap_mib: { early: round(Math.min(...heaps.slice(0, quarter))), late: round(Math.min(...heaps.slice(-quarter))) },
  // What resident memory is made of: in the middle of the first quarter that is looked at, and of the last.
  memory_parts_mib: { early: partsIn(watched.slice(0, quarter)), late: partsIn(watched.slice(-quarter)) },
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
  after.descriptors - before.descriptors <= descriptorsLeftMax &&
  (Number(values.minutes) < slopeMinutesMin || growth <= Number(values.growth))
process.exitCode = isSound ? 0 : 1
