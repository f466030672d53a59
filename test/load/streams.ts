/**
 * Many streams at the same time through one relay: none may stall, none may lose an event, and the memory must come
 * back. `bin/drover-node test/load/streams.ts --streams 500 --events 100 [--no-usage]`; figures as JSON on stdout, exit 1 when not.
 */

import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openCall } from '../e2e/call.ts'
import type { Relay } from '../e2e/harness.ts'
import { configFor, fakeKey, startRelay, within } from '../e2e/harness.ts'
import { stream } from '../fake/answer.ts'
import type { Gate } from '../fake/gate.ts'
import { makeGate } from '../fake/gate.ts'
import { completionEvents } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'

const megabyte = 1024 * 1024
const eventEveryMs = 10
const roundTimeoutMs = 120_000
const settleTimeoutMs = 30_000
/** How much above its level after the first round the memory may stay after the last. */
const growthMax = 1.25

type Round = {
  readonly residentMib: number

  readonly durationMs: number
  readonly complete: number
  readonly lost: number
  readonly gapMsMax: number
}

function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? Number.NaN) * 1024
}

const inMegabytes = (bytes: number): number => Math.round(bytes / megabyte)

/** Reads one stream to its end; gives the longest silence in it, and what came. */
async function readOne(relay: Relay, key: string): Promise<{ text: string; gapMs: number }> {
  const body = { model: 'fake/any-model', stream: true, messages: [{ role: 'user', content: 'go' }] }
  const open = await openCall(relay.url, { key, body })
  const chunks: Buffer[] = []
  let gapMs = 0
  let last = 0
  for (let piece = await open.next(); piece !== null; piece = await open.next()) {
    const now = performance.now()
    if (last > 0) gapMs = Math.max(gapMs, now - last)
    last = now
    chunks.push(piece)
  }
  return { text: Buffer.concat(chunks).toString(), gapMs }
}

/** The script of a round: nobody gets an event before all have arrived. */
function together(upstream: FakeUpstream, events: readonly string[], streams: number): Gate {
  const all = makeGate()
  let arrived = 0
  upstream.forget()
  upstream.answer(async (exchange) => {
    arrived += 1
    if (arrived === streams) all.open()
    const before = async (index: number): Promise<void> => {
      if (index === 0) await all.passed
      await wait(eventEveryMs)
    }
    await stream(events, { before })(exchange)
  })
  return all
}

async function runRound(
  { upstream, relay, key }: { upstream: FakeUpstream; relay: Relay; key: string },
  { streams, events, reported }: { streams: number; events: number; reported: boolean },
): Promise<Round> {
  const words = Array.from({ length: events - 3 }, (_, index) => `word-${index} `)
  const sent = completionEvents(words)
  // The relay asks for usage, which the callers did not; a provider that gives none has it estimated.
  together(upstream, reported ? completionEvents(words, { usage: true }) : sent, streams)
  const started = performance.now()
  const reading = Promise.allSettled(Array.from({ length: streams }, () => readOne(relay, key)))
  const results = await within(reading, roundTimeoutMs, () => 'streams are stalled')
  const whole = sent.join('')
  const ended = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const complete = ended.filter(({ text }) => text === whole).length
  return {
    residentMib: inMegabytes(residentBytes(relay.pid)),
    durationMs: Math.round(performance.now() - started),
    complete,
    lost: streams - complete,
    gapMsMax: Math.round(Math.max(0, ...ended.map(({ gapMs }) => gapMs))),
  }
}

/** Waits, within a bound, until the memory is no more than this. */
async function settled(pid: number, bytesMax: number): Promise<number> {
  const deadline = performance.now() + settleTimeoutMs
  let now = residentBytes(pid)
  while (now > bytesMax && performance.now() < deadline) {
    await wait(500)
    now = residentBytes(pid)
  }
  return now
}

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '500' },
    events: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    'no-usage': { type: 'boolean', default: false },
  },
})
const size = { streams: Number(values.streams), events: Number(values.events), reported: !values['no-usage'] }

await using upstream = await startUpstream()
await using relay = await startRelay({ config: configFor(upstream), env: { FAKE_KEY: fakeKey } })
const { key } = await relay.createKey()
const idleBytes = residentBytes(relay.pid)
const rounds: Round[] = [await runRound({ upstream, relay, key }, size)]
await wait(2_000)
const levelBytes = residentBytes(relay.pid)
let peakBytes = levelBytes
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, residentBytes(relay.pid))
}, 50)
for (let round = 1; round < Number(values.rounds); round += 1)
  rounds.push(await runRound({ upstream, relay, key }, size))
clearInterval(watch)
const afterBytes = await settled(relay.pid, levelBytes * growthMax)
const lost = rounds.reduce((sum, round) => sum + round.lost, 0)
const back = afterBytes <= levelBytes * growthMax
console.log(
  JSON.stringify({
    ...size,
    rounds,
    lost,
    memory_mib: {
      idle: inMegabytes(idleBytes),
      after_first_round: inMegabytes(levelBytes),
      peak: inMegabytes(peakBytes),
      after_last_round: inMegabytes(afterBytes),
    },
    memory_is_back: back,
  }),
)
await relay.stop()
process.exitCode = lost === 0 && back ? 0 : 1
