/** What hand-written requests and answers of each format become in every format there is: the matrix whose golden files are reviewed. */

import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import type { Call, Warning } from '#protocol/call.ts'
import { protocols, upstreamProtocols } from '#protocol/index.ts'
import type { Frame, Protocol, ProtocolName, UpstreamProtocol } from '#protocol/protocol.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { compatibleDialect } from '#provider/vendor-defaults.ts'
import type { Fixture } from './fixture.ts'
import { cutAt, inboundOf, readFixtures } from './fixture.ts'

/** Formats that callers speak and that are translated. */
export const inFront: readonly Protocol[] = Object.values(protocols).filter(
  ({ kind, server }) => kind === 'chat' && server.readChat !== undefined,
)
/** Formats that a call can be written in. */
export const behind: readonly UpstreamProtocol[] = Object.values(upstreamProtocols).filter(
  ({ client }) => client.writeChat !== undefined,
)

export type RequestFixture = {
  readonly name: string
  readonly file: string
  readonly about: string
  readonly protocol: Protocol
  /** As it came. */
  readonly bytes: Buffer
  readonly inbound: Inbound
  readonly call: Call
}

type RequestFile = {
  readonly about: string
  readonly body: object
  /** For formats that say something in the path. */
  readonly path?: string
  readonly query?: string
}

const folder = join(import.meta.dirname, 'requests')

const readOne = (file: string): RequestFixture => {
  const { about, body, path, query = '' } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as RequestFile
  const name = dirname(file) as ProtocolName & keyof typeof protocols
  const protocol = protocols[name]
  const bytes = Buffer.from(JSON.stringify(body))
  const inbound = inboundOf(bytes, {
    ...(path === undefined ? {} : { path }),
    query: new URLSearchParams(query),
  })
  return {
    name: `${name}/${basename(file, '.json')}`,
    file: join(folder, file),
    about,
    protocol,
    bytes,
    inbound,
    call: protocol.server.readCall(inbound),
  }
}

/** All hand-written requests, in the order of their names. */
export const readRequests = (): readonly RequestFixture[] =>
  globSync('*/*.json', { cwd: folder })
    .filter((file) => !file.endsWith('.golden.json'))
    .sort()
    .map(readOne)

const shownWarnings = (warnings: readonly Warning[]): readonly string[] =>
  warnings.map(({ field, reason }) => `${field}: ${reason}`)

/** The request as it goes to an upstream of every format; what it means in the shared words is seen by its own. */
export const crossRequest = ({ call, protocol }: RequestFixture): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    behind.map((to) => {
      const target = {
        dialect: {
          ...compatibleDialect,
          ...(to.name === 'openai-chat' ? {} : { thinking: 'budget' as const, cacheMarks: true }),
        },
        outputMax: 64_000,
      }
      const { value, warnings } = translateCall(call, { from: protocol, to, target })
      return [to.name, { warnings: shownWarnings(warnings), body: value.call.body() }]
    }),
  )

/** Fixtures of answers whose crossings are kept: every shape once, not every way of framing it. */
const crossing = new Set([
  'annotations',
  'audio',
  'cut',
  'error-event',
  'error-under-200',
  'finish-words',
  'function-call',
  'images-out',
  'reasoning-content',
  'reasoning-encrypted',
  'refusal',
  'tool-custom',
  'tool-id-repeated',
  'tools-in-parallel',
  'usage-growing',
  'whole',
  'whole-citations',
  'whole-reasoning-details',
  'whole-thought-signature',
  'whole-tools',
])

/** Answers of chats whose crossings are kept: of OpenAI's format some, of the others all. */
export const crossedReplies = (): readonly Fixture[] =>
  readFixtures().filter(
    ({ name, protocol }) =>
      protocol.client.writeChat !== undefined &&
      (protocol.name !== 'openai-chat' || crossing.has(name.slice(name.indexOf('/') + 1))),
  )

export type Crossed = {
  readonly complete: boolean
  /** The bytes that the caller gets: a document, or the events of a stream. */
  readonly written: unknown
  readonly warnings: readonly string[]
  readonly failure: string | null
}

/** A call of a caller of this format, who asks for everything there is. */
export const callerOf = (to: Protocol, stream: boolean): Call => {
  const asked = {
    model: 'test-model',
    max_tokens: 1000,
    messages: [{ role: 'user', content: 'Hello' }],
    contents: [],
    input: [],
  }
  const body = { ...asked, stream, stream_options: { include_usage: true } }
  const path = `/v1beta/models/test-model:${stream ? 'streamGenerateContent' : 'generateContent'}`
  const inbound = inboundOf(Buffer.from(JSON.stringify(body)), { query: new URLSearchParams('alt=sse') })
  return to.server.readCall(to.name === 'gemini' ? { ...inbound, path } : inbound)
}

/** An answer as a caller of another format gets it, from these pieces of its bytes. */
export const crossReply = (
  fixture: Fixture,
  to: Protocol,
  { stream, cuts = [] }: { readonly stream: boolean; readonly cuts?: readonly number[] },
): Crossed => {
  const { protocol, call, contentType, bytes } = fixture
  const caller = callerOf(to, stream)
  const writer = to.server.writeReply({ call: caller, asked: { id: 'call_1', origin: '' }, nowMs: 1_790_000_000_000 })
  const inner = protocol.client.readReply(
    call,
    { status: 200, headers: { 'content-type': contentType } },
    { whole: true },
  )
  const reader = translatedReader(inner, writer, { stream, own: protocol === to })
  const frames: Frame[] = []
  let failure: string | null = null
  try {
    for (const piece of cutAt(bytes, cuts)) frames.push(...reader.read(piece))
    frames.push(...reader.end())
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    failure = thrown.code
  }
  const text = Buffer.concat(frames.map((frame) => frame.raw)).toString('utf8')
  return {
    complete: reader.complete(),
    written: text === '' ? null : stream ? text.split(/(?<=\n\n)/) : JSON.parse(text),
    warnings: shownWarnings(writer.warnings?.() ?? []),
    failure,
  }
}

/** An answer in every format that callers speak, streaming and whole. */
export const crossings = (fixture: Fixture): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    inFront.flatMap((to) => [
      [`${to.name} streaming`, crossReply(fixture, to, { stream: true })],
      [`${to.name} whole`, crossReply(fixture, to, { stream: false })],
    ]),
  )

export const crossingFile = ({ file }: { readonly file: string }): string =>
  file.includes('/requests/')
    ? file.replace(/\.json$/, '.golden.json')
    : file.replace(/\.json$/, '.crossing.golden.json')
