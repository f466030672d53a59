/**
 * What calls meet while somebody looks at many rows: `bin/drover-node bench/profile/questions.ts [--beside CHECKOUT …] [--calls 1000000] [--rate 200]
 * [--seconds 6] [--turns 3] [--warm 15000]`. Calls of 1 KiB come at a fixed rate, open-loop, with nothing beside them and while `drover ledger verify`
 * goes through the books of so many stored calls, in turns. Prints their latencies in ms: what a question keeps calls waiting for is seen here.
 */

import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startBench } from '../gateway/bench.ts'
import { everything } from '../gateway/drover.ts'
import { manyCalls } from '../gateway/grown.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { quantile } from '../load/figure.ts'
import { openLoop, steadily } from '../load/open-loop.ts'
import { requestTo } from '../load/request.ts'
import { checkoutWith } from './checkout.ts'

const { values } = parseArgs({
  options: {
    beside: { type: 'string', multiple: true, default: [] },
    calls: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '6' },
    turns: { type: 'string', default: '3' },
    warm: { type: 'string', default: '15000' },
  },
})
const model = 'bench-800'
const bodyBytes = 1024
const connections = 16
const connectionsMax = 256
const warmMsMax = 600_000
const timeoutMs = 20_000

const here = resolve(import.meta.dirname, '..', '..')
const folders = [here, ...values.beside.map((folder) => resolve(folder))]
const fill = manyCalls(Number(values.calls))
const bench = await startBench(
  folders.map((folder) => checkoutWith(everything, folder, fill)),
  [model],
)

/** Asks again and again until the work is over; gives how often, and how long each took at most. */
const askBeside = async (ask: () => Promise<unknown>, work: Promise<unknown>) => {
  let isOver = false
  const told = work.then(() => {
    isOver = true
  })
  let [asked, longestMs] = [0, 0]
  while (!isOver) {
    const beganMs = performance.now()
    await ask()
    longestMs = Math.max(longestMs, performance.now() - beganMs)
    asked += 1
  }
  await told
  return { asked, longestMs }
}

try {
  for (const { name, why } of bench.missing) console.log(`${name} is not here: ${why}`)
  const relays = bench.contenders.map((one) => ({
    ...one,
    request: requestTo(one.running, { model, isStream: false, bodyBytes }),
  }))
  for (const { target, request } of relays)
    await closedLoop({ target, request, connections, durationMs: warmMsMax, callsMax: Number(values.warm) })
  const dueMs = steadily(Number(values.rate), Number(values.seconds) * 1000)
  for (let turn = 0; turn < Number(values.turns); turn += 1)
    for (const { gateway, running, target, request } of relays)
      for (const isAsked of [false, true]) {
        const work = openLoop({ target, requestOf: () => request, dueMs, connectionsMax, timeoutMs })
        const { booked } = running
        const beside = isAsked && booked !== null ? await askBeside(booked, work) : null
        const { latenciesMs, failures } = await work
        const figures = [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${quantile(latenciesMs, share).toFixed(1)}`)
        const what =
          beside === null
            ? 'alone'
            : `beside ${beside.asked} questions of at most ${(beside.longestMs / 1000).toFixed(1)} s`
        console.log(`${gateway.name.padEnd(12)} ${figures.join('  ')} ms, ${failures} failed, ${what}`)
      }
} finally {
  await bench.close()
}
