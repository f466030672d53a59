/** The HTTP server: node:http with every limit set, one table of endpoints, and an end in good order. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Server as NetServer, Socket } from 'node:net'
import { createServer as createNetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { trustedProxies } from './caller-address.ts'
import { corsOf } from './cors.ts'
import type { EndpointTable } from './endpoint.ts'
import type { ExchangeOptions, Handle, OpenExchange, WriteProblem } from './exchange.ts'
import { exchangeOf } from './exchange.ts'
import { listenTogether, spreadsConnections } from './listening.ts'
import { problemAnswer } from './problem-answer.ts'
import type { HandleSocket, Upgrade } from './upgrade.ts'
import { answerRaw, asksForSocket, runUpgrade } from './upgrade.ts'

export type ServerOptions<T> = {
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  /** Other processes of this user may listen there as well, each with a part of the connections. Linux; macOS has no such thing. */
  readonly reusePort?: boolean
  readonly endpoints: EndpointTable<T>
  readonly handle: Handle<T>
  /** Absent: no request becomes a WebSocket. */
  readonly handleSocket?: HandleSocket<T>
  /** Absent: OpenAI's shape for everybody. */
  readonly writeProblem?: WriteProblem
  readonly bodyLimitBytes: number
  readonly uploadLimitBytes: number
  readonly spoolDir: string
  /** Addresses and networks whose `x-forwarded-for` is believed. */
  readonly trustedProxies?: readonly string[]
  /** How callers reach this server, without a slash at its end; absent: as each one wrote it. */
  readonly publicOrigin?: string | null
  readonly corsOrigins?: readonly string[]
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string } | null
  /** 10 s for a request's head. */
  readonly headersTimeoutMs?: number
  /** 2 minutes for a body, 30 minutes for a form, 30 s without a byte of either. */
  readonly bodyTimeoutMs?: number
  readonly uploadTimeoutMs?: number
  readonly idleTimeoutMs?: number
  /** 75 s: above the usual idle time of load balancers, which would else meet a closing connection. */
  readonly keepAliveTimeoutMs?: number
  /** 60 s in which a caller takes nothing of an answer. */
  readonly stallTimeoutMs?: number
  /** Open sockets; about from there on further ones are refused. 16,384. */
  readonly connectionsMax?: number
  readonly log: Log
  readonly clock: Clock
  readonly ids: Ids
}

export type Listening = { readonly host: string; readonly port: number; readonly url: string }

export type HttpServer = {
  /** @throws Problem `conflict` where the address cannot be had: what, why, and what to do. */
  readonly listen: () => Promise<Listening>
  /** From now on every answer tells its caller to close the connection. Calls are still taken. */
  readonly announceEnd: () => void
  /**
   * Takes no more connections, tells callers to close, lets open exchanges end for `timeoutMs`, then destroys what is left.
   * Gives the number of exchanges that were cut.
   */
  readonly drain: (timeoutMs: number) => Promise<number>
  readonly openExchanges: () => number
  /** How many exchanges have begun since the server was made, those that are over included. */
  readonly begunExchanges: () => number
}

const maxHeaderSize = 16 * 1024

/** How long a refused connection may take to read why. */
const closeTimeoutMs = 5_000

const urlOf = (host: string, port: number, scheme: string): string => {
  const name = host === '0.0.0.0' || host === '::' || host === '' ? '127.0.0.1' : host
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`
}

const problemOfClientError = (code: string | undefined): Problem => {
  if (code === 'HPE_HEADER_OVERFLOW' || code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new Problem('headers_too_large', {
      message: 'The request headers are over 16 KiB. Send fewer or smaller ones.',
    })
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request_timeout', { message: 'The head of the request did not arrive in time.' })
  return new Problem('invalid_request_error', {
    message: `The request is not valid HTTP/1.1 (${code ?? 'unreadable'}).`,
  })
}

/** So many connections are taken at a turn of the loop. */
const listenersMax = 16
/** Of each, at least: with few it would hang on chance which of them is full. */
const connectionsPerListenerMin = 256

const listenersFor = (connectionsMax: number): number =>
  spreadsConnections ? Math.max(1, Math.min(listenersMax, Math.floor(connectionsMax / connectionsPerListenerMin))) : 1

/** A caller who does not read has no second piece of up to 64 KiB waiting behind the first. */
const writtenAheadBytes = 32 * 1024

const createNodeServer = <T>(options: ServerOptions<T>): Server => {
  const limits = {
    maxHeaderSize,
    headersTimeout: options.headersTimeoutMs ?? 10_000,
    // Bodies have timers of their own, which know uploads from chats.
    requestTimeout: 0,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 75_000,
    connectionsCheckingInterval: 1_000,
    noDelay: true,
    highWaterMark: writtenAheadBytes,
    // The head reader refuses a missing Host itself, with a body that says so.
    requireHostHeader: false,
    insecureHTTPParser: false,
    shouldUpgradeCallback: (request: IncomingMessage) => options.handleSocket !== undefined && asksForSocket(request),
  }
  const tls = options.tls ?? null
  const server: Server =
    tls === null
      ? createServer(limits)
      : createTlsServer({ ...limits, ...tls, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] })
  // The parser would leave surplus headers out silently; the 16 KiB and the head reader bound them instead.
  server.maxHeadersCount = 0
  return server
}

/** What hands its connections to the server, as node:http allows. */
const furtherListener = (server: Server): NetServer =>
  createNetServer({ allowHalfOpen: true, noDelay: true, highWaterMark: writtenAheadBytes }, (socket) =>
    server.emit('connection', socket),
  )

class RelayServer<T> {
  readonly #options: ServerOptions<T>
  readonly #server: Server
  readonly #listeners: readonly [NetServer, ...(readonly NetServer[])]
  readonly #exchangeOptions: ExchangeOptions<T>
  readonly #open = new Map<OpenExchange, Duplex>()
  /** Connections that have become something else than HTTP: node:http counts them no more. */
  readonly #upgraded = new Set<Duplex>()
  /** Connections of which a head was refused: nothing more is taken from them. */
  readonly #unreadable = new WeakSet<Duplex>()
  readonly #ending = new AbortController()
  #draining = false
  #begunCount = 0
  #onEmpty: () => void = () => {}

  constructor(options: ServerOptions<T>) {
    this.#options = options
    this.#server = createNodeServer(options)
    const connectionsMax = options.connectionsMax ?? 16_384
    const count = listenersFor(connectionsMax)
    this.#listeners = [this.#server, ...Array.from({ length: count - 1 }, () => furtherListener(this.#server))]
    for (const listener of this.#listeners) listener.maxConnections = Math.ceil(connectionsMax / count)
    this.#exchangeOptions = {
      bodyTimeoutMs: 120_000,
      uploadTimeoutMs: 30 * 60_000,
      idleTimeoutMs: 30_000,
      stallTimeoutMs: 60_000,
      writeProblem: (problem, asked) => problemAnswer(problem, asked),
      ...options,
      trustedProxies: trustedProxies(options.trustedProxies ?? []),
      cors: corsOf(options.corsOrigins ?? []),
      draining: () => this.#draining,
      onUnreadable: ({ socket }) => this.#unreadable.add(socket),
    }
    const serve = (request: IncomingMessage, response: ServerResponse): void => this.#serve(request, response)
    this.#server.on('request', serve).on('checkContinue', serve).on('checkExpectation', serve)
    this.#server.on('clientError', (error, socket) => this.#onClientError(error, socket))
    this.#server.on('connect', (_request, socket) => this.#onConnect(socket))
    const { handleSocket } = options
    if (handleSocket !== undefined)
      this.#server.on('upgrade', (request, socket, first) => this.#onUpgrade({ request, socket, first }, handleSocket))
  }

  #onUpgrade(upgrade: Upgrade, handleSocket: HandleSocket<T>): void {
    const { socket } = upgrade
    if (this.#unreadable.has(socket)) {
      socket.destroy()
      return
    }
    this.#upgraded.add(socket)
    socket.once('close', () => this.#upgraded.delete(socket))
    const options = { ...this.#exchangeOptions, handleSocket, draining: this.#ending.signal }
    const exchange: OpenExchange = { breakOff: () => true, run: () => runUpgrade(upgrade, options) }
    this.#run(exchange, socket)
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    // The refusal of what came before ends the connection.
    if (this.#unreadable.has(request.socket)) return
    this.#run(exchangeOf(request, response, this.#exchangeOptions), request.socket)
  }

  #run(exchange: OpenExchange, socket: Duplex): void {
    this.#begunCount += 1
    this.#open.set(exchange, socket)
    const over = (): void => {
      this.#open.delete(exchange)
      if (this.#open.size === 0) this.#onEmpty()
    }
    exchange.run().then(over, (error: unknown) => {
      this.#options.log.error('an exchange failed while it was ended', { error })
      socket.destroy()
      over()
    })
  }

  #onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    const { clock, ids, log } = this.#options
    log.debug('a connection was refused', { reason: error.code ?? 'unknown' })
    let begun = false
    for (const [exchange, itsSocket] of this.#open) if (itsSocket === socket && exchange.breakOff()) begun = true
    if (!socket.writable || error.code === 'ECONNRESET' || error.code === 'EPIPE') {
      socket.destroy()
      return
    }
    socket.once(
      'close',
      clock.after(closeTimeoutMs, () => socket.destroy()),
    )
    // A second answer within the first would be read as part of it.
    if (begun) (socket as Socket).destroySoon()
    else answerRaw(socket, problemAnswer(problemOfClientError(error.code), { id: ids.next('call'), origin: '' }))
  }

  #onConnect(socket: Duplex): void {
    const message = 'This server is no proxy: it does not take CONNECT. Send requests to its own paths.'
    socket.on('error', () => socket.destroy())
    socket.once(
      'close',
      this.#options.clock.after(closeTimeoutMs, () => socket.destroy()),
    )
    const asked = { id: this.#options.ids.next('call'), origin: '' }
    answerRaw(socket, problemAnswer(new Problem('method_not_allowed', { message }), asked))
  }

  async listen(): Promise<Listening> {
    const { host, port, tls, reusePort = false } = this.#options
    const bound = await listenTogether({ host, port, reusePort, servers: this.#listeners })
    return { host, port: bound, url: urlOf(host, bound, (tls ?? null) === null ? 'http' : 'https') }
  }

  announceEnd(): void {
    this.#draining = true
  }

  async drain(timeoutMs: number): Promise<number> {
    this.announceEnd()
    this.#ending.abort(new DOMException('This server is about to end.', 'AbortError'))
    const closed = this.#listeners.map((listener) => new Promise<void>((resolve) => listener.close(() => resolve())))
    this.#server.closeIdleConnections()
    await this.#emptied(timeoutMs)
    const cutCount = this.#open.size
    this.#server.closeAllConnections()
    for (const socket of this.#upgraded) socket.destroy()
    await Promise.all(closed)
    return cutCount
  }

  #emptied(timeoutMs: number): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(timeoutMs, resolve)
      this.#onEmpty = () => {
        cancel()
        resolve()
      }
    })
  }

  openExchanges(): number {
    return this.#open.size
  }

  begunExchanges(): number {
    return this.#begunCount
  }
}

/** A server that does not listen yet. */
export const createHttpServer = <T>(options: ServerOptions<T>): HttpServer => {
  const server = new RelayServer(options)
  return {
    listen: () => server.listen(),
    announceEnd: () => server.announceEnd(),
    drain: (timeoutMs) => server.drain(timeoutMs),
    openExchanges: () => server.openExchanges(),
    begunExchanges: () => server.begunExchanges(),
  }
}
