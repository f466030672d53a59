/** The relay's own HTTP room with handlers that write down what they were given, and a caller that sends bytes as they are. */

import { Buffer } from 'node:buffer'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { endpointTable } from '#http/endpoint.ts'
import type { Exchange } from '#http/inbound.ts'
import { createHttpServer } from '#http/server.ts'

export type Handled = {
  readonly method: string
  readonly path: string
  /** latin1; `null` = it was not read. */
  readonly body: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly from: string
  /** Its number among all in the order in which they came; every answer says it. */
  readonly number: number
}

/** What the recorder has handlers for. */
export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

export type Recorder = {
  readonly port: number
  /** In the order in which their bodies were whole. */
  readonly handled: readonly Handled[]
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** @param trustedProxies as `server.trusted_proxies`. */
export const startRecorder = async (): Promise<Recorder> => {
  const handled: Handled[] = []
  let begun = 0
  const handle = async (exchange: Exchange): Promise<void> => {
    const { method, path, headers, remoteAddress: from } = exchange.inbound
    const number = begun++
    const isUnread = path.startsWith('/unread')
    const { body } = isUnread ? exchange.inbound : await exchange.read()
    const text = body.kind === 'bytes' ? body.bytes.toString('latin1') : ''
    const one = { method, path, body: isUnread ? null : text, headers, from, number }
    handled.push(one)
    exchange.outbound.head(200, { 'content-type': 'application/json' })
    await exchange.outbound.end(Buffer.from(JSON.stringify({ number: one.number, path })))
  }
  const folder = await mkdtemp(join(tmpdir(), 'drover-fuzz-'))
  const clock = systemClock()
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    endpoints: endpointTable(
      methods.map((method) => ({ method, path: '/{any+}', accepts: ['any' as const], value: handle })),
    ),
    handle: (exchange, { value }) => value(exchange),
    bodyLimitBytes: 64 * 1024,
    uploadLimitBytes: 64 * 1024,
    spoolDir: join(folder, 'spool'),
    log: silentLog,
    clock,
    ids: systemIds(clock),
  })
  const { port } = await server.listen()
  return {
    port,
    handled,
    [Symbol.asyncDispose]: async () => {
      await server.drain(0)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Sending = {
  readonly port: number
  readonly bytes: Buffer
  /** Another one for each connection tells them apart; absent: the system's choice. */
  readonly from?: string
  /** How long nothing may come before the caller leaves. */
  readonly idleMs: number
}

const opened = (sending: Sending): Socket => {
  const { port, from } = sending
  const socket = connect({ port, host: '127.0.0.1', ...(from === undefined ? {} : { localAddress: from }) })
  socket.setTimeout(sending.idleMs, () => socket.destroy())
  return socket
}

/** Everything that comes back, latin1, until the other side closes or falls silent. */
export const send = (sending: Sending): Promise<string> =>
  new Promise((resolve) => {
    const pieces: Buffer[] = []
    const socket = opened(sending)
    socket.on('data', (piece: Buffer) => pieces.push(piece))
    // A reset is an answer too.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => resolve(Buffer.concat(pieces).toString('latin1')))
    socket.write(sending.bytes)
  })
