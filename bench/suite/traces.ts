/** A workload replayed: prompts and answers of their lengths, streamed, at the moments at which they came. */

import { setTimeout as wait } from 'node:timers/promises'
import type { Bench, Contender } from '../gateway/bench.ts'
import { quantile } from '../load/figure.ts'
import { openLoop } from '../load/open-loop.ts'
import { processorMs } from '../load/processor.ts'
import { requestTo } from '../load/request.ts'
import type { TracedCall } from '../load/trace.ts'
import { madeTrace, paced, readTrace } from '../load/trace.ts'
import type { Effort } from './effort.ts'

export type TraceRow = {
  readonly gateway: string
  readonly calls: number
  readonly failures: number
  readonly processorUs: number
  readonly firstByteP50Ms: number
  readonly firstByteP99Ms: number
  readonly wholeP50Ms: number
  readonly wholeP99Ms: number
}

/** Answers are as long as the next of these: an event is a token. */
const lengths = [8, 16, 32, 64, 128, 256, 512] as const
const [paceMs, bytesPerToken, ratePerSecond] = [10, 4, 15]
const [connectionsMax, timeoutMs, afterMs] = [512, 60_000, 400]

const modelFor = (outputTokens: number): string => {
  const events = lengths.find((length) => length >= outputTokens) ?? lengths[lengths.length - 1]
  return `bench-stream-${events}-${paceMs}`
}

export const traceModels: readonly string[] = lengths.map(modelFor)

const measured = async ({ gateway, running, target }: Contender, calls: readonly TracedCall[]): Promise<TraceRow> => {
  const before = processorMs(running.pids)
  const turn = await openLoop({
    target,
    requestOf: (at) => {
      const { inputTokens, outputTokens } = calls[at] as TracedCall
      return requestTo(running, {
        model: modelFor(outputTokens),
        isStream: true,
        bodyBytes: inputTokens * bytesPerToken,
      })
    },
    dueMs: calls.map(({ atMs }) => atMs),
    connectionsMax,
    timeoutMs,
  })
  await wait(afterMs)
  return {
    gateway: gateway.name,
    calls: turn.latenciesMs.length,
    failures: turn.failures,
    processorUs: ((processorMs(running.pids) - before) * 1000) / turn.latenciesMs.length,
    firstByteP50Ms: quantile(turn.firstBytesMs, 0.5),
    firstByteP99Ms: quantile(turn.firstBytesMs, 0.99),
    wholeP50Ms: quantile(turn.latenciesMs, 0.5),
    wholeP99Ms: quantile(turn.latenciesMs, 0.99),
  }
}

/** The same calls through each gateway, one after the other. `file` = a trace; `null` = one that is made up. */
export async function measureTrace(
  { contenders }: Bench,
  file: string | null,
  effort: Effort,
): Promise<readonly TraceRow[]> {
  const durationMs = effort.turnMs * effort.rounds
  const trace = file === null ? madeTrace((ratePerSecond * durationMs) / 1000) : readTrace(file)
  const rows: TraceRow[] = []
  for (const contender of contenders) {
    effort.say(`the trace through ${contender.gateway.name}`)
    await measured(contender, paced(trace, ratePerSecond, effort.warmMs))
    rows.push(await measured(contender, paced(trace, ratePerSecond, durationMs)))
  }
  return rows
}
