/**
 * What calls meet that come after a pause: `bin/drover-node bench/profile/pauses.ts [--beside CHECKOUT …] [--rate 500] [--seconds 2] [--pause 9]
 * [--turns 3] [--warm 30000]`. Each relay is warmed by a closed loop; then, in turns, nothing is asked of it for the pause, and calls of 1 KiB come
 * at a fixed rate, open-loop. Prints the latencies, in ms, and the processor time of each thread, in microseconds a call. What a runtime does while it
 * is idle (collections, compiled code that it lets go of) is seen here and nowhere else: a load that never stops keeps everything warm.
 */

import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBench } from '../gateway/bench.ts'
import { everything } from '../gateway/drover.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { quantile } from '../load/figure.ts'
import { openLoop, steadily } from '../load/open-loop.ts'
import { requestTo } from '../load/request.ts'
import { checkoutWith } from './checkout.ts'
import { usedUs } from './thread-time.ts'

const { values } = parseArgs({
  options: {
    beside: { type: 'string', multiple: true, default: [] },
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '2' },
    pause: { type: 'string', default: '9' },
    turns: { type: 'string', default: '3' },
    warm: { type: 'string', default: '30000' },
  },
})
const model = 'bench-800'
const bodyBytes = 1024
const connections = 16
const connectionsMax = 256
const warmMsMax = 600_000
const timeoutMs = 20_000
/** Less than so many microseconds of a thread are not worth a word. */
const shownUsMin = 5

const here = resolve(import.meta.dirname, '..', '..')
const folders = [here, ...values.beside.map((folder) => resolve(folder))]
const bench = await startBench(
  folders.map((folder) => checkoutWith(everything, folder)),
  [model],
)
try {
  for (const { name, why } of bench.missing) console.log(`${name} is not here: ${why}`)
  const asked = bench.contenders.map((one) => ({
    ...one,
    request: requestTo(one.running, { model, isStream: false, bodyBytes }),
  }))
  for (const { target, request } of asked)
    await closedLoop({ target, request, connections, durationMs: warmMsMax, callsMax: Number(values.warm) })
  const dueMs = steadily(Number(values.rate), Number(values.seconds) * 1000)
  for (let turn = 0; turn < Number(values.turns); turn += 1)
    for (const { gateway, running, target, request } of asked) {
      await wait(Number(values.pause) * 1000)
      const [pid = 0] = running.pids
      const before = usedUs(pid)
      const { latenciesMs, failures } = await openLoop({
        target,
        requestOf: () => request,
        dueMs,
        connectionsMax,
        timeoutMs,
      })
      const figures = [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${quantile(latenciesMs, share).toFixed(1)}`)
      const threads = [...usedUs(pid)]
        .map(([name, us]) => [name, (us - (before.get(name) ?? 0)) / dueMs.length] as const)
        .filter(([, us]) => us >= shownUsMin)
        .map(([name, us]) => `${name} ${us.toFixed(0)}`)
      console.log(`${gateway.name.padEnd(12)} ${figures.join('  ')} ms  ${threads.join(', ')} us, ${failures} failed`)
    }
} finally {
  await bench.close()
}
