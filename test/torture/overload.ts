/**
 * `bin/drover-node test/torture/overload.ts [--seconds 10] [--latency 200] [--times 3]`: what the relay carries with as many callers as it lets
 * in, then for as long three times as many calls a second as that, whether or not those before are answered, then the first number again. Its
 * provider takes so many milliseconds for an answer, so that what is carried is bounded by the calls that may be under way (64); with 0 it is
 * bounded by the processor, which callers and provider then share. Must hold: what is carried under overload is at least 90 % of the best;
 * refusals are 503 with Retry-After, for which the server takes at most 10 ms (at the median: a busy machine takes the processor away from some);
 * and within five seconds afterwards nobody is refused. Figures as JSON, exit 1 where it does not hold.
 */

import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeChance } from '../e2e/chance.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Rushed } from './rush.ts'
import { rush } from './rush.ts'
import { openStage } from './stage.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    latency: { type: 'string', default: '200' },
    times: { type: 'string', default: '3' },
  },
})
const [lengthMs, latencyMs, times] = [Number(values.seconds) * 1000, Number(values.latency), Number(values.times)]
const openCallsMax = 64
/** Below those from which on some are refused, also where a call is answered and its books are not closed yet. */
const fitting = 48
const atOnceMax = 1_000
const recoveredWithinMs = 5_000
const refusedWithinMs = 10
const warmMs = 3_000

const quantile = (list: readonly number[], share: number): number =>
  Math.round((list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0) * 10) /
  10

const figuresOf = ({ answers, elapsedMs, unmade, broken }: Rushed) => {
  const accepted = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ status }) => status === 503)
  const offered = answers.length + unmade + broken
  return {
    offered_per_second: Math.round((offered * 1000) / elapsedMs),
    carried_per_second: Math.round((accepted.length * 1000) / elapsedMs),
    refused: refused.length,
    without_retry_after: refused.filter(({ saysWhen }) => !saysWhen).length,
    other: answers.length - accepted.length - refused.length + broken,
    unmade,
    refusal_ms: {
      p50: quantile(
        refused.map(({ tookMs }) => tookMs),
        0.5,
      ),
      in_server_p50: quantile(
        refused.map(({ inServerMs }) => inServerMs),
        0.5,
      ),
      in_server_p99: quantile(
        refused.map(({ inServerMs }) => inServerMs),
        0.99,
      ),
    },
    accepted_p99_ms: quantile(
      accepted.map(({ tookMs }) => tookMs),
      0.99,
    ),
  }
}

await using stage = await openStage({
  chance: makeChance(1),
  faultShare: 0,
  usd: '1000.00',
  // One bound at a time.
  config: `server: { overload: { ${latencyMs > 0 ? `open_calls: ${openCallsMax}, loop_delay: 1m` : ''} } }\n`,
})
const answer = whole(completion())
stage.upstream.answer(async (exchange) => {
  if (latencyMs > 0) await wait(latencyMs)
  await answer(exchange)
})
const { port } = stage.relay()
const body = JSON.stringify({ model: 'sold', max_tokens: 100, messages: [{ role: 'user', content: 'paid' }] })
const request = Buffer.from(
  `POST /v1/chat/completions HTTP/1.1\r\nHost: relay.test\r\nAuthorization: Bearer ${stage.key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
)

await rush({ port, request, atOnceMax: fitting, perSecond: null, lengthMs: warmMs })
stage.upstream.forget()
const best = figuresOf(await rush({ port, request, atOnceMax: fitting, perSecond: null, lengthMs }))
stage.upstream.forget()
const over = figuresOf(await rush({ port, request, atOnceMax, perSecond: times * best.carried_per_second, lengthMs }))
stage.upstream.forget()
const endedMs = performance.now()
let recoveredMs: number | null = null
while (recoveredMs === null && performance.now() - endedMs < 4 * recoveredWithinMs) {
  const askedMs = performance.now()
  const { answers } = await rush({ port, request, atOnceMax: fitting, perSecond: null, lengthMs: 250 })
  if (answers.every(({ status }) => status === 200)) recoveredMs = Math.round(askedMs - endedMs)
}
const problems = await stage.problems()
const goodput = Math.round((100 * over.carried_per_second) / best.carried_per_second)
const offered = Math.round((10 * over.offered_per_second) / best.carried_per_second) / 10
process.stdout.write(
  `${JSON.stringify({ latency_ms: latencyMs, best, over, offered_times: offered, goodput_percent: goodput, recovered_ms: recoveredMs, problems })}\n`,
)
const holds =
  goodput >= 90 &&
  // Where the processor is the bound the callers share it: with a thousand of them waiting it may be that none need be refused.
  (over.refused > 0 || latencyMs === 0) &&
  over.without_retry_after === 0 &&
  over.other === 0 &&
  over.refusal_ms.in_server_p50 <= refusedWithinMs &&
  recoveredMs !== null &&
  recoveredMs <= recoveredWithinMs
process.exitCode = holds && problems.length === 0 ? 0 : 1
