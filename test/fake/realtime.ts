/** A provider of Realtime sessions on loopback: strict about what it is asked, and says what a test tells it to. */

import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'

export type Json = Record<string, unknown>

/** One session, seen from the provider. */
export type Session = {
  readonly target: string
  readonly headers: IncomingMessage['headers']
  readonly heard: readonly Json[]
  /** The next event of this type, also one that has come already and was not waited for. */
  readonly hear: (type: string) => Promise<Json>
  readonly say: (...events: readonly Json[]) => void
  readonly close: (code: number, reason?: string) => void
  /** Loses the connection. */
  readonly vanish: () => void
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

export type FakeRealtime = {
  readonly baseUrl: string
  /** The session with this index, as soon as it is open. */
  readonly session: (index: number) => Promise<Session>
  readonly sessions: readonly Session[]
  /** Refuses the next handshakes with this status and body. */
  readonly refuse: (status: number, body: Json) => void
  readonly accept: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const sessionOf = (socket: WebSocket, request: IncomingMessage): Session => {
  const heard: Json[] = []
  const unread: Json[] = []
  const waiting: { readonly type: string; readonly take: (event: Json) => void }[] = []
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  socket.on('message', (data, binary) => {
    assert.equal(binary, false, 'only text is spoken')
    const event = JSON.parse(String(data)) as Json
    assert.equal(typeof event['type'], 'string')
    heard.push(event)
    const at = waiting.findIndex(({ type }) => type === event['type'])
    if (at === -1) unread.push(event)
    else waiting.splice(at, 1)[0]?.take(event)
  })
  socket.on('error', () => socket.terminate())
  socket.once('close', (code, reason) => closed.resolve({ code, reason: String(reason) }))
  return {
    target: request.url ?? '',
    headers: request.headers,
    heard,
    hear: (type) => {
      const at = unread.findIndex((event) => event['type'] === type)
      if (at !== -1) return Promise.resolve(unread.splice(at, 1)[0] as Json)
      return new Promise((take) => waiting.push({ type, take }))
    },
    say: (...events) => {
      for (const event of events) socket.send(JSON.stringify({ event_id: `event_${heard.length}`, ...event }))
    },
    close: (code, reason = '') => socket.close(code, reason),
    vanish: () => socket.terminate(),
    closed: closed.promise,
  }
}

const listen = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Starts a provider; every session begins with `session.created` of these settings. */
export async function startRealtime(settings: Json = {}): Promise<FakeRealtime> {
  const server = createServer((_request, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const sessions: Session[] = []
  const waiting = new Map<number, (session: Session) => void>()
  let refusal: { readonly status: number; readonly body: Json } | null = null
  server.on('upgrade', (request, socket, head) => {
    if (refusal !== null) {
      const body = JSON.stringify(refusal.body)
      const lines = [
        `HTTP/1.1 ${refusal.status} No`,
        'content-type: application/json',
        `content-length: ${body.length}`,
      ]
      socket.end(`${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n${body}`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (open) => {
      const session = sessionOf(open, request)
      const index = sessions.push(session) - 1
      session.say({ type: 'session.created', session: { type: 'realtime', object: 'realtime.session', ...settings } })
      waiting.get(index)?.(session)
    })
  })
  const port = await listen(server)
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    sessions,
    session: (index) => {
      const there = sessions[index]
      if (there !== undefined) return Promise.resolve(there)
      return new Promise((take) => waiting.set(index, take))
    },
    refuse: (status, body) => {
      refusal = { status, body }
    },
    accept: () => {
      refusal = null
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.vanish()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

/** Usage of a response as OpenAI writes it. */
export const usageOf = (figures: {
  readonly text: number
  readonly sound: number
  readonly cachedText?: number
  readonly cachedSound?: number
  readonly saidText: number
  readonly saidSound: number
}): Json => {
  const { text, sound, cachedText = 0, cachedSound = 0, saidText, saidSound } = figures
  return {
    total_tokens: text + sound + saidText + saidSound,
    input_tokens: text + sound,
    output_tokens: saidText + saidSound,
    input_token_details: {
      text_tokens: text,
      audio_tokens: sound,
      image_tokens: 0,
      cached_tokens: cachedText + cachedSound,
      cached_tokens_details: { text_tokens: cachedText, audio_tokens: cachedSound, image_tokens: 0 },
    },
    output_token_details: { text_tokens: saidText, audio_tokens: saidSound },
  }
}
