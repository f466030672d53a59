/**
 * `bin/drover-node test/torture/overload.ts [--seconds 10]`: what the relay carries at its best, then three times as many callers as that took,
 * then the first number again. Must hold: what is carried under overload is at least 90 % of the best; refusals are 503 with Retry-After, for
 * which the server takes at most 10 ms (at the median: a busy machine takes the processor away from some); and
 * within five seconds afterwards nobody is refused. Figures as JSON, exit 1 where it does not hold. On a busy machine the figures are of that machine.
 */

import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Answer } from '../e2e/call.ts'
import { call } from '../e2e/call.ts'
import { makeChance } from '../e2e/chance.ts'
import { openStage } from './stage.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } })
const lengthMs = Number(values.seconds) * 1000
const openCallsMax = 64
const recoveredWithinMs = 5_000
const refusedWithinMs = 10

type Carried = {
  readonly perSecond: number
  readonly refused: number
  readonly withoutRetryAfter: number
  readonly other: number
  readonly refusalP50Ms: number
  /** What the server itself took for a refusal, from the head of the request to that of the answer, as its answer says. */
  readonly refusalServerP50Ms: number
  readonly refusalServerP99Ms: number
  readonly acceptedP99Ms: number
}

const quantile = (list: readonly number[], share: number): number =>
  Math.round(list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0)

await using stage = await openStage({
  chance: makeChance(1),
  faultShare: 0,
  config: `server: { overload: { open_calls: ${openCallsMax} } }\n`,
})
const { url } = stage.relay()
const body = { model: 'sold', max_tokens: 100, messages: [{ role: 'user', content: 'paid' }] }

const carry = async (callers: number): Promise<Carried> => {
  const [accepted, refused, inServer]: [number[], number[], number[]] = [[], [], []]
  let [withoutRetryAfter, other] = [0, 0]
  const beganMs = performance.now()
  const note = ({ status, headers }: Answer, tookMs: number): void => {
    if (status === 200) accepted.push(tookMs)
    else if (status === 503) {
      refused.push(tookMs)
      inServer.push(Number(headers['x-drover-overhead-ms']))
    } else other += 1
    if (status === 503 && headers['retry-after'] === undefined) withoutRetryAfter += 1
  }
  const one = async (): Promise<void> => {
    while (performance.now() - beganMs < lengthMs) {
      const askedMs = performance.now()
      const answer = await call(url, { key: stage.key, body })
      note(answer, performance.now() - askedMs)
      // Whoever is refused asks again, as an impatient client does, and not at once.
      if (answer.status === 503) await wait(25)
    }
  }
  await Promise.all(Array.from({ length: callers }, one))
  const perSecond = Math.round((accepted.length * 1000) / (performance.now() - beganMs))
  return {
    perSecond,
    refused: refused.length,
    withoutRetryAfter,
    other,
    refusalP50Ms: quantile(refused, 0.5),
    refusalServerP50Ms: quantile(inServer, 0.5),
    refusalServerP99Ms: quantile(inServer, 0.99),
    acceptedP99Ms: quantile(accepted, 0.99),
  }
}

await carry(8)
const best = await carry(32)
const over = await carry(3 * openCallsMax)
const endedMs = performance.now()
let recoveredMs: number | null = null
while (performance.now() - endedMs < 4 * recoveredWithinMs) {
  const answers = await Promise.all(Array.from({ length: 8 }, () => call(url, { key: stage.key, body })))
  if (answers.every(({ status }) => status === 200)) {
    recoveredMs = Math.round(performance.now() - endedMs)
    break
  }
}
const problems = await stage.problems()
const goodput = Math.round((100 * over.perSecond) / best.perSecond)
process.stdout.write(
  `${JSON.stringify({ best, over, goodput_percent: goodput, recovered_ms: recoveredMs, problems })}\n`,
)
const holds =
  goodput >= 90 &&
  over.withoutRetryAfter === 0 &&
  over.other === 0 &&
  over.refusalServerP50Ms <= refusedWithinMs &&
  recoveredMs !== null &&
  recoveredMs <= recoveredWithinMs
process.exitCode = holds && problems.length === 0 ? 0 : 1
