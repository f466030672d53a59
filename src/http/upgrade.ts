/** A request that becomes a WebSocket: refused as any other is, or accepted, and then a channel. */

import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { asProblem, Problem } from '#base/problem.ts'
import { callerAddress } from './caller-address.ts'
import type { Channel } from './channel.ts'
import type { EndpointMatch } from './endpoint.ts'
import type { ExchangeOptions } from './exchange.ts'
import { checkHops } from './hops.ts'
import type { Answer, Asked, Inbound } from './inbound.ts'
import type { RequestHead } from './request-head.ts'
import { readHead } from './request-head.ts'
import { messageBytesMax, socketChannel } from './socket-channel.ts'

export type Acceptance = {
  /** One of those that the caller offered; `null` = none. */
  readonly protocol: string | null
  readonly headers: Readonly<Record<string, string>>
}

export type SocketExchange = {
  /** Its signal aborts when the connection goes. */
  readonly inbound: Inbound
  /** Aborts when this server is about to end: sessions finish what they are at and close. */
  readonly draining: AbortSignal
  /** What the caller offers to speak, in its order. */
  readonly offered: readonly string[]
  /** Answers the upgrade, once. @throws Problem `invalid_request_error` where the handshake is none; the signal's reason where the caller has left. */
  readonly accept: (acceptance: Acceptance) => Promise<Channel>
}

/** Carries out one connection: throws Problem before it is accepted, and resolves when it is over. */
export type HandleSocket<T> = (exchange: SocketExchange, match: EndpointMatch<T>) => Promise<void>

export type UpgradeOptions<T> = Pick<
  ExchangeOptions<T>,
  'endpoints' | 'writeProblem' | 'trustedProxies' | 'publicOrigin' | 'log' | 'clock' | 'ids'
> & { readonly handleSocket: HandleSocket<T>; readonly draining: AbortSignal }

export type Upgrade = {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** What came behind the head already. */
  readonly first: Buffer
}

/** How long a refused connection may take to read why. */
const closeTimeoutMs = 5_000

/** For sockets that have no response object: the whole answer by hand, then the end of the connection. */
export const answerRaw = (socket: Duplex, { status, headers, body }: Answer): void => {
  const lines = Object.entries({ ...headers, 'content-length': String(body.length), connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n`), body]))
}

/** Whether a request asks to become a WebSocket. Other upgrades (h2c) are offers that a server may pass over. */
export const asksForSocket = ({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'

const offeredBy = ({ headers }: RequestHead): readonly string[] =>
  (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

class Upgrading<T> {
  readonly #upgrade: Upgrade
  readonly #options: UpgradeOptions<T>
  readonly #id: string
  readonly #arrivedMs: number
  readonly #leaving = new AbortController()
  #head: RequestHead | null = null
  #channel: Channel | null = null

  constructor(upgrade: Upgrade, options: UpgradeOptions<T>) {
    this.#upgrade = upgrade
    this.#options = options
    this.#id = options.ids.next('call')
    this.#arrivedMs = options.clock.monotonicMs()
    const { socket } = upgrade
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#leaving.abort(new DOMException('The caller has left.', 'AbortError')))
  }

  async run(): Promise<void> {
    try {
      const head = readHead(this.#upgrade.request)
      this.#head = head
      checkHops(head.headers)
      const match = this.#options.endpoints.match(head.method, head.path)
      if (match.endpoint.upgrades !== true)
        throw new Problem('invalid_request_error', {
          status: 426,
          message: `${head.path.slice(0, 128)} is not served over WebSocket. Use a plain HTTP request.`,
        })
      await this.#options.handleSocket(this.#exchangeOf(head, match), match)
    } catch (thrown) {
      this.#refuse(thrown)
    }
  }

  #exchangeOf(head: RequestHead, match: EndpointMatch<T>): SocketExchange {
    const { remoteAddress } = this.#upgrade.request.socket
    const inbound: Inbound = {
      ...this.#asked(),
      method: head.method,
      path: match.path,
      query: head.query,
      headers: head.headers,
      duplicates: head.duplicates,
      ...callerAddress(remoteAddress, head.headers, this.#options.trustedProxies),
      arrivedMs: this.#arrivedMs,
      signal: this.#leaving.signal,
      body: { kind: 'none' },
    }
    const accept = (acceptance: Acceptance): Promise<Channel> => this.#accept(acceptance)
    return { inbound, draining: this.#options.draining, offered: offeredBy(head), accept }
  }

  #accept({ protocol, headers }: Acceptance): Promise<Channel> {
    const { request, socket, first } = this.#upgrade
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: messageBytesMax,
      handleProtocols: () => protocol ?? false,
    })
    server.on('headers', (lines) => {
      for (const [name, value] of Object.entries({ 'x-request-id': this.#id, ...headers }))
        lines.push(`${name}: ${value}`)
    })
    return new Promise((resolve, reject) => {
      server.once('wsClientError', (error) =>
        reject(
          new Problem('invalid_request_error', { message: `The WebSocket handshake is not valid: ${error.message}.` }),
        ),
      )
      // One that is half closed is destroyed, and its caller is not called back: whoever waits hears of it here.
      const { signal } = this.#leaving
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      if (socket.destroyed) return reject(signal.reason)
      server.handleUpgrade(request, socket, first, (open) => {
        this.#channel = socketChannel(open, this.#options.clock)
        resolve(this.#channel)
      })
    })
  }

  #asked(): Asked {
    const host = this.#head?.headers['host']
    const scheme = 'encrypted' in this.#upgrade.request.socket ? 'https' : 'http'
    return { id: this.#id, origin: this.#options.publicOrigin ?? (host === undefined ? '' : `${scheme}://${host}`) }
  }

  #refuse(thrown: unknown): void {
    const { socket } = this.#upgrade
    const problem = asProblem(thrown)
    if (problem.code === 'internal_error' && !this.#leaving.signal.aborted)
      this.#options.log.error('a connection failed inside Drover', { call: this.#id, error: problem.cause ?? problem })
    if (this.#channel !== null) {
      this.#channel.close({ code: 1011, reason: problem.message })
      return
    }
    if (socket.destroyed) return
    socket.once(
      'close',
      this.#options.clock.after(closeTimeoutMs, () => socket.destroy()),
    )
    answerRaw(socket, this.#options.writeProblem(problem, this.#asked(), this.#head))
  }
}

/** Carries out one upgrade to its end. Never rejects. */
export const runUpgrade = <T>(upgrade: Upgrade, options: UpgradeOptions<T>): Promise<void> =>
  new Upgrading(upgrade, options).run()
