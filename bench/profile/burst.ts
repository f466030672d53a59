/**
 * What callers meet who all come in one instant, with everything on: `bin/drover-node bench/profile/burst.ts [--beside CHECKOUT …] [--streams 512]
 * [--running 0] [--turns 8] [--warm 15, s]`. So many streams are asked for at once, whose provider sends its first event after 100 ms; milliseconds until the
 * first byte at the caller, of the first in a hundred, of half of them and of the last in a hundred: the median of the turns, in which other
 * checkouts and a bare Node proxy have theirs beside this one. So many as are `running` meanwhile have an event each 20 ms: of half of them the longest
 * gap is told.
 */

import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bareNode } from '../gateway/bare-node.ts'
import type { Contender } from '../gateway/bench.ts'
import { startBench } from '../gateway/bench.ts'
import { everything } from '../gateway/drover.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { figureOf, quantile } from '../load/figure.ts'
import { requestTo } from '../load/request.ts'
import { checkoutWith } from './checkout.ts'

const { values } = parseArgs({
  options: {
    beside: { type: 'string', multiple: true, default: [] },
    streams: { type: 'string', default: '512' },
    running: { type: 'string', default: '0' },
    turns: { type: 'string', default: '8' },
    warm: { type: 'string', default: '15' },
  },
})
const [model, runningModel, warmModel] = ['bench-stream-16-100', 'bench-stream-200-20', 'bench-stream-8-1'] as const
/** Shorter than a stream, so that each caller asks for one. */
const onceMs = 500
const warmStreams = 32
const runningBeforeMs = 1_500
const shares = [0.01, 0.5, 0.99] as const

const requestOf = ({ running }: Contender, named: string): Buffer =>
  requestTo(running, { model: named, isStream: true, bodyBytes: 1024 })

const firstBytesOf = async (one: Contender): Promise<readonly number[]> => {
  const firstBytesMs: number[] = []
  const { failures } = await closedLoop({
    target: one.target,
    request: requestOf(one, model),
    connections: Number(values.streams),
    durationMs: onceMs,
    each: ({ firstByteMs }, askedMs) => firstBytesMs.push(firstByteMs - askedMs),
  })
  if (failures > 0) console.log(`${one.gateway.name}: ${failures} of ${values.streams} failed`)
  return firstBytesMs
}

/** The longest gap of each of the streams that run while others come at once. */
const longestGapsOf = async (one: Contender): Promise<readonly number[]> => {
  const longestMs: number[] = []
  const { failures } = await closedLoop({
    target: one.target,
    request: requestOf(one, runningModel),
    connections: Number(values.running),
    durationMs: onceMs,
    each: ({ eventsMs }) =>
      longestMs.push(Math.max(0, ...eventsMs.map((atMs, at) => atMs - (eventsMs[at - 1] ?? atMs)))),
  })
  if (failures > 0) console.log(`${one.gateway.name}: ${failures} of ${values.running} that ran failed`)
  return longestMs
}

const here = resolve(import.meta.dirname, '..', '..')
const folders = [here, ...values.beside.map((folder) => resolve(folder))]
const bench = await startBench(
  [bareNode, ...folders.map((folder) => checkoutWith(everything, folder))],
  [model, runningModel, warmModel],
)
try {
  for (const { name, why } of bench.missing) console.log(`${name} is not here: ${why}`)
  const turns = new Map<Contender, (readonly number[])[]>(bench.contenders.map((one) => [one, []]))
  const gaps = new Map<Contender, (readonly number[])[]>(bench.contenders.map((one) => [one, []]))
  for (const one of bench.contenders)
    await closedLoop({
      target: one.target,
      request: requestOf(one, warmModel),
      connections: warmStreams,
      durationMs: Number(values.warm) * 1_000,
    })
  for (let each = 0; each < Number(values.turns); each += 1)
    for (const [one, its] of turns) {
      const running = Number(values.running) > 0 ? longestGapsOf(one) : null
      if (running !== null) await wait(runningBeforeMs)
      its.push(await firstBytesOf(one))
      if (running !== null) gaps.get(one)?.push(await running)
    }
  for (const [one, its] of turns) {
    const { gateway } = one
    const texts = shares.map((share) =>
      figureOf(its.map((ms) => quantile(ms, share)))
        .median.toFixed(0)
        .padStart(6),
    )
    const longest = gaps.get(one) ?? []
    const gap =
      longest.length === 0 ? '' : `, longest gap ${figureOf(longest.map((ms) => quantile(ms, 0.5))).median.toFixed(0)}`
    console.log(`${gateway.name.padEnd(12)} first byte, ms: ${texts.join(' ')}${gap}`)
  }
} finally {
  await bench.close()
}
