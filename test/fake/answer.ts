/** Scripts for the fake upstream: every way in which a provider answers, well or badly. */

import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import type { Exchange, Script } from './upstream.ts'

export type Bytes = string | Uint8Array
export type Head = { readonly status?: number; readonly headers?: Readonly<Record<string, string | readonly string[]>> }

const bytesOf = (bytes: Bytes): Buffer => (typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes))

function writeHead({ response }: Exchange, head: Head, contentType: string): void {
  const headers: Record<string, string | string[]> = { 'content-type': contentType }
  for (const [name, value] of Object.entries(head.headers ?? {})) {
    headers[name] = typeof value === 'string' ? value : [...value]
  }
  response.writeHead(head.status ?? 200, headers)
}

/** Writes and waits until the bytes have left this process, so that two writes are two pieces on the wire. */
function writePiece({ response }: Exchange, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    response.write(bytes, (fault) => (fault ? reject(fault) : resolve()))
  })
}

/** A whole body, exactly these bytes. An object is written as JSON. */
export function whole(body: Bytes | object, head: Head = {}): Script {
  const bytes =
    typeof body === 'string' || body instanceof Uint8Array ? bytesOf(body) : Buffer.from(JSON.stringify(body))
  return (exchange) => {
    writeHead(
      exchange,
      { ...head, headers: { 'content-length': `${bytes.length}`, ...head.headers } },
      'application/json',
    )
    exchange.response.end(bytes)
  }
}

export type Pace = {
  /** Called before each piece with its index; the piece waits for it. */
  readonly before?: (index: number) => Promise<void>
}

/** A stream of exactly these pieces. Without `pace` they go out as fast as the other side takes them. */
export function stream(pieces: readonly Bytes[], head: Head & Pace = {}): Script {
  return async (exchange) => {
    writeHead(exchange, head, 'text/event-stream')
    exchange.response.flushHeaders()
    for (const [index, piece] of pieces.entries()) {
      await head.before?.(index)
      await writePiece(exchange, bytesOf(piece))
    }
    exchange.response.end()
  }
}

/** Cuts bytes at these lengths; what is left over is the last piece. */
export function cutAt(bytes: Bytes, lengths: readonly number[]): readonly Buffer[] {
  const all = bytesOf(bytes)
  const pieces: Buffer[] = []
  let from = 0
  for (const length of lengths) {
    if (from >= all.length) break
    pieces.push(all.subarray(from, from + length))
    from += length
  }
  if (from < all.length) pieces.push(all.subarray(from))
  return pieces
}

/** One byte at a time: the finest way of cutting. */
export const byteWise = (bytes: Bytes): readonly Buffer[] => {
  const all = bytesOf(bytes)
  return cutAt(all, new Array<number>(all.length).fill(1))
}

/** The connection is reset before any header. */
export const resetAtOnce: Script = ({ socket }) => {
  socket.resetAndDestroy()
}

/** Takes the request and never says anything. */
export const neverAnswer: Script = ({ seen }) => seen.closed

/** Headers, then silence. */
export function silentAfterHeaders(contentType = 'text/event-stream'): Script {
  return async (exchange) => {
    writeHead(exchange, {}, contentType)
    exchange.response.flushHeaders()
    await exchange.seen.closed
  }
}

/** These pieces, then silence. */
export function stallAfter(pieces: readonly Bytes[], head: Head = {}): Script {
  return async (exchange) => {
    writeHead(exchange, head, 'text/event-stream')
    exchange.response.flushHeaders()
    for (const piece of pieces) await writePiece(exchange, bytesOf(piece))
    await exchange.seen.closed
  }
}

/** These pieces, then the connection is reset in the middle of the body. */
export function cutAfter(pieces: readonly Bytes[], head: Head = {}): Script {
  return async (exchange) => {
    writeHead(exchange, head, 'text/event-stream')
    exchange.response.flushHeaders()
    for (const piece of pieces) await writePiece(exchange, bytesOf(piece))
    exchange.socket.destroy()
  }
}

/** A page for people where a program was expected, as proxies and wrong addresses give. */
export const page = (status: number): Script =>
  whole(`<html><head><title>${status}</title></head><body>\n<h1>Nothing for programs here</h1></body></html>`, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
  })

/** An error in OpenAI's envelope, with any status: also 200, as some servers do. */
export const failure = (status: number, error: object, headers: Readonly<Record<string, string>> = {}): Script =>
  whole({ error }, { status, headers })

/** Too many requests, with the wait that the provider asks for. */
export const tooMany = (retryAfterS: number): Script =>
  failure(
    429,
    { message: 'The fake is busy: come back later.', type: 'rate_limit_reached_error' },
    { 'retry-after': `${retryAfterS}` },
  )

/** A whole body, compressed. */
export function gzipped(body: Bytes, head: Head = {}): Script {
  return whole(gzipSync(bytesOf(body)), { ...head, headers: { ...head.headers, 'content-encoding': 'gzip' } })
}

/** A body that is not text, in two pieces. */
export function binary(bytes: Uint8Array, contentType: string): Script {
  const middle = Math.floor(bytes.length / 2)
  return stream([bytes.subarray(0, middle), bytes.subarray(middle)], { headers: { 'content-type': contentType } })
}

/** Answers with what came: the body's size, its first bytes in base64, and the content type. */
export const echoUpload: Script = (exchange) => {
  const { seen } = exchange
  return whole({
    text: `took ${seen.body.length} bytes`,
    content_type: seen.headers['content-type'] ?? null,
    head: seen.body.subarray(0, 256).toString('base64'),
  })(exchange)
}

export type Flood = {
  readonly script: Script
  /** Bytes that the fake could write so far. */
  readonly writtenBytes: () => number
  /** Resolves when the other side has stopped taking bytes: a write has waited this long. */
  readonly heldBack: Promise<void>
}

/** Writes the same piece again and again, `totalBytes` in all, and says when it is held back. */
export function flood(piece: Buffer, { totalBytes, heldBackMs }: { totalBytes: number; heldBackMs: number }): Flood {
  let writtenBytes = 0
  const held = Promise.withResolvers<void>()
  const script: Script = async (exchange) => {
    writeHead(exchange, {}, 'text/event-stream')
    while (writtenBytes < totalBytes && !exchange.response.destroyed) {
      const roomLeft = exchange.response.write(piece)
      writtenBytes += piece.length
      if (roomLeft) continue
      const timer = setTimeout(held.resolve, heldBackMs)
      await Promise.race([once(exchange.response, 'drain'), exchange.seen.closed])
      clearTimeout(timer)
    }
    exchange.response.end()
  }
  return { script, writtenBytes: () => writtenBytes, heldBack: held.promise }
}
