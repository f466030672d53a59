/** A provider on loopback that does exactly what a test says: records what came in, and answers by a script. */

import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

/** One request as it came over the wire. */
export type Seen = {
  readonly method: string
  /** Path and query as written. */
  readonly target: string
  /** Names and values in turn, as they came: case, order and repeats are kept. */
  readonly rawHeaders: readonly string[]
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** Resolves when the connection goes before the answer was complete. */
  readonly left: Promise<void>
  readonly hasLeft: () => boolean
  /** Resolves when the exchange is over, in any way. */
  readonly closed: Promise<void>
}

export type Exchange = { readonly seen: Seen; readonly response: ServerResponse; readonly socket: Socket }

/** What to do with one request. It may wait for gates; the fake aborts it only by closing the socket. */
export type Script = (exchange: Exchange) => Promise<void> | void

export type FakeUpstream = {
  /** With the version segment, as `base_url` wants it. */
  readonly baseUrl: string
  readonly port: number
  /** Requests whose body has arrived whole, in order. */
  readonly seen: readonly Seen[]
  /** The script of every request that no queued one takes. */
  readonly answer: (script: Script) => void
  /** Queues the script of one request. */
  readonly answerOnce: (...scripts: readonly Script[]) => void
  /** The request with this index (from 0), as soon as its body is there. */
  readonly arrival: (index: number) => Promise<Seen>
  readonly forget: () => void
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const requestBytesMax = 64 * 1024 * 1024

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.length
    assert.ok(sizeBytes <= requestBytesMax, 'a test sends more than the fake takes')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function seenOf(request: IncomingMessage, response: ServerResponse, body: Buffer): Seen {
  const closed = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  let hasLeft = false
  response.once('close', () => {
    if (!response.writableFinished) {
      hasLeft = true
      left.resolve()
    }
    closed.resolve()
  })
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    rawHeaders: request.rawHeaders,
    headers: request.headers,
    body,
    left: left.promise,
    hasLeft: () => hasLeft,
    closed: closed.promise,
  }
}

const answerUnscripted: Script = ({ response }) => {
  response.writeHead(500, { 'content-type': 'application/json' })
  response.end('{"error":{"message":"The test gave no script for this request.","type":"test_fault"}}')
}

async function listen(server: Server, host: string): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export type UpstreamSettings = {
  /** Speaks TLS with this certificate, and is called by this name. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly host: string }
  /** The address that it listens on; absent: loopback. */
  readonly address?: string
}

function serverOf(listener: RequestListener, { tls }: UpstreamSettings): Server {
  const options = { keepAliveTimeout: 60_000 }
  return tls === undefined ? createServer(options, listener) : createSecureServer({ ...options, ...tls }, listener)
}

/** Starts a fake on a free loopback port. `close` also ends what is still open, so no script can hold a test up. */
export async function startUpstream(
  first: Script = answerUnscripted,
  settings: UpstreamSettings = {},
): Promise<FakeUpstream> {
  const seen: Seen[] = []
  const queue: Script[] = []
  const waiting = new Map<number, (seen: Seen) => void>()
  let always = first

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request)
    const one = seenOf(request, response, body)
    const index = seen.push(one) - 1
    waiting.get(index)?.(one)
    waiting.delete(index)
    await (queue.shift() ?? always)({ seen: one, response, socket: request.socket })
  }
  const listener: RequestListener = (request, response) => {
    // A relay that goes away in the middle makes reads and writes fail; the test sees that in `left`.
    serve(request, response).catch((fault: unknown) => response.destroy(fault instanceof Error ? fault : undefined))
    response.on('error', () => response.destroy())
  }
  const server = serverOf(listener, settings)
  const address = settings.address ?? '127.0.0.1'
  const port = await listen(server, address)

  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return {
    baseUrl: settings.tls === undefined ? `http://${address}:${port}/v1` : `https://${settings.tls.host}:${port}/v1`,
    port,
    seen,
    answer: (script) => {
      always = script
    },
    answerOnce: (...scripts) => {
      queue.push(...scripts)
    },
    arrival: (index) => {
      const there = seen[index]
      if (there !== undefined) return Promise.resolve(there)
      return new Promise((resolve) => {
        waiting.set(index, resolve)
      })
    },
    forget: () => {
      seen.length = 0
      queue.length = 0
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
