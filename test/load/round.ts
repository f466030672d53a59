/** One round of streams at the same time through a relay: what was complete, and how long the longest silence was. */

import { setTimeout as wait } from 'node:timers/promises'
import { openCall } from '../e2e/call.ts'
import { within } from '../e2e/harness.ts'
import { stream } from '../fake/answer.ts'
import { makeGate } from '../fake/gate.ts'
import { completionEvents } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'

export type Size = {
  readonly streams: number
  /** Events of each stream, the first and the last ones included. */
  readonly events: number
  /** Whether the provider reports usage; else the relay has to estimate it. */
  readonly reported: boolean
}

export type Round = {
  readonly durationMs: number
  readonly complete: number
  readonly lost: number
  readonly gapMsMax: number
}

export type Place = { readonly url: string; readonly key: string; readonly upstream: FakeUpstream }

const eventEveryMs = 10
const roundTimeoutMs = 120_000

/** Reads one stream to its end; gives what came, and the longest silence in it. */
async function readOne({ url, key }: Place): Promise<{ text: string; gapMs: number }> {
  const body = { model: 'fake/any-model', stream: true, messages: [{ role: 'user', content: 'go' }] }
  const open = await openCall(url, { key, body })
  const chunks: Buffer[] = []
  let gapMs = 0
  let lastMs: number | null = null
  for (let piece = await open.next(); piece !== null; piece = await open.next()) {
    const nowMs = performance.now()
    if (lastMs !== null) gapMs = Math.max(gapMs, nowMs - lastMs)
    lastMs = nowMs
    chunks.push(piece)
  }
  return { text: Buffer.concat(chunks).toString(), gapMs }
}

/** Has the provider answer with these events, paced, and nobody before all have arrived. */
function answerTogether(upstream: FakeUpstream, events: readonly string[], streams: number): void {
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
}

/** Runs one round to its end. Rejects when a stream stalls for two minutes. */
export async function runRound(place: Place, { streams, events, reported }: Size): Promise<Round> {
  const words = Array.from({ length: events - 3 }, (_, index) => `word-${index} `)
  // The relay asks for usage, which these callers did not: they get the stream without its event.
  answerTogether(place.upstream, completionEvents(words, { usage: reported }), streams)
  const whole = completionEvents(words).join('')
  const startedMs = performance.now()
  const reading = Promise.allSettled(Array.from({ length: streams }, () => readOne(place)))
  const results = await within(reading, roundTimeoutMs, () => 'streams are stalled')
  const ended = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const complete = ended.filter(({ text }) => text === whole).length
  return {
    durationMs: Math.round(performance.now() - startedMs),
    complete,
    lost: streams - complete,
    gapMsMax: Math.round(Math.max(0, ...ended.map(({ gapMs }) => gapMs))),
  }
}
