/**
 * Hand-written answers of providers, and what they mean. A fixture is a JSON file, so that every line end and blank of its body
 * is visible; `NAME.golden.json` beside it holds what reading it gives.
 */

import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import type { Call } from '#protocol/call.ts'
import { protocols, upstreamProtocols } from '#protocol/index.ts'
import type { Part } from '#protocol/part.ts'
import type { Frame, Protocol, UpstreamProtocol, UpstreamProtocolName } from '#protocol/protocol.ts'
import type { StreamedMessage } from '../fake/event-stream.ts'
import { encodeMessage } from '../fake/event-stream.ts'

export type Fixture = {
  readonly name: string
  readonly file: string
  readonly about: string
  readonly protocol: UpstreamProtocol
  readonly call: Call
  readonly contentType: string
  readonly bytes: Buffer
}

/** What reading an answer gives, in JSON. */
export type Reading = {
  readonly form: string
  readonly complete: boolean
  /** The role of each frame, in order. */
  readonly roles: string
  /** Whether the joined frames are the input; only the torn or broken rest of a cut answer is not given. */
  readonly equal: boolean
  readonly parts: readonly unknown[]
  readonly failure: { readonly code: string; readonly fault: unknown } | null
}

type FixtureFile = {
  readonly about: string
  readonly protocol: UpstreamProtocolName
  /** Where the request goes, for formats that say something in the path. */
  readonly path?: string
  readonly query?: string
  readonly request: Record<string, unknown>
  readonly contentType: string
  readonly body?: readonly string[]
  /** In the place of a body: messages of Amazon's binary stream. */
  readonly messages?: readonly StreamedMessage[]
  /** So many bytes are missing at the end. */
  readonly missingBytes?: number
  /** The byte that was changed on the way. */
  readonly changedByte?: number
}

const bytesOf = ({ body = [], messages, missingBytes = 0, changedByte }: FixtureFile): Buffer => {
  const bytes = messages === undefined ? Buffer.from(body.join('')) : Buffer.concat(messages.map(encodeMessage))
  if (changedByte !== undefined) bytes.writeUInt8((bytes.readUInt8(changedByte) + 1) % 256, changedByte)
  return bytes.subarray(0, bytes.length - missingBytes)
}

const folder = join(import.meta.dirname, 'fixtures')

export const inboundOf = (bytes: Buffer, rest: Partial<Inbound> = {}): Inbound => ({
  id: 'call_0000000000',
  origin: '',
  method: 'POST',
  path: '/v1/x',
  query: new URLSearchParams(),
  headers: {},
  remoteAddress: '127.0.0.1',
  fromLoopback: true,
  arrivedMs: 0,
  signal: new AbortController().signal,
  body: { kind: 'bytes', bytes, contentType: 'application/json' },
  ...rest,
})

const readFixture = (file: string): Fixture => {
  const written = JSON.parse(readFileSync(join(folder, file), 'utf8')) as FixtureFile
  const { about, protocol: name, path, query = '', request, contentType } = written
  const protocol = upstreamProtocols[name]
  // What only providers speak is asked for by callers of another format.
  const asking: Protocol = name in protocols ? protocols[name as keyof typeof protocols] : protocols['openai-chat']
  return {
    name: `${name}/${basename(file, '.json')}`,
    file: join(folder, file),
    about,
    protocol,
    call: asking.server.readCall(
      inboundOf(Buffer.from(JSON.stringify(request)), {
        ...(path === undefined ? {} : { path }),
        query: new URLSearchParams(query),
      }),
    ),
    contentType,
    bytes: bytesOf(written),
  }
}

/** All fixtures, in the order of their names. */
export const readFixtures = (): readonly Fixture[] =>
  globSync('*/*.json', { cwd: folder })
    .filter((file) => !file.endsWith('.golden.json'))
    .sort()
    .map(readFixture)

export const goldenFile = ({ file }: Fixture): string => file.replace(/\.json$/, '.golden.json')

/** A part as the golden file shows it: a problem by its code, status and message. */
const shown = (part: Part): unknown => {
  if (part.type === 'error') {
    const { code, status, detail } = part.problem
    return { type: 'error', code, status, message: detail.message, retryAfterMs: detail.retryAfterMs ?? null }
  }
  if (part.type !== 'usage') return part
  // Unknown figures are left out, so that the file shows what is known.
  return { ...part, usage: Object.fromEntries(Object.entries(part.usage).filter(([, value]) => value !== null)) }
}

/** Reads the fixture in these pieces; a failure is part of the reading. */
export const readPieces = ({ protocol, call, contentType }: Fixture, pieces: readonly Buffer[]): Reading => {
  const reader = protocol.client.readReply(call, { status: 200, headers: { 'content-type': contentType } })
  const frames: Frame[] = []
  let failure: Reading['failure'] = null
  try {
    for (const piece of pieces) frames.push(...reader.read(piece))
    frames.push(...reader.end())
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    failure = { code: thrown.code, fault: thrown.detail.facts?.['fault'] ?? null }
  }
  return {
    form: reader.form,
    complete: reader.complete(),
    roles: roles(frames, reader.form),
    equal: Buffer.concat(frames.map((frame) => frame.raw)).equals(Buffer.concat(pieces)),
    parts: frames.flatMap((frame) => frame.parts.map(shown)),
    failure,
  }
}

/** How many frames binary bytes make depends on how they were cut, and says nothing. */
const roles = (frames: readonly Frame[], form: string): string =>
  form === 'binary' ? '' : frames.map((frame) => frame.role).join(' ')

/** The bytes cut at these offsets. */
export const cutAt = (bytes: Buffer, offsets: readonly number[]): readonly Buffer[] => {
  const borders = [0, ...[...offsets].sort((a, b) => a - b), bytes.length]
  return borders.slice(1).map((end, index) => bytes.subarray(borders[index] ?? 0, end))
}
