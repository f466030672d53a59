/**
 * A provider that fails in one chosen way: every fault that providers are known to have, decided by a seed, so that the same
 * seed fails at the same byte.
 */

import { Buffer } from 'node:buffer'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Bytes } from './answer.ts'
import { cutAfter, neverAnswer, page, resetAtOnce, silentAfterHeaders, stallAfter, stream, whole } from './answer.ts'
import type { Script } from './upstream.ts'
import type { Voice } from './voice.ts'

export type FaultPlan = {
  readonly voice: Voice
  readonly chance: () => number
  /** How slow the slow ones become. */
  readonly slowMs: number
}

/** One way to fail, and whether a streaming caller or one who wants a whole answer can meet it. */
export type Fault = {
  readonly title: string
  /** `null` = nobody listens at its address. */
  readonly script: ((plan: FaultPlan) => Script) | null
  /** Whether it comes after the first part, so that nobody else may be asked. */
  readonly isLate?: boolean
  readonly only?: 'stream' | 'whole'
}

const words = ['One ', 'word ', 'after ', 'the ', 'other.']

const headOf = ({ streamType }: Voice) => ({ headers: { 'content-type': streamType } })

const either =
  (voice: Voice, forStream: Script, forWhole: Script): Script =>
  (exchange) =>
    voice.wantsStream(exchange.seen) ? forStream(exchange) : forWhole(exchange)

/** What a sound provider says. */
export const sound = (voice: Voice, text: readonly string[] = words): Script =>
  either(voice, stream(voice.events(text), headOf(voice)), whole(voice.whole(text.join(''))))

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}) =>
  ({ voice }: FaultPlan): Script =>
    whole(voice.error(`The fake answers ${code}.`), { status: code, headers })

/** The body at this pace: one byte, a pause, the next. Ends when the other side goes. */
const paced =
  (bytes: Buffer, pauseMs: number, head: string): Script =>
  async ({ response, seen }) => {
    response.writeHead(200, { 'content-type': head })
    for (const piece of bytes) {
      if (seen.hasLeft()) return
      response.write(Buffer.of(piece))
      await Promise.race([wait(pauseMs), seen.closed])
    }
    response.end()
  }

const byteAfterByte = ({ voice }: FaultPlan): Script => {
  const events = Buffer.concat(voice.events(words).map((event) => Buffer.from(event)))
  return either(
    voice,
    paced(events, 1_000, voice.streamType),
    paced(Buffer.from(JSON.stringify(voice.whole(words.join('')))), 1_000, 'application/json'),
  )
}

/** Words for ever, one after the other, and never an end. */
const neverEnding = ({ voice }: FaultPlan): Script => {
  const events = voice.events(words)
  const opening = events.slice(0, voice.firstWord)
  const word = events[voice.firstWord] ?? ''
  const endless =
    (first: readonly Bytes[], piece: Bytes, head: string): Script =>
    async ({ response, seen }) => {
      response.writeHead(200, { 'content-type': head })
      for (const one of first) response.write(one)
      while (!seen.hasLeft() && !response.destroyed) {
        response.write(piece)
        await Promise.race([wait(20), seen.closed])
      }
    }
  return either(voice, endless(opening, word, voice.streamType), endless([], ' ', 'application/json'))
}

/** Events up to a place that the seed decides, before or after the first part; then the connection breaks. */
const cutAtSeed =
  (place: 'before' | 'after') =>
  ({ voice, chance }: FaultPlan): Script => {
    const events = voice.events(words)
    const { firstPart, firstWord } = voice
    const from = place === 'before' ? 0 : firstWord + 1
    const span = place === 'before' ? firstPart + 1 : words.length - 1
    const document = JSON.stringify(voice.whole(words.join('')))
    const at = Math.floor(chance() * span)
    return either(
      voice,
      cutAfter(events.slice(0, from + at), headOf(voice)),
      cutAfter([document.slice(0, 1 + Math.floor(chance() * (document.length - 2)))], {
        headers: { 'content-type': 'application/json' },
      }),
    )
  }

/** A stream that breaks off before this event. */
export const cutAtEventOf = (voice: Voice, index: number): Script =>
  either(voice, cutAfter(voice.events(words).slice(0, index), headOf(voice)), cutAfter([]))

/** How many events a sound stream has. */
export const eventCountOf = (voice: Voice): number => voice.events(words).length

/** Sound, and slower from one call to the next. */
const slowing =
  (delayFor: (call: number, slowMs: number) => number) =>
  ({ voice, slowMs }: FaultPlan): Script => {
    let calls = 0
    return async (exchange) => {
      calls += 1
      await Promise.race([wait(delayFor(calls, slowMs)), exchange.seen.closed])
      if (!exchange.seen.hasLeft()) await sound(voice)(exchange)
    }
  }

/** The call from which the slow step is slow, and the calls over which the ramp rises. */
export const slowFromCall = 3
const rampCalls = 5

const stallInStream = ({ voice }: FaultPlan): Script =>
  stallAfter(voice.events(words).slice(0, voice.firstWord + 2), headOf(voice))

/** Every fault by its name. */
export const faults = {
  refuse: { title: 'refuses the connection', script: null },
  reset: { title: 'resets the connection', script: () => resetAtOnce },
  'silent-before-headers': { title: 'takes the request and never answers', script: () => neverAnswer },
  'silent-after-headers': {
    title: 'is silent after its headers',
    script: ({ voice }) => either(voice, silentAfterHeaders(voice.streamType), silentAfterHeaders('application/json')),
  },
  'byte-a-second': { title: 'sends one byte a second', script: byteAfterByte },
  storm: { title: 'answers 500 to everything', script: status(500) },
  overloaded: { title: 'answers 503', script: status(503) },
  limited: { title: 'answers 429 with Retry-After: 30', script: status(429, { 'retry-after': '30' }) },
  'limited-untold': { title: 'answers 429 and does not say for how long', script: status(429) },
  refused: { title: 'refuses the key with 401', script: status(401) },
  page: { title: 'answers an HTML page under 200', script: () => page(200) },
  'error-under-200': {
    title: 'answers an error under 200',
    script: ({ voice }) => whole(voice.error('The fake failed, under 200.')),
  },
  'cut-before': { title: 'breaks off before its first part', script: cutAtSeed('before') },
  'cut-after': { title: 'breaks off after its first part', script: cutAtSeed('after'), isLate: true, only: 'stream' },
  stall: { title: 'stalls after its first part', script: stallInStream, isLate: true, only: 'stream' },
  'never-ending': { title: 'never ends', script: neverEnding, isLate: true },
  'slow-step': {
    title: 'is slow from one call on',
    script: slowing((call, slowMs) => (call >= slowFromCall ? slowMs : 0)),
  },
  'slow-ramp': {
    title: 'grows slower with every call',
    script: slowing((call, slowMs) => (slowMs * Math.min(call, rampCalls)) / rampCalls),
  },
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof faults

export const faultNames = Object.keys(faults) as readonly FaultName[]

export const faultOf = (name: FaultName): Fault => faults[name]

/** An address at which nobody listens: it was free a moment ago. */
export const closedPort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
