/** A caller of `/v1/realtime`, for tests: events in order, each waited for by its type. */

import { strict as assert } from 'node:assert'
import type { ClientOptions } from 'ws'
import { WebSocket } from 'ws'
import type { Json } from '../fake/realtime.ts'

export type RealtimeClient = {
  readonly socket: WebSocket
  /** Headers of the handshake's answer. */
  readonly headers: Readonly<Record<string, unknown>>
  readonly heard: readonly Json[]
  readonly say: (...events: readonly Json[]) => void
  /** The next event of this type, also one that has come already and was not waited for. */
  readonly hear: (type: string) => Promise<Json>
  readonly leave: () => void
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

export type Connecting = {
  readonly path?: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly protocols?: readonly string[]
  readonly options?: ClientOptions
}

export type Refused = { readonly status: number; readonly text: string }

const open = (url: string, { path = '/v1/realtime?model=voice', key, headers, protocols, options }: Connecting) =>
  new WebSocket(new URL(path, url.replace(/^http/, 'ws')), [...(protocols ?? [])], {
    headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
    ...options,
  })

/** Opens a session; rejects with what was answered where it is refused. */
export function connectRealtime(url: string, connecting: Connecting): Promise<RealtimeClient> {
  const socket = open(url, connecting)
  const heard: Json[] = []
  const unread: Json[] = []
  const waiting: { readonly type: string; readonly take: (event: Json) => void }[] = []
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  let answered: Readonly<Record<string, unknown>> = {}
  socket.on('message', (data) => {
    const event = JSON.parse(String(data)) as Json
    heard.push(event)
    const at = waiting.findIndex(({ type }) => type === event['type'])
    if (at === -1) unread.push(event)
    else waiting.splice(at, 1)[0]?.take(event)
  })
  socket.once('upgrade', (reply) => {
    answered = reply.headers
  })
  socket.once('close', (code, reason) => closed.resolve({ code, reason: String(reason) }))
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('open', () =>
      resolve({
        socket,
        headers: answered,
        heard,
        say: (...events) => {
          for (const event of events) socket.send(JSON.stringify(event))
        },
        hear: (type) => {
          const at = unread.findIndex((event) => event['type'] === type)
          if (at !== -1) return Promise.resolve(unread.splice(at, 1)[0] as Json)
          return new Promise((take) => waiting.push({ type, take }))
        },
        leave: () => socket.terminate(),
        closed: closed.promise,
      }),
    )
  })
}

/** Opens a session that must be refused, and gives the answer. */
export function refusedRealtime(url: string, connecting: Connecting): Promise<Refused> {
  const socket = open(url, connecting)
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.terminate()
      reject(new assert.AssertionError({ message: 'the session was opened' }))
    })
    socket.once('error', () => socket.terminate())
    socket.once('unexpected-response', (_request, reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.once('end', () => resolve({ status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
  })
}
