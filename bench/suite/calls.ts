/** Calls that are answered whole, by size of their body: what one costs in processor time, and what it adds to the time of the answer. */

import { setTimeout as wait } from 'node:timers/promises'
import type { Bench, Contender } from '../gateway/bench.ts'
import { closedLoop } from '../load/closed-loop.ts'
import type { Figure } from '../load/figure.ts'
import { quantile } from '../load/figure.ts'
import { processorMs } from '../load/processor.ts'
import { requestTo } from '../load/request.ts'
import type { Effort } from './effort.ts'
import type { Summary } from './rounds.ts'
import { floorOf, inRounds, summaryOf } from './rounds.ts'
import { callModel, warmed } from './warm.ts'

export const smallCall = 1024
export const bodySizes = [200, smallCall, 10 * 1024, 50 * 1024, 150 * 1024, 1024 * 1024] as const

export type CallRow = {
  readonly gateway: string
  readonly bodyBytes: number
  readonly calls: number
  readonly failures: number
  readonly processorUs: Figure
  /** Of one connection, in milliseconds; `added` = less those of the provider itself in the same round. */
  readonly p50Ms: Figure
  readonly p99Ms: Figure
  readonly addedP50Ms: Figure
  readonly addedP99Ms: Figure
  readonly perSecond: Figure
}

const busyConnections = 16
/** What a relay does after an answer (commits, records) is charged to the calls that caused it. */
const afterMs = 400

type Sample = {
  readonly calls: number
  readonly failures: number
  readonly processorUs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perSecond: number
}

const measured = async ({ running, target }: Contender, bodyBytes: number, turnMs: number): Promise<Sample> => {
  const request = requestTo(running, { model: callModel, isStream: false, bodyBytes })
  const before = processorMs(running.pids)
  const busy = await closedLoop({ target, request, connections: busyConnections, durationMs: turnMs })
  await wait(afterMs)
  const usedMs = processorMs(running.pids) - before
  const alone = await closedLoop({ target, request, connections: 1, durationMs: turnMs })
  return {
    calls: busy.calls + alone.calls,
    failures: busy.failures + alone.failures,
    processorUs: (usedMs * 1000) / busy.calls,
    p50Ms: quantile(alone.latenciesMs, 0.5),
    p99Ms: quantile(alone.latenciesMs, 0.99),
    perSecond: (busy.calls * 1000) / busy.elapsedMs,
  }
}

const rowOf = (gateway: string, bodyBytes: number, { figure, added, sum }: Summary<Sample>): CallRow => ({
  gateway,
  bodyBytes,
  calls: sum(({ calls }) => calls),
  failures: sum(({ failures }) => failures),
  processorUs: figure(({ processorUs }) => processorUs),
  p50Ms: figure(({ p50Ms }) => p50Ms),
  p99Ms: figure(({ p99Ms }) => p99Ms),
  addedP50Ms: added(({ p50Ms }) => p50Ms),
  addedP99Ms: added(({ p99Ms }) => p99Ms),
  perSecond: figure(({ perSecond }) => perSecond),
})

/** Rounds over all gateways for each size, once all of them are warm. */
export async function measureCalls(
  bench: Bench,
  sizes: readonly number[],
  effort: Effort,
): Promise<readonly CallRow[]> {
  const rows: CallRow[] = []
  for (const contender of bench.contenders) {
    effort.say(`the first calls: ${contender.gateway.name}`)
    await warmed(contender)
  }
  for (const bodyBytes of sizes) {
    const said = { ...effort, say: (progress: string) => effort.say(`calls of ${bodyBytes} bytes, ${progress}`) }
    const samples = await inRounds(bench.contenders, said, (contender, turnMs) =>
      measured(contender, bodyBytes, turnMs),
    )
    const floor = floorOf(samples)
    for (const [{ gateway }, its] of samples) rows.push(rowOf(gateway.name, bodyBytes, summaryOf(its, floor)))
  }
  return rows
}
