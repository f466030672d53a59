/**
 * Calls at fixed rates, open-loop, and the highest rate at which a gateway adds no more than ten milliseconds at the 99th percentile:
 * what a caller meets when calls come whether or not earlier ones were answered.
 */

import type { Bench, Contender } from '../gateway/bench.ts'
import type { Target } from '../load/closed-loop.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { quantile } from '../load/figure.ts'
import { openLoop, steadily } from '../load/open-loop.ts'
import { requestTo } from '../load/request.ts'
import type { Effort } from './effort.ts'
import { callModel, warmed } from './warm.ts'

export type RateRow = {
  readonly gateway: string
  /** Calls a second. */
  readonly ratePerSecond: number
  readonly failures: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** How late the generator itself was at the 99th percentile. */
  readonly lateP99Ms: number
}

/** The highest rate, and what is met at half of it; `null` = no rate held. */
export type Highest = { readonly gateway: string; readonly ratePerSecond: number; readonly half: RateRow | null }

export const fixedRates = [50, 200, 500] as const
const addedP99MaxMs = 10
const connectionsMax = 256
const timeoutMs = 20_000
const bodyBytes = 1024
const searchSteps = 6
const busyConnections = 16

/** Whom is asked, and the bytes of a call. */
export type Asking = { readonly target: Target; readonly request: Buffer }

export type Latencies = Omit<RateRow, 'gateway'>

/** Calls at this rate for so long. */
export const atRate = async (
  { target, request }: Asking,
  ratePerSecond: number,
  durationMs: number,
): Promise<Latencies & { readonly firstBytesMs: readonly number[] }> => {
  const turn = await openLoop({
    target,
    requestOf: () => request,
    dueMs: steadily(ratePerSecond, durationMs),
    connectionsMax,
    timeoutMs,
  })
  return {
    ratePerSecond,
    failures: turn.failures,
    p50Ms: quantile(turn.latenciesMs, 0.5),
    p99Ms: quantile(turn.latenciesMs, 0.99),
    p999Ms: quantile(turn.latenciesMs, 0.999),
    lateP99Ms: quantile(turn.lateMs, 0.99),
    firstBytesMs: turn.firstBytesMs,
  }
}

/** Halves the span between what held and what did not; begins with what a closed loop reaches, which is more than holds. */
export const highestRate = async (asking: Asking, floorP99Ms: number, turnMs: number): Promise<number> => {
  const busy = await closedLoop({ ...asking, connections: busyConnections, durationMs: turnMs })
  let [holds, fails] = [0, ((busy.calls * 1000) / busy.elapsedMs) * 1.2]
  for (let step = 0; step < searchSteps; step += 1) {
    const rate = Math.round((holds + fails) / 2)
    const { failures, p99Ms } = await atRate(asking, rate, turnMs)
    if (failures === 0 && p99Ms - floorP99Ms <= addedP99MaxMs) holds = rate
    else fails = rate
  }
  return holds
}

const askingOf = ({ running, target }: Contender): Asking => ({
  target,
  request: requestTo(running, { model: callModel, isStream: false, bodyBytes }),
})

/** Each rate with all gateways, once all of them are warm, then each gateway's highest. */
export async function measureRates(
  { contenders }: Bench,
  rates: readonly number[],
  effort: Effort,
): Promise<{ readonly rows: readonly RateRow[]; readonly highest: readonly Highest[] }> {
  const rows: RateRow[] = []
  for (const contender of contenders) {
    effort.say(`the first calls: ${contender.gateway.name}`)
    await warmed(contender)
  }
  for (const rate of rates)
    for (const contender of contenders) {
      effort.say(`${rate} calls a second: ${contender.gateway.name}`)
      const found = await atRate(askingOf(contender), rate, effort.turnMs * effort.rounds)
      rows.push({ gateway: contender.gateway.name, ...found })
    }
  const highest: Highest[] = []
  const floorP99Ms = rows.find(({ gateway }) => gateway === 'direct')?.p99Ms ?? 0
  for (const contender of contenders) {
    effort.say(`the highest rate of ${contender.gateway.name}`)
    const { name } = contender.gateway
    const asking = askingOf(contender)
    const ratePerSecond = await highestRate(asking, floorP99Ms, effort.turnMs)
    const halfPerSecond = Math.floor(ratePerSecond / 2)
    const half =
      halfPerSecond === 0
        ? null
        : { gateway: name, ...(await atRate(asking, halfPerSecond, effort.turnMs * effort.rounds)) }
    highest.push({ gateway: name, ratePerSecond, half })
  }
  return { rows, highest }
}
