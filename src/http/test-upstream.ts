/** What the tests of the way to upstreams share: scripted servers on loopback, and a transport towards them. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createHttp } from 'node:http'
import type { AddressInfo, Socket, Server as TcpServer } from 'node:net'
import { createServer as createTcp } from 'node:net'
import { systemClock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { Transport, UpstreamReply, UpstreamRequest } from './transport.ts'
import type { NetworkOptions } from './upstream.ts'
import { networkTransport } from './upstream.ts'

export const portOf = (server: Server | TcpServer): number => (server.address() as AddressInfo).port

export type UpstreamBench = {
  readonly port: number
  readonly url: URL
  readonly transport: Transport
  readonly sockets: Set<Socket>
}

export const using = async (
  server: Server | TcpServer,
  use: (bench: UpstreamBench) => Promise<void>,
  options: Partial<NetworkOptions> = {},
): Promise<void> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clock = systemClock()
  const transport = networkTransport({
    allowPrivate: true,
    proxy: null,
    certificateAuthorities: null,
    clock,
    ...options,
  })
  try {
    await use({ port: portOf(server), url: new URL(`http://127.0.0.1:${portOf(server)}/v1/x?q=1`), transport, sockets })
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    await transport.close()
  }
}

export const withHttp = (
  listener: RequestListener,
  use: (bench: UpstreamBench) => Promise<void>,
  options?: Partial<NetworkOptions>,
) => using(createHttp(listener), use, options)

export const withTcp = (listener: (socket: Socket) => void, use: (bench: UpstreamBench) => Promise<void>) =>
  using(createTcp(listener), use)

export const requestTo = (url: URL, more: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  method: 'POST',
  url: url.href,
  headers: { 'content-type': 'application/json' },
  body: { kind: 'bytes', bytes: Buffer.from('{"a":1}') },
  signal: new AbortController().signal,
  connectTimeoutMs: 2000,
  headersTimeoutMs: 2000,
  ...more,
})

export const textOf = async (reply: UpstreamReply): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of reply.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}

export const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

export const problemOf = async (promise: Promise<unknown>): Promise<Problem> => {
  const outcome = await promise.then(
    () => assert.fail('it went well'),
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof Problem, String(outcome))
  return outcome
}
