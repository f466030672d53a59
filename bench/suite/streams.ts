/** Streams, many at a time: what an event costs in processor time, how much later the first byte comes, and whether any stalls. */

import { setTimeout as wait } from 'node:timers/promises'
import type { Bench, Contender } from '../gateway/bench.ts'
import { closedLoop } from '../load/closed-loop.ts'
import type { Figure } from '../load/figure.ts'
import { quantile } from '../load/figure.ts'
import { memoryBytes, processorMs } from '../load/processor.ts'
import { requestTo } from '../load/request.ts'
import type { Effort } from './effort.ts'
import type { Summary } from './rounds.ts'
import { floorOf, inRounds, summaryOf } from './rounds.ts'
import { warmed } from './warm.ts'

/** The role's event, then these, evenly. */
export type Pace = { readonly streams: number; readonly events: number; readonly paceMs: number }

export const paces: readonly Pace[] = [
  { streams: 32, events: 64, paceMs: 20 },
  { streams: 128, events: 64, paceMs: 20 },
  { streams: 512, events: 64, paceMs: 20 },
  { streams: 4096, events: 16, paceMs: 500 },
]

/** Short streams, many of them, after whole calls and before anything is counted: until what is hot is compiled an event costs several times as much. */
const warming = { events: 8, paceMs: 1, streams: 32, durationMs: 3_000 } as const

export const streamModel = ({ events, paceMs }: Omit<Pace, 'streams'>): string => `bench-stream-${events}-${paceMs}`

export const warmingModel = streamModel(warming)

export type StreamRow = Pace & {
  readonly gateway: string
  readonly streamsDone: number
  readonly failures: number
  readonly processorUs: Figure
  readonly firstByteP50Ms: Figure
  readonly firstByteP99Ms: Figure
  /** Over what the provider itself shows in the same round. */
  readonly addedFirstByteP50Ms: Figure
  readonly addedGapP99Ms: Figure
  /** Gaps longer than ten paces, of all rounds. */
  readonly stalls: number
  readonly memoryMib: Figure
}

const stallPaces = 10
const afterMs = 400
const mebibyte = 1024 * 1024
const bodyBytes = 1024

type Sample = {
  readonly done: number
  readonly failures: number
  readonly processorUs: number
  readonly firstByteP50Ms: number
  readonly firstByteP99Ms: number
  readonly gapP99Ms: number
  readonly stalls: number
  readonly memoryMib: number
}

const measured = async ({ running, target }: Contender, pace: Pace, turnMs: number): Promise<Sample> => {
  const request = requestTo(running, { model: streamModel(pace), isStream: true, bodyBytes })
  const firstBytesMs: number[] = []
  const gapsMs: number[] = []
  let events = 0
  const before = processorMs(running.pids)
  const turn = await closedLoop({
    target,
    request,
    connections: pace.streams,
    durationMs: turnMs,
    each: ({ firstByteMs, eventsMs }, askedMs) => {
      firstBytesMs.push(firstByteMs - askedMs)
      events += eventsMs.length
      for (let at = 1; at < eventsMs.length; at += 1) gapsMs.push((eventsMs[at] ?? 0) - (eventsMs[at - 1] ?? 0))
    },
  })
  const heldBytes = memoryBytes(running.pids)
  await wait(afterMs)
  return {
    done: turn.calls,
    failures: turn.failures,
    processorUs: ((processorMs(running.pids) - before) * 1000) / events,
    firstByteP50Ms: quantile(firstBytesMs, 0.5),
    firstByteP99Ms: quantile(firstBytesMs, 0.99),
    gapP99Ms: quantile(gapsMs, 0.99),
    stalls: gapsMs.filter((gapMs) => gapMs > stallPaces * pace.paceMs).length,
    memoryMib: heldBytes / mebibyte,
  }
}

const rowOf = (gateway: string, pace: Pace, { figure, added, sum }: Summary<Sample>): StreamRow => ({
  ...pace,
  gateway,
  streamsDone: sum(({ done }) => done),
  failures: sum(({ failures }) => failures),
  processorUs: figure(({ processorUs }) => processorUs),
  firstByteP50Ms: figure(({ firstByteP50Ms }) => firstByteP50Ms),
  firstByteP99Ms: figure(({ firstByteP99Ms }) => firstByteP99Ms),
  addedFirstByteP50Ms: added(({ firstByteP50Ms }) => firstByteP50Ms),
  addedGapP99Ms: added(({ gapP99Ms }) => gapP99Ms),
  stalls: sum(({ stalls }) => stalls),
  memoryMib: figure(({ memoryMib }) => memoryMib),
})

/** A turn lasts as long as its streams: those that run when the time is over are read to their end. */
export async function measureStreams(
  bench: Bench,
  works: readonly Pace[],
  effort: Effort,
): Promise<readonly StreamRow[]> {
  const rows: StreamRow[] = []
  for (const contender of bench.contenders) {
    const { gateway, running, target } = contender
    effort.say(`warm-up: ${gateway.name}`)
    await warmed(contender)
    effort.say(`short streams: ${gateway.name}`)
    const request = requestTo(running, { model: warmingModel, isStream: true, bodyBytes })
    await closedLoop({ target, request, connections: warming.streams, durationMs: warming.durationMs })
  }
  for (const pace of works) {
    const said = { ...effort, say: (progress: string) => effort.say(`${pace.streams} streams, ${progress}`) }
    const samples = await inRounds(bench.contenders, said, (contender, turnMs) => measured(contender, pace, turnMs))
    const floor = floorOf(samples)
    for (const [{ gateway }, its] of samples) rows.push(rowOf(gateway.name, pace, summaryOf(its, floor)))
  }
  return rows
}
