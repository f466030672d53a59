/** Opens a WebSocket to an upstream, over a socket that the egress guard has let through. */

import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { WebSocket } from 'ws'
import type { Clock } from '#base/clock.ts'
import { messageBytesMax, socketChannel } from './socket-channel.ts'
import type { ChannelRequest, Dialled } from './transport.ts'
import { deadlineProblem, networkProblem } from './upstream-problem.ts'

/** Of a refusal no more than this is read. */
const refusalBytesMax = 1_048_576

export type ChannelDial = { readonly dial: buildConnector.connector; readonly clock: Clock }

const socketTo = ({ url }: ChannelRequest, dial: buildConnector.connector): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { protocol, hostname, host, port } = url
    dial({ protocol, hostname, host, port }, (error, socket) => {
      if (socket === null) reject(error)
      else resolve(socket)
    })
  })

const bodyOf = async (reply: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of reply) {
    chunks.push(chunk as Buffer)
    sizeBytes += (chunk as Buffer).length
    if (sizeBytes > refusalBytesMax) break
  }
  return Buffer.concat(chunks).subarray(0, refusalBytesMax)
}

const shake = (request: ChannelRequest, socket: Socket, clock: Clock): Promise<Dialled> =>
  new Promise((resolve, reject) => {
    const url = new URL(request.url)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const open = new WebSocket(url, [...request.protocols], {
      headers: { ...request.headers },
      createConnection: () => socket,
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: messageBytesMax,
    })
    let head: IncomingMessage['headers'] = {}
    open.once('upgrade', (reply) => {
      head = reply.headers
    })
    open.once('open', () => {
      resolve({ kind: 'open', channel: socketChannel(open, clock), headers: { ...head } as Record<string, string> })
    })
    open.once('unexpected-response', (_request, reply) => {
      bodyOf(reply).then((body) => {
        resolve({ kind: 'refused', status: reply.statusCode ?? 502, headers: { ...reply.headers } as never, body })
        socket.destroy()
      }, reject)
    })
    // After it is open, its channel hears of errors.
    open.once('error', (error) => reject(networkProblem(error, request.connectTimeoutMs)))
  })

/**
 * Dials and shakes hands within `connectTimeoutMs`.
 * @throws Problem `upstream_timeout`, `upstream_error`; the signal's reason when it is aborted before.
 */
export const dialChannel = async (request: ChannelRequest, { dial, clock }: ChannelDial): Promise<Dialled> => {
  const { signal, connectTimeoutMs } = request
  signal.throwIfAborted()
  const given = Promise.withResolvers<never>()
  let socket: Socket | null = null
  const giveUp = (reason: unknown): void => {
    given.reject(reason)
    socket?.destroy()
  }
  const leave = (): void => giveUp(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  const cancel = clock.after(connectTimeoutMs, () => giveUp(deadlineProblem('connect', connectTimeoutMs)))
  let isGivenUp = false
  given.promise.catch(() => {
    isGivenUp = true
  })
  const dialled = async (): Promise<Dialled> => {
    const dialledSocket = await socketTo(request, dial).catch((error: unknown) => {
      throw networkProblem(error as Error, connectTimeoutMs)
    })
    // One that comes too late is nobody's.
    if (isGivenUp) dialledSocket.destroy()
    socket = dialledSocket
    return shake(request, dialledSocket, clock)
  }
  try {
    return await Promise.race([dialled(), given.promise])
  } finally {
    cancel()
    signal.removeEventListener('abort', leave)
  }
}
