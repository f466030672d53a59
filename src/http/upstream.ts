/** The network as a transport: undici's dispatcher with own deadlines, aborts that close the connection, and the egress guard. */

import type { Buffer } from 'node:buffer'
import { promises as dns } from 'node:dns'
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { Agent } from 'undici'
import type { Clock } from '#base/clock.ts'
import type { Secret } from '#base/log.ts'
import { makeRoom } from '#base/make-room.ts'
import { decompressed } from './decompress.ts'
import { dialer } from './dial.ts'
import { dialChannel } from './dial-channel.ts'
import type { Lookup } from './egress.ts'
import { egressGuard } from './egress.ts'
import { ReplyBody } from './reply-body.ts'
import type { Transport, UpstreamReply, UpstreamRequest } from './transport.ts'
import { deadlineProblem, faultProblem, networkProblem } from './upstream-problem.ts'

export type NetworkOptions = {
  /** Lifts the check of addresses: for providers on the own machine or network. */
  readonly allowPrivate: boolean
  /** URL of an HTTP proxy, with its credentials. */
  readonly proxy: Secret | null
  /** PEM text of certificate authorities beside those of the system. */
  readonly certificateAuthorities: string | null
  readonly clock: Clock
  /** Absent: the system's resolver. */
  readonly lookup?: Lookup
  /** Open connections to one origin; further requests wait for their connect deadline. 4,096. */
  readonly connectionsMax?: number
  /** How long an unused connection is kept: 20 s, or what the upstream announces. */
  readonly keepAliveMs?: number
  /** Bound of one dial, whatever the requests that wait for it: 30 s. */
  readonly dialTimeoutMs?: number
}

type Controller = Dispatcher.DispatchController
type Headers = Readonly<Record<string, string | readonly string[]>>

const systemLookup: Lookup = async (hostname) => {
  const found = await dns.lookup(hostname, { all: true })
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

/** One request on its way; undici calls the handlers, in this order. */
class Sending implements Dispatcher.DispatchHandler {
  readonly #request: UpstreamRequest
  readonly #clock: Clock
  readonly #resolve: (reply: UpstreamReply) => void
  readonly #reject: (error: unknown) => void
  #controller: Controller | null = null
  #body: ReplyBody | null = null
  #cancelTimer: () => void = () => {}
  /** Why the request was given up; later errors of the connection are its consequence. */
  #givenUp: { readonly reason: unknown } | null = null
  #over = false
  readonly #onAbort = (): void => this.#giveUp(this.#request.signal.reason)

  constructor(
    request: UpstreamRequest,
    clock: Clock,
    settle: { readonly resolve: (reply: UpstreamReply) => void; readonly reject: (error: unknown) => void },
  ) {
    this.#request = request
    this.#clock = clock
    this.#resolve = settle.resolve
    this.#reject = settle.reject
    request.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Told once the request stands in line: an open connection has taken it by then, and there is nothing to wait for. */
  inLine(): void {
    if (this.#controller === null && !this.#over && this.#givenUp === null)
      this.#setDeadline('connect', this.#request.connectTimeoutMs)
  }

  #setDeadline(deadline: 'connect' | 'headers', timeoutMs: number): void {
    this.#cancelTimer()
    if (timeoutMs === Number.POSITIVE_INFINITY) return
    this.#cancelTimer = this.#clock.after(timeoutMs, () => this.#giveUp(deadlineProblem(deadline, timeoutMs)))
  }

  #giveUp(reason: unknown): void {
    if (this.#over || this.#givenUp !== null) return
    this.#givenUp = { reason }
    this.#stopWaiting()
    this.#reject(reason)
    this.#body?.discard(reason)
    this.#controller?.abort(reason instanceof Error ? reason : new Error('given up', { cause: reason }))
  }

  #stopWaiting(): void {
    this.#cancelTimer()
    this.#request.signal.removeEventListener('abort', this.#onAbort)
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#givenUp !== null) controller.abort(new Error('given up while waiting for a connection'))
    else this.#setDeadline('headers', this.#request.headersTimeoutMs)
  }

  /** An upload that moves is not a silent upstream. */
  onBodySent(): void {
    if (this.#request.body.kind !== 'stream' || this.#givenUp !== null || this.#body !== null) return
    this.#setDeadline('headers', this.#request.headersTimeoutMs)
  }

  onResponseStart(controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    // Nobody reads them, and each is a part of the 64 KiB that came with it, which would be kept until the end.
    controller.rawHeaders = null
    this.#cancelTimer()
    const body = new ReplyBody({
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      abort: () => this.#giveUp(new DOMException('The reply is not wanted any more.', 'AbortError')),
    })
    this.#body = body
    try {
      this.#resolve(this.#replyOf(status, headers as Headers, body))
    } catch (problem) {
      this.#giveUp(problem)
    }
  }

  #replyOf(status: number, headers: Headers, body: ReplyBody): UpstreamReply {
    const abort = (): void => this.#giveUp(new DOMException('The reply is not wanted any more.', 'AbortError'))
    const encoding = headers['content-encoding']
    if (encoding === undefined) return { status, headers, body, abort }
    const plain = decompressed(body, typeof encoding === 'string' ? encoding : encoding.join(','))
    const { 'content-encoding': _encoding, 'content-length': _length, ...kept } = headers
    return { status, headers: kept, body: plain, abort }
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#body?.push(chunk)
  }

  onResponseEnd(): void {
    this.#over = true
    this.#stopWaiting()
    this.#body?.finish()
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.#over || this.#givenUp !== null) return
    this.#over = true
    this.#stopWaiting()
    const problem = networkProblem(error, this.#request.connectTimeoutMs)
    this.#reject(problem)
    this.#body?.fail(problem)
  }
}

const bodyOf = ({ body }: UpstreamRequest): NonNullable<Dispatcher.DispatchOptions['body']> | null => {
  if (body.kind === 'none') return null
  // undici takes any async iterable; its type names fewer.
  return body.kind === 'bytes'
    ? body.bytes
    : (body.open() as unknown as NonNullable<Dispatcher.DispatchOptions['body']>)
}

const headersOf = ({ headers, body }: UpstreamRequest): Record<string, string> => {
  const length =
    body.kind === 'stream' && body.lengthBytes !== null ? { 'content-length': String(body.lengthBytes) } : {}
  return { 'accept-encoding': 'identity', ...headers, ...length }
}

const agentOf = (options: NetworkOptions, connect: ReturnType<typeof dialer>): Agent =>
  new Agent({
    connect,
    connections: options.connectionsMax ?? 4096,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: options.keepAliveMs ?? 20_000,
    keepAliveMaxTimeout: 10 * 60_000,
    // The deadlines of a call are kept here and in the relay; undici's own would cut long thinking short.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 64 * 1024,
  })

type Way = { readonly origin: string; readonly path: string }

/** Addresses that are checked and taken apart once; most providers are asked at two or three. */
const waysMax = 256

const checkedWays = (checkUrl: (url: URL) => void): ((address: string) => Way) => {
  const ways = new Map<string, Way>()
  return (address) => {
    const known = ways.get(address)
    if (known !== undefined) return known
    const url = new URL(address)
    checkUrl(url)
    const way = { origin: url.origin, path: `${url.pathname}${url.search}` }
    makeRoom(ways, waysMax)
    ways.set(address, way)
    return way
  }
}

/**
 * A transport over the network, one for each provider. HTTP/1.1, no redirects, replies decompressed. Deadlines are the
 * request's own: `connectTimeoutMs` until a connection takes the request, `headersTimeoutMs` from then, or from the last
 * piece of an upload, until the head of the answer. Silence within a body is the relay's to judge.
 */
export const networkTransport = (options: NetworkOptions): Transport => {
  const egress = egressGuard({ allowPrivate: options.allowPrivate, lookup: options.lookup ?? systemLookup })
  const dial = dialer({
    egress,
    proxy: options.proxy === null ? null : new URL(options.proxy.reveal()),
    certificateAuthorities: options.certificateAuthorities,
    dialTimeoutMs: options.dialTimeoutMs ?? 30_000,
  })
  const agent = agentOf(options, dial)
  const wayTo = checkedWays(egress.checkUrl)
  const send = (request: UpstreamRequest): Promise<UpstreamReply> =>
    new Promise((resolve, reject) => {
      const { method, signal } = request
      signal.throwIfAborted()
      const { origin, path } = wayTo(request.url)
      const sending = new Sending(request, options.clock, { resolve, reject })
      try {
        agent.dispatch(
          {
            origin,
            path,
            method: method as Dispatcher.HttpMethod,
            headers: headersOf(request),
            body: bodyOf(request),
          },
          sending,
        )
        sending.inLine()
      } catch (error) {
        // A header or path that HTTP cannot carry.
        sending.onResponseError(null, faultProblem('protocol', error))
      }
    })
  return {
    send,
    connect: (request) => dialChannel(request, { dial, clock: options.clock }),
    close: () => agent.close(),
  }
}
