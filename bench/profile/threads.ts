/**
 * What a call costs each thread of the relay, with everything on: `bin/drover-node bench/profile/threads.ts [--beside CHECKOUT …]
 * [--body 1024] [--stream [--events 64] [--pace 20, ms]] [--billing prepaid] [--callers 8] [--turns 6] [--seconds 2] [--warm 12000, of streams 128]`. Processor time by the kernel's own accounting, so
 * that other work on the machine lengthens the run and not the figure; other checkouts, and a bare Node proxy, are measured in turns beside
 * this one. Microseconds for each call, or for each event of a stream, and the least of the turns in parentheses.
 */

import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bareNode } from '../gateway/bare-node.ts'
import type { Contender } from '../gateway/bench.ts'
import { startBench } from '../gateway/bench.ts'
import { everything } from '../gateway/drover.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { figureOf } from '../load/figure.ts'
import { requestTo } from '../load/request.ts'
import { checkoutWith } from './checkout.ts'
import type { ByThread } from './thread-time.ts'
import { usedUs } from './thread-time.ts'

const { values } = parseArgs({
  options: {
    beside: { type: 'string', multiple: true, default: [] },
    body: { type: 'string', default: '1024' },
    stream: { type: 'boolean', default: false },
    events: { type: 'string', default: '64' },
    pace: { type: 'string', default: '20' },
    billing: { type: 'string', default: everything.billing },
    callers: { type: 'string', default: '8' },
    turns: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '2' },
    warm: { type: 'string' },
  },
})
const model = values.stream ? `bench-stream-${values.events}-${values.pace}` : 'bench-800'
/** With the role before them, and the end, the usage and the mark after them. */
const eventsOfStream = Number(values.events) + 3
/** What is done after an answer (commits, records) is charged to the calls that caused it. */
const afterMs = 400
const warmMsMax = 600_000
const warmCalls = Number(values.warm ?? (values.stream ? 128 : 12_000))

const billing = values.billing === 'unlimited' ? 'unlimited' : 'prepaid'
const parts = { ...everything, billing, isPriced: billing === 'prepaid' } as const

const connections = Number(values.callers)
const requestOf = ({ running }: Contender): Buffer =>
  requestTo(running, { model, isStream: values.stream, bodyBytes: Number(values.body) })

/** So many calls that are not counted: until V8 has compiled what is hot, a call costs twice as much. */
const warmed = async (one: Contender): Promise<void> => {
  await closedLoop({
    target: one.target,
    request: requestOf(one),
    connections,
    durationMs: warmMsMax,
    callsMax: warmCalls,
  })
}

/** Microseconds of each thread for each call, or event. */
const measured = async (one: Contender): Promise<ByThread> => {
  const { running, target } = one
  const [pid = 0] = running.pids
  const before = usedUs(pid)
  const durationMs = Number(values.seconds) * 1_000
  const turn = await closedLoop({ target, request: requestOf(one), connections, durationMs })
  await wait(afterMs)
  if (turn.failures > 0) throw new Error(`${turn.failures} calls of ${turn.calls} failed`)
  const units = turn.calls * (values.stream ? eventsOfStream : 1)
  return new Map([...usedUs(pid)].map(([name, us]) => [name, (us - (before.get(name) ?? 0)) / units]))
}

const here = resolve(import.meta.dirname, '..', '..')
const folders = [here, ...values.beside.map((folder) => resolve(folder))]
const bench = await startBench([bareNode, ...folders.map((folder) => checkoutWith(parts, folder))], [model])
try {
  for (const { name, why } of bench.missing) console.log(`${name} is not here: ${why}`)
  const turns = new Map<Contender, ByThread[]>(bench.contenders.map((one) => [one, []]))
  for (const one of bench.contenders) await warmed(one)
  for (let each = 0; each < Number(values.turns); each += 1)
    for (const [one, figures] of turns) figures.push(await measured(one))
  const sumOf = (threads: ByThread): number => [...threads.values()].reduce((sum, us) => sum + us, 0)
  for (const [{ gateway }, figures] of turns) {
    const sum = figureOf(figures.map(sumOf))
    const names = [...new Set(figures.flatMap((threads) => [...threads.keys()]))]
    const each = names
      .map((name) => [name, figureOf(figures.map((threads) => threads.get(name) ?? 0))] as const)
      .filter(([, us]) => us.median >= 1)
      .sort(([, a], [, b]) => b.median - a.median)
    console.log(
      `${gateway.name.padEnd(12)} ${sum.median.toFixed(0).padStart(6)} us (least ${sum.min.toFixed(0)})  ` +
        each.map(([name, us]) => `${name} ${us.median.toFixed(0)} (${us.min.toFixed(0)})`).join(', '),
    )
  }
} finally {
  await bench.close()
}
