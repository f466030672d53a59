/** Every format in front with every format behind: what an event costs the relay when it is translated, beside one that passes as it came. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { bareNode } from '../gateway/bare-node.ts'
import { everything, openRelay } from '../gateway/drover.ts'
import type { Running } from '../gateway/gateway.ts'
import type { Target } from '../load/closed-loop.ts'
import { closedLoop } from '../load/closed-loop.ts'
import type { Figure } from '../load/figure.ts'
import { figureOf, quantile } from '../load/figure.ts'
import { processorMs } from '../load/processor.ts'
import { startProgram } from '../load/program.ts'
import { samples } from '../translate/sample.ts'
import type { Effort } from './effort.ts'
import { atRate, highestRate } from './rates.ts'

const formats = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const
type Format = (typeof formats)[number]

const [paceMs, streams, afterMs] = [5, 32, 400]
/** Each crossing has functions of its own: until V8 has compiled them, an event costs twice as much. */
const warmMsMin = 6_000
/** Each takes a second: so many are open at once. */
const streamsPerSecond = 20
const fakeCredential = 'sk-the-operators-own-credential'

export type CrossingRow = {
  readonly gateway: string
  readonly caller: string
  readonly provider: string
  readonly streamsDone: number
  readonly failures: number
  readonly processorUs: Figure
  /** Of the whole answer that is no stream, over one connection. */
  readonly wholeP50Ms: Figure
  readonly wholeP99Ms: Figure
}

const eventsOf = (format: Format): number => samples.find(({ protocol }) => protocol === format)?.chunks.length ?? 0

const modelOf = (format: Format): string => `behind-${format}`

const configOf = (port: number): string => {
  const at = (path: string, vendor: string, more = ''): string =>
    `{ vendor: ${vendor}, base_url: "http://127.0.0.1:${port}${path}", allow_private: true, api_key: "env:FAKE_KEY"${more} }`
  const price = 'price: { input: "1.00", output: "2.00" }'
  return `server: { drain_timeout: 5s }
secrets: { key: "env:SECRET_KEY" }
providers:
  openai-chat: ${at('/v1', 'openai-compatible')}
  openai-responses: ${at('/v1', 'openai', ', protocols: [openai-responses]')}
  anthropic-messages: ${at('/v1', 'anthropic')}
  gemini: ${at('/v1beta', 'gemini')}
models:
${formats.map((format) => `  ${modelOf(format)}: { targets: [{ provider: ${format}, model: a-model }], ${price} }`).join('\n')}
`
}

const text = 'What is the tide at Brest? '.repeat(36)

/** The bytes of one call in a format: path and body differ, the question does not. */
const requestOf = (
  format: Format,
  model: string,
  { running, isStream }: { running: Running; isStream: boolean },
): Buffer => {
  const messages = [{ role: 'user', content: text }]
  const bodies = {
    'openai-chat': { model, messages, stream: isStream, max_tokens: 1000 },
    'openai-responses': { model, input: text, stream: isStream, max_output_tokens: 1000, store: false },
    'anthropic-messages': { model, messages, stream: isStream, max_tokens: 1000 },
    gemini: { contents: [{ role: 'user', parts: [{ text }] }], generationConfig: { maxOutputTokens: 1000 } },
  } as const
  const paths = {
    'openai-chat': '/v1/chat/completions',
    'openai-responses': '/v1/responses',
    'anthropic-messages': '/v1/messages',
    gemini: `/v1beta/models/${model}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  } as const
  const secret = running.headers['authorization']?.slice('Bearer '.length) ?? fakeCredential
  const body = Buffer.from(JSON.stringify(bodies[format]))
  const credential =
    format === 'anthropic-messages'
      ? `x-api-key: ${secret}\r\nanthropic-version: 2023-06-01`
      : format === 'gemini'
        ? `x-goog-api-key: ${secret}`
        : `authorization: Bearer ${secret}`
  const head = `POST ${paths[format]} HTTP/1.1\r\nhost: 127.0.0.1:${running.port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${credential}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

type Work = {
  readonly gateway: string
  readonly running: Running
  readonly target: Target
  readonly caller: Format
  readonly provider: Format
}
type Sample = {
  readonly done: number
  readonly failures: number
  readonly processorUs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** A proxy that knows no models passes the provider's own format on. */
const requestFor = ({ running, caller, provider, gateway }: Work, isStream: boolean): Buffer =>
  requestOf(caller, gateway === 'bare node' ? 'a-model' : modelOf(provider), { running, isStream })

const measured = async (work: Work, turnMs: number): Promise<Sample> => {
  const { running, target, provider } = work
  const request = requestFor(work, true)
  const before = processorMs(running.pids)
  const turn = await closedLoop({ target, request, connections: streams, durationMs: turnMs })
  await wait(afterMs)
  const usedMs = processorMs(running.pids) - before
  const whole = await closedLoop({
    target,
    request: requestFor(work, false),
    connections: 1,
    durationMs: turnMs / 2,
  })
  return {
    done: turn.calls,
    failures: turn.failures + whole.failures,
    processorUs: (usedMs * 1000) / (turn.calls * eventsOf(provider)),
    p50Ms: quantile(whole.latenciesMs, 0.5),
    p99Ms: quantile(whole.latenciesMs, 0.99),
  }
}

/** What a crossing adds when calls come at half of the highest rate that it holds, and to the first byte of streams that come at a low one. */
export type CrossingRate = {
  readonly gateway: string
  readonly caller: string
  readonly provider: string
  readonly highestPerSecond: number
  readonly halfP50Ms: number
  readonly halfP99Ms: number
  readonly firstByteP50Ms: number
  readonly firstByteP99Ms: number
  readonly failures: number
}

/** The highest rate of whole answers at which p99 is 10 ms above that of bare Node at the rate of the streams; then half of it; then streams. */
const ratesOfCrossing = async (work: Work, floorP99Ms: number, effort: Effort): Promise<CrossingRate> => {
  const { gateway, caller, provider, target } = work
  const asking = { target, request: requestFor(work, false) }
  const highestPerSecond = await highestRate(asking, floorP99Ms, effort.turnMs)
  const half = await atRate(asking, Math.max(1, Math.floor(highestPerSecond / 2)), effort.turnMs * effort.rounds)
  const streamed = { target, request: requestFor(work, true) }
  const streams = await atRate(streamed, streamsPerSecond, effort.turnMs * effort.rounds)
  return {
    gateway,
    caller,
    provider,
    highestPerSecond,
    halfP50Ms: half.p50Ms,
    halfP99Ms: half.p99Ms,
    firstByteP50Ms: quantile(streams.firstBytesMs, 0.5),
    firstByteP99Ms: quantile(streams.firstBytesMs, 0.99),
    failures: half.failures + streams.failures,
  }
}

/** Also the parity of the relay's books. */
export type Crossings = {
  readonly rates: readonly CrossingRate[]
  readonly rows: readonly CrossingRow[]
  readonly answered: number
  readonly booked: number
}

export async function measureCrossings(effort: Effort): Promise<Crossings> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-bench-'))
  const script = join(import.meta.dirname, '..', 'load', 'crossing-upstream-process.ts')
  const upstream = startProgram(process.execPath, [script, String(paceMs)])
  const upstreamPort = Number(await upstream.firstLine())
  const relay = await openRelay(everything, { config: configOf(upstreamPort), folder: join(folder, 'relay') })
  const bare = await bareNode.start({ upstreamPort, folder, models: [] })
  const [relayTarget, bareTarget] = [relay, bare].map(({ port }) => ({ port, answered: 0 })) as [Target, Target]
  const works: Work[] = formats.flatMap((provider) => [
    { gateway: 'bare node', running: bare, target: bareTarget, caller: provider, provider },
    ...formats.map((caller) => ({ gateway: 'drover', running: relay, target: relayTarget, caller, provider })),
  ])
  try {
    const found = works.map((work) => ({ work, samples: [] as Sample[] }))
    for (let round = -1; round < effort.rounds; round += 1)
      for (const { work, samples: its } of found) {
        effort.say(`${work.caller} before ${work.provider}, round ${round + 1} of ${effort.rounds}: ${work.gateway}`)
        const sample = await measured(work, round < 0 ? Math.max(effort.warmMs, warmMsMin) : effort.turnMs)
        if (round >= 0) its.push(sample)
      }
    const rows = found.map(({ work, samples: its }) => ({
      gateway: work.gateway,
      caller: work.caller,
      provider: work.provider,
      streamsDone: its.reduce((sum, { done }) => sum + done, 0),
      failures: its.reduce((sum, { failures }) => sum + failures, 0),
      processorUs: figureOf(its.map(({ processorUs }) => processorUs)),
      wholeP50Ms: figureOf(its.map(({ p50Ms }) => p50Ms)),
      wholeP99Ms: figureOf(its.map(({ p99Ms }) => p99Ms)),
    }))
    const [bareWork] = works
    if (bareWork === undefined) throw new Error('nothing is measured')
    const floor = await atRate(
      { target: bareTarget, request: requestFor(bareWork, false) },
      streamsPerSecond,
      effort.turnMs,
    )
    const rates: CrossingRate[] = []
    for (const work of works.filter((one) => one === bareWork || one.gateway !== bareWork.gateway)) {
      effort.say(`${work.caller} before ${work.provider} at a fixed rate: ${work.gateway}`)
      rates.push(await ratesOfCrossing(work, floor.p99Ms, effort))
    }
    return { rows, rates, answered: relayTarget.answered, booked: (await relay.booked?.()) ?? 0 }
  } finally {
    await relay.end()
    await bare.end()
    await upstream.end()
    await rm(folder, { recursive: true, force: true })
  }
}
