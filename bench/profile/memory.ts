/**
 * What a relay holds, with everything on: `bin/drover-node bench/profile/memory.ts [--beside CHECKOUT …] [--streams 4096] [--events 16]
 * [--pace 500] [--turns 2] [--idle 5]`. Some seconds after its start, and with so many streams at once, each of them asked for anew when the
 * last turn has ended: MiB of the whole process by the kernel's accounting (PSS, Linux only), the most while they run and what is left when
 * the last has ended; and of the most what V8 has of the system for all threads, what the allocator of C has, and files. A checkout is started
 * twice, and the second start counts: the first compiles. Checkouts have their turns one after the other, a bare Node proxy the first.
 */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bareNode } from '../gateway/bare-node.ts'
import type { Contender } from '../gateway/bench.ts'
import { startBench } from '../gateway/bench.ts'
import { everything } from '../gateway/drover.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { processorMs } from '../load/processor.ts'
import { requestTo } from '../load/request.ts'
import { streamModel, warmingModel } from '../suite/streams.ts'
import { checkoutWith } from './checkout.ts'

const { values } = parseArgs({
  options: {
    beside: { type: 'string', multiple: true, default: [] },
    streams: { type: 'string', default: '4096' },
    events: { type: 'string', default: '16' },
    pace: { type: 'string', default: '500' },
    turns: { type: 'string', default: '2' },
    idle: { type: 'string', default: '5' },
  },
})

const model = streamModel({ events: Number(values.events), paceMs: Number(values.pace) })
const lookEveryMs = 250
const afterMs = 400
/** Asked anew within this time, which is less than streams take. */
const turnMs = 1_000
const bodyBytes = 1024
const [warmStreams, warmMs] = [32, 3_000]
const kibibytes = 1024

type Parts = { readonly all: number; readonly v8: number; readonly allocator: number; readonly files: number }

const mapHead = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+\s*(.*)$/
/** V8 takes its pages one by one, and the allocator's further heaps and the stacks are larger. */
const v8PageBytesMax = 512 * kibibytes

const partOf = ([, from = '', to = '', name = '']: RegExpExecArray): 'v8' | 'allocator' | 'files' => {
  if (name === '[heap]') return 'allocator'
  if (name !== '') return 'files'
  return Number.parseInt(to, 16) - Number.parseInt(from, 16) <= v8PageBytesMax ? 'v8' : 'allocator'
}

/** In MiB. */
const partsOf = (pid: number): Parts => {
  const sums = { v8: 0, allocator: 0, files: 0 }
  let part: keyof typeof sums = 'files'
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'latin1').split('\n')) {
    const head = mapHead.exec(line)
    if (head !== null) part = partOf(head)
    else if (line.startsWith('Pss:')) sums[part] += Number(/\d+/.exec(line)?.[0]) / kibibytes
  }
  return { all: sums.v8 + sums.allocator + sums.files, ...sums }
}

const text = ({ all, v8, allocator, files }: Parts): string =>
  `${all.toFixed(0)} MiB (V8 ${v8.toFixed(0)}, allocator ${allocator.toFixed(0)}, files ${files.toFixed(0)})`

/** One turn: the most that the process held, what it held at the end, and microseconds of processor time an event. */
const turnOf = async ({ running, target }: Contender): Promise<string> => {
  const [pid = 0] = running.pids
  const request = requestTo(running, { model, isStream: true, bodyBytes })
  let most = partsOf(pid)
  const looking = setInterval(() => {
    const now = partsOf(pid)
    if (now.all > most.all) most = now
  }, lookEveryMs)
  let events = 0
  const before = processorMs(running.pids)
  const each = ({ eventsMs }: { readonly eventsMs: readonly number[] }): void => {
    events += eventsMs.length
  }
  const turn = await closedLoop({ target, request, connections: Number(values.streams), durationMs: turnMs, each })
  clearInterval(looking)
  const end = partsOf(pid)
  await wait(afterMs)
  const eventUs = ((processorMs(running.pids) - before) * 1000) / events
  return `most ${text(most)}, at the end ${end.all.toFixed(0)} MiB; ${eventUs.toFixed(0)} us an event, ${turn.failures} failed`
}

const measure = async (gateway: Gateway): Promise<void> => {
  await (await startBench([gateway], [model, warmingModel])).close()
  const bench = await startBench([gateway], [model, warmingModel])
  try {
    for (const { why } of bench.missing) console.log(`${gateway.name} is not here: ${why}`)
    for (const one of bench.contenders) {
      await wait(Number(values.idle) * 1000)
      console.log(`${gateway.name}: idle ${text(partsOf(one.running.pids[0] ?? 0))}`)
      const request = requestTo(one.running, { model: warmingModel, isStream: true, bodyBytes })
      await closedLoop({ target: one.target, request, connections: warmStreams, durationMs: warmMs })
      for (let turn = 0; turn < Number(values.turns); turn += 1) console.log(`${gateway.name}: ${await turnOf(one)}`)
    }
  } finally {
    await bench.close()
  }
}

const here = resolve(import.meta.dirname, '..', '..')
await measure(bareNode)
for (const folder of [here, ...values.beside.map((each) => resolve(each))])
  await measure(checkoutWith(everything, folder))
