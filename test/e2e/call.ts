/** A plain HTTP client for the tests: nothing is decoded, retried or followed, so that every byte can be looked at. */

import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'

export type Ask = {
  readonly method?: string
  /** From the root; the default is chat completions. */
  readonly path?: string
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Text and bytes go as they are; anything else as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export type Answer = {
  readonly status: number
  /** Repeated headers are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
  readonly text: string
  /** A member by path, `choices.0.message.content`; `undefined` where there is none. */
  readonly at: (path: string) => unknown
}

export type OpenAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The next bytes; `null` at a clean end; rejects when the connection was cut. */
  readonly next: () => Promise<Buffer | null>
  /** Everything until the clean end. */
  readonly rest: () => Promise<Buffer>
  /** Reads until what has come contains this text; gives all that was read by then. */
  readonly until: (text: string) => Promise<string>
  /** Goes away without reading on. */
  readonly leave: () => void
}

const bytesMax = 512 * 1024 * 1024

function bodyOf(body: unknown): Buffer | null {
  if (body === undefined) return null
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return Buffer.from(body)
  return Buffer.from(JSON.stringify(body))
}

function headersOf(ask: Ask, body: Buffer | null): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {}
  if (ask.key !== undefined && ask.key !== null) headers['authorization'] = `Bearer ${ask.key}`
  if (body !== null) {
    headers['content-type'] = 'application/json'
    headers['content-length'] = `${body.length}`
  }
  return { ...headers, ...ask.headers }
}

const flat = (incoming: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(', ')]))

/** Sends a request and gives the answer as soon as its head is there. */
export async function openCall(url: string, ask: Ask = {}): Promise<OpenAnswer> {
  const body = bodyOf(ask.body)
  // One connection a call: what one test leaves open is nothing to the next.
  const agent = new Agent({ keepAlive: false })
  const asking = request(new URL(ask.path ?? '/v1/chat/completions', url), {
    method: ask.method ?? (body === null ? 'GET' : 'POST'),
    headers: headersOf(ask, body) as Record<string, string>,
    agent,
    ...(ask.signal === undefined ? {} : { signal: ask.signal }),
  })
  asking.end(body ?? undefined)
  const [incoming] = (await once(asking, 'response')) as [IncomingMessage]
  // An error after the last read has no reader; reads reject by themselves.
  incoming.on('error', () => incoming.destroy())
  const pieces = incoming[Symbol.asyncIterator]()
  const next = async (): Promise<Buffer | null> => {
    const piece = await pieces.next()
    if (piece.done !== true) return piece.value
    assert.ok(incoming.complete, 'the body ended before its framing did')
    return null
  }
  const rest = async (): Promise<Buffer> => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    for (let piece = await next(); piece !== null; piece = await next()) {
      sizeBytes += piece.length
      assert.ok(sizeBytes <= bytesMax, 'the answer is larger than any test expects')
      chunks.push(piece)
    }
    return Buffer.concat(chunks)
  }
  const until = async (text: string): Promise<string> => {
    let read = ''
    while (!read.includes(text)) {
      const piece = await next()
      assert.notEqual(piece, null, `the answer ended before ${JSON.stringify(text)} came: ${read}`)
      read += piece?.toString('latin1')
    }
    return read
  }
  return { status: incoming.statusCode ?? 0, headers: flat(incoming), next, rest, until, leave: () => asking.destroy() }
}

/** A member of a JSON value by path. */
export function dig(value: unknown, path: string): unknown {
  let here = value
  for (const step of path.split('.')) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<string, unknown>)[step]
  }
  return here
}

/** Sends a request and gives the whole answer. */
export async function call(url: string, ask: Ask = {}): Promise<Answer> {
  const answer = await openCall(url, ask)
  const bytes = await answer.rest()
  const text = bytes.toString('utf8')
  return { status: answer.status, headers: answer.headers, bytes, text, at: (path) => dig(JSON.parse(text), path) }
}

/** Sends these bytes over a bare socket and gives all that comes back until the other side closes. */
export async function callRaw(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(bytes)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

export type SseEvent = { readonly event: string | null; readonly data: string }

/** The events of a stream, comments left out; for tests that do not look at bytes. */
export function eventsOf(text: string): readonly SseEvent[] {
  const events: SseEvent[] = []
  for (const block of text.replaceAll('\r\n', '\n').split('\n\n')) {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'))
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart())
    const event =
      lines
        .find((line) => line.startsWith('event:'))
        ?.slice(6)
        .trim() ?? null
    if (data.length > 0) events.push({ event, data: data.join('\n') })
  }
  return events
}

/** The text that a streamed chat completion carries. */
export function textOf(stream: string): string {
  const data = eventsOf(stream).filter(({ data }) => data !== '[DONE]')
  return data.map((event) => dig(JSON.parse(event.data), 'choices.0.delta.content') ?? '').join('')
}

/** An error in OpenAI's shape, with what every error carries. */
export function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text)
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
  assert.equal(answer.at('error.code'), code, answer.text)
  assert.equal(typeof answer.at('error.message'), 'string')
  assert.equal(typeof answer.at('error.type'), 'string')
  assert.notEqual(answer.at('error.param'), undefined, 'error.param is there, be it null')
  const id = answer.headers['x-request-id']
  assert.ok(id !== undefined && id !== '', 'every answer has a request id')
  assert.ok(String(answer.at('error.message')).includes(id), `the message names the request id: ${answer.text}`)
}
