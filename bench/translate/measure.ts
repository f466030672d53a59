/**
 * What it costs to carry an answer from an upstream's format into the caller's: in this process, from the upstream's bytes to the
 * caller's, without a socket. CPU of the whole process, so that what the collector of garbage does is counted.
 */

import { cpus } from 'node:os'
import type { Call } from '#protocol/call.ts'
import { protocols, upstreamProtocols } from '#protocol/index.ts'
import type { Protocol, ProtocolName, ReplyReader } from '#protocol/protocol.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { inboundOf } from '../../test/wire/fixture.ts'
import type { Sample } from './sample.ts'
import { samples } from './sample.ts'

export type Figure = { readonly median: number; readonly min: number; readonly max: number }

export type Row = {
  readonly from: string
  readonly to: string
  /** Microseconds of CPU for each piece of text in a stream. */
  readonly eventUs: Figure
  /** Microseconds of CPU for one whole document. */
  readonly documentUs: Figure
  /** Against the upstream's own format passing to a caller who speaks it; where none does, against reading it. */
  readonly eventRatio: number
  readonly documentRatio: number
}

export type Result = {
  readonly node: string
  readonly cpu: string
  readonly rounds: number
  readonly pieces: number
  readonly rows: readonly Row[]
}

/** `null` = no caller: of formats that none speaks it is measured what reading them alone costs. */
type Pair = { readonly from: Sample; readonly to: Protocol | null }
type Kind = 'event' | 'document'

/** As often within one measurement: long enough for the clock, short enough that rounds interleave. */
const streamsEach = 20
const documentsEach = 200

const callOf = (to: Protocol, stream: boolean): Call => {
  const body = { model: 'm', max_tokens: 1000, messages: [{ role: 'user', content: 'Hello' }], contents: [], input: [] }
  const bytes = Buffer.from(JSON.stringify({ ...body, stream, stream_options: { include_usage: true } }))
  const path = `/v1beta/models/m:${stream ? 'streamGenerateContent' : 'generateContent'}`
  const inbound = inboundOf(bytes, { query: new URLSearchParams('alt=sse') })
  return to.server.readCall(to.name === 'gemini' ? { ...inbound, path } : inbound)
}

const isSpoken = (name: string): name is ProtocolName => name in protocols

const readerOf = ({ from, to }: Pair, stream: boolean): ReplyReader => {
  const source = upstreamProtocols[from.protocol]
  const own = isSpoken(from.protocol) ? protocols[from.protocol] : protocols['openai-chat']
  const call = callOf(own, stream)
  const headers = { 'content-type': stream ? from.contentType : 'application/json' }
  const head = { status: 200, headers }
  if (to === null || source === to) return source.client.readReply(call, head)
  const writer = to.server.writeReply({ call: callOf(to, stream), asked: { id: 'call_1', origin: '' }, nowMs: 0 })
  return translatedReader(source.client.readReply(call, head, { whole: true }), writer, { stream })
}

const nameOf = ({ from, to }: Pair): string => `${from.protocol}:${to?.name ?? from.protocol}`

/** Carries one answer over and gives how many bytes the caller got. */
const carry = (pair: Pair, chunks: readonly Buffer[], stream: boolean): number => {
  const reader = readerOf(pair, stream)
  let sizeBytes = 0
  for (const chunk of chunks) for (const { raw } of reader.read(chunk)) sizeBytes += raw.length
  for (const { raw } of reader.end()) sizeBytes += raw.length
  if (!reader.complete()) throw new Error(`${nameOf(pair)} is not complete`)
  return sizeBytes
}

/** Microseconds of CPU for one piece, or for one document. */
const measureOnce = (pair: Pair, kind: Kind): number => {
  const { chunks, document, pieces } = pair.from
  const [times, units] = kind === 'event' ? [streamsEach, streamsEach * pieces] : [documentsEach, documentsEach]
  const before = process.cpuUsage()
  for (let time = 0; time < times; time += 1)
    if (kind === 'event') carry(pair, chunks, true)
    else carry(pair, [document], false)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / units
}

const figureOf = (values: readonly number[]): Figure => {
  const sorted = values.toSorted((one, other) => one - other)
  const rounded = (value: number | undefined): number => Math.round((value ?? 0) * 100) / 100
  return {
    median: rounded(sorted[Math.floor(sorted.length / 2)]),
    min: rounded(sorted[0]),
    max: rounded(sorted.at(-1)),
  }
}

const keyOf = (pair: Pair, kind: Kind): string => `${nameOf(pair)} ${kind}`

export type Order = {
  readonly rounds: number
  /** `FROM:TO`, to look at one alone; `null` = all. */
  readonly only: string | null
}

/** Rounds over all pairs in turn, so that what disturbs the machine disturbs all alike; the first round only warms up. */
export const measureTranslation = ({ rounds, only }: Order): Result => {
  const callers = samples.flatMap(({ protocol }) => (isSpoken(protocol) ? [protocols[protocol]] : []))
  const isBase = ({ from, to }: Pair): boolean => to === null || to.name === from.protocol
  const pairs = samples
    .flatMap((from) => [
      ...(isSpoken(from.protocol) ? [] : [{ from, to: null }]),
      ...callers.map((to): Pair => ({ from, to })),
    ])
    .filter((pair) => only === null || only === nameOf(pair) || isBase(pair))
  const measured = new Map<string, number[]>()
  for (let round = 0; round <= rounds; round += 1)
    for (const pair of pairs)
      for (const kind of ['event', 'document'] as const) {
        const value = measureOnce(pair, kind)
        if (round > 0) measured.set(keyOf(pair, kind), [...(measured.get(keyOf(pair, kind)) ?? []), value])
      }
  const figure = (pair: Pair, kind: Kind): Figure => figureOf(measured.get(keyOf(pair, kind)) ?? [])
  const ratio = (pair: Pair, kind: Kind): number => {
    const base = pairs.find((one) => one.from === pair.from && isBase(one))
    const same = base === undefined ? 0 : figure(base, kind).median
    return same === 0 ? 0 : Math.round((figure(pair, kind).median / same) * 100) / 100
  }
  return {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    rounds,
    pieces: samples[0]?.pieces ?? 0,
    rows: pairs.map((pair) => ({
      from: pair.from.protocol,
      to: pair.to?.name ?? pair.from.protocol,
      eventUs: figure(pair, 'event'),
      documentUs: figure(pair, 'document'),
      eventRatio: ratio(pair, 'event'),
      documentRatio: ratio(pair, 'document'),
    })),
  }
}
