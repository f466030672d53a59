/** The way back to the caller over node:http: order asserted, backpressure bounded in time, a cut that nobody takes for an end. */

import assert from 'node:assert'
import { Buffer } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import { validateHeaderValue } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { Answer, Outbound } from './inbound.ts'

/** On every reply of the relay: what a provider sent must never run as a page of this origin. */
export const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  'x-content-type-options': 'nosniff',
  'content-security-policy': 'sandbox',
})

type HeaderFields = Readonly<Record<string, string | readonly string[]>>

export type OutboundOptions = {
  readonly response: ServerResponse
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** The longest time in which a caller may take nothing. */
  readonly stallTimeoutMs: number
  /** Headers that every answer carries (CORS, `connection: close` while draining); asked for when the head goes out. */
  readonly everyHead: () => HeaderFields
  /** Called before the last byte goes out: waits, within bounds, for a body that was not read; `null` = there is none. */
  readonly linger: () => Promise<void> | null
}

/** Larger pieces are sliced, so that a slow reader's progress is seen. */
const sliceBytes = 64 * 1024

const nothing = new Uint8Array(0)

/** How long a cut waits for what was already written. */
const cutTimeoutMs = 5_000

/** What follows the last chunk. */
const lastChunk = Buffer.from('0\r\n\r\n')

/** For what is larger, memory of its own costs next to nothing. */
const pooledBytesMax = 4 * 1024

/** A piece as one chunk (RFC 9112, section 7.1): node:http would hand the system its size, its bytes and its end one by one, for each event of a stream. */
const chunkOf = (bytes: Uint8Array): Buffer => {
  const size = `${bytes.length.toString(16)}\r\n`
  const length = size.length + bytes.length + 2
  // A part of the pool keeps all of the pool until a slow caller has taken it.
  const chunk = length > pooledBytesMax ? Buffer.allocUnsafeSlow(length) : Buffer.allocUnsafe(length)
  chunk.write(size, 'latin1')
  chunk.set(bytes, size.length)
  chunk[chunk.length - 2] = 0x0d
  chunk[chunk.length - 1] = 0x0a
  return chunk
}

/** What a piece has left behind its first slice. A little of it is copied: a part of a piece keeps all of it until a slow caller has taken that. */
const restOf = (bytes: Uint8Array): Uint8Array => {
  const rest = bytes.subarray(sliceBytes)
  if (rest.length > sliceBytes / 2) return rest
  const own = Buffer.allocUnsafeSlow(rest.length)
  own.set(rest)
  return own
}

const slowReader = (stallTimeoutMs: number): Problem =>
  new Problem('request_timeout', {
    message: `The caller took nothing of the answer for ${Math.round(stallTimeoutMs / 1000)} seconds.`,
    facts: { fault: 'slow_reader' },
  })

const bodiless = (status: number): boolean => status === 204 || status === 304 || status < 200

/** Throws now, where the writer of the header stands, and not when the head goes out. */
const checkHeaders = (headers: HeaderFields): void => {
  for (const name in headers) {
    const value = headers[name] as string | readonly string[]
    if (typeof value === 'string') validateHeaderValue(name, value)
    else for (const one of value) validateHeaderValue(name, one)
  }
}

class Reply implements Outbound {
  readonly #options: OutboundOptions
  readonly #response: ServerResponse
  #head: { readonly status: number; readonly headers: HeaderFields } | null = null
  #flushed = false
  /** The body goes in chunks, which are made here. */
  #chunked = false
  /** The head is on its way, with or without bytes: what comes now follows it. */
  #headOut = false
  #backlog: Promise<void> | null = null
  #over = false

  constructor(options: OutboundOptions) {
    this.#options = options
    this.#response = options.response
  }

  head(status: number, headers: HeaderFields): void {
    assert(this.#head === null, 'the head of an answer is sent once')
    assert(!this.#over, 'no head after the end')
    checkHeaders(headers)
    this.#head = { status, headers }
    // Goes out with the first bytes; where none are written in the same turn it goes alone.
    process.nextTick(() => {
      if (this.#flushed || this.#over || this.#gone()) return
      this.#flushHead(null)
      this.#response.flushHeaders()
      this.#headOut = true
    })
  }

  headSent(): boolean {
    return this.#head !== null
  }

  #gone(): boolean {
    return this.#options.signal.aborted || this.#response.destroyed
  }

  #flushHead(wholeBytes: number | null): void {
    if (this.#flushed || this.#head === null || this.#gone()) return
    this.#flushed = true
    const { status, headers } = this.#head
    const all: Record<string, string | readonly string[]> = { ...headers, ...this.#options.everyHead() }
    const knowsLength = all['content-length'] !== undefined || all['transfer-encoding'] !== undefined
    if (wholeBytes !== null && !knowsLength && !bodiless(status)) all['content-length'] = String(wholeBytes)
    this.#response.writeHead(status, all as Record<string, string | string[]>)
    this.#chunked = this.#response.chunkedEncoding
    this.#response.chunkedEncoding = false
  }

  write(bytes: Uint8Array): Promise<void> | null {
    assert(this.#head !== null && !this.#over, 'bytes come between head and end')
    this.#checkPresence()
    if (this.#backlog !== null) return this.#queue(bytes)
    const isOne = bytes.length <= sliceBytes
    this.#writeNow(isOne ? bytes : bytes.subarray(0, sliceBytes))
    if (!isOne) return this.#queue(restOf(bytes))
    return this.#behind() === null ? null : this.#queue(nothing)
  }

  /** What has more to hand to the system than it should keep, and tells when it has not; `null` = nothing. */
  #behind(): ServerResponse | Socket | null {
    const { socket } = this.#response
    if (socket?.writableNeedDrain === true) return socket
    return this.#response.writableNeedDrain ? this.#response : null
  }

  async #drained(): Promise<void> {
    const behind = this.#behind()
    if (behind !== null) await this.#progress(behind, 'drain')
  }

  /** One writer at a time: a heartbeat must not land between two slices of an event. */
  async #queue(bytes: Uint8Array): Promise<void> {
    const mine = (this.#backlog ?? Promise.resolve()).then(() => this.#writeSlices(bytes))
    this.#backlog = mine
    try {
      await mine
    } finally {
      if (this.#backlog === mine) this.#backlog = null
    }
  }

  async #writeSlices(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      await this.#drained()
      this.#writeNow(bytes.subarray(at, at + sliceBytes))
    }
    await this.#drained()
  }

  /** Head and first bytes leave in one packet. */
  #writeNow(bytes: Uint8Array): void {
    const { socket } = this.#response
    if (!this.#flushed) {
      socket?.cork()
      this.#flushHead(null)
      process.nextTick(() => socket?.uncork())
    }
    if (bytes.length === 0) return
    // A chunk that is made here needs nothing of what node:http does for each of its own: a list, a turn, and a walk through it.
    if (this.#chunked && this.#headOut && socket !== null) socket.write(chunkOf(bytes))
    else this.#response.write(this.#chunked ? chunkOf(bytes) : bytes)
    this.#headOut = true
  }

  #checkPresence(): void {
    this.#options.signal.throwIfAborted()
    if (this.#response.destroyed) throw new DOMException('The caller has left.', 'AbortError')
  }

  /** Waits for an event; gives up when the caller leaves or takes nothing for `stallTimeoutMs`. */
  #progress(emitter: ServerResponse | Socket, event: 'drain' | 'finish'): Promise<void> {
    const { signal, clock, stallTimeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        cancel()
        signal.removeEventListener('abort', onAbort)
        emitter.off(event, onEvent)
        act()
      }
      const onEvent = (): void => settle(resolve)
      const onAbort = (): void => settle(() => reject(signal.reason))
      const cancel = clock.after(stallTimeoutMs, () => settle(() => reject(slowReader(stallTimeoutMs))))
      emitter.once(event, onEvent)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  async end(bytes: Uint8Array = nothing): Promise<void> {
    assert(this.#head !== null && !this.#over, 'an answer ends once, after its head')
    this.#checkPresence()
    this.#flushHead(bytes.length)
    const unread = this.#options.linger()
    // The last piece goes out with the end, and a short answer with its head as well, where nothing has to come between: no chunk's end, no
    // rest of what the caller sends.
    const lastAt = unread === null && !this.#chunked ? Math.max(0, bytes.length - sliceBytes) : bytes.length
    if (lastAt > 0) await this.write(bytes.subarray(0, lastAt))
    else if (this.#backlog !== null) await this.#backlog
    this.#over = true
    if (unread !== null) await unread
    if (this.#response.destroyed) return
    const last = this.#chunked ? lastChunk : bytes.subarray(lastAt)
    if (last.length > 0) this.#response.end(last)
    else this.#response.end()
    if (!this.#isTaken()) await this.#progress(this.#response, 'finish')
  }

  /** Whether the system has taken all that was written: what is left is to say so, and that waits for nobody. */
  #isTaken(): boolean {
    const { socket, writableEnded } = this.#response
    return writableEnded && socket !== null && !socket.destroyed && socket.writableLength === 0
  }

  cut(): void {
    this.#over = true
    const { socket, req } = this.#response
    if (socket === null || socket.destroyed) return
    // Without chunks the end of the connection is the end of the body: only a reset says that it was cut.
    if (req.httpVersion === '1.0' && this.#flushed) {
      // TLS tells a cut from an end by itself, and its sockets cannot be reset.
      if (socket instanceof TLSSocket) socket.destroy()
      else socket.resetAndDestroy()
      return
    }
    const cancel = this.#options.clock.after(cutTimeoutMs, () => socket.destroy())
    socket.once('close', cancel)
    // What was written in this turn is still corked and would be lost.
    process.nextTick(() => socket.destroySoon())
  }
}

/** The outbound side of one exchange. */
export const outboundOf = (options: OutboundOptions): Outbound => new Reply(options)

/** Sends a whole answer: length known, nothing streamed. */
export const sendAnswer = async (
  outbound: Outbound,
  answer: Answer,
  more: Readonly<Record<string, readonly string[]>> = {},
): Promise<void> => {
  outbound.head(answer.status, { ...answer.headers, ...more })
  await outbound.end(answer.body.length === 0 ? Buffer.alloc(0) : answer.body)
}
