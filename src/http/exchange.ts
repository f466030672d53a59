/** One request and its answer: from the head that was read to the last byte, whichever way it ends. */

import assert from 'node:assert'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { BodyOptions } from './body.ts'
import { hasBody, readBody } from './body.ts'
import type { TrustedProxies } from './caller-address.ts'
import { callerAddress } from './caller-address.ts'
import type { Cors } from './cors.ts'
import type { EndpointMatch, EndpointTable } from './endpoint.ts'
import { checkHops } from './hops.ts'
import type { Answer, Asked, Exchange, Inbound, InboundBody, Outbound } from './inbound.ts'
import { outboundOf, sendAnswer } from './reply.ts'
import type { RequestHead } from './request-head.ts'
import { readHead } from './request-head.ts'

/** Carries out one exchange. It reads the body when it knows the caller, and ends or cuts the answer. */
export type Handle<T> = (exchange: Exchange, match: EndpointMatch<T>) => Promise<void>

/** Writes a refusal for whoever sent this head; `null` = it could not be read. */
export type WriteProblem = (problem: Problem, asked: Asked, head: RequestHead | null) => Answer

export type ExchangeOptions<T> = Pick<
  BodyOptions,
  'bodyLimitBytes' | 'uploadLimitBytes' | 'bodyTimeoutMs' | 'uploadTimeoutMs' | 'idleTimeoutMs' | 'spoolDir'
> & {
  readonly endpoints: EndpointTable<T>
  readonly handle: Handle<T>
  readonly writeProblem: WriteProblem
  readonly trustedProxies: TrustedProxies
  readonly cors: Cors
  /** `server.public_url`, where it is set. */
  readonly publicOrigin?: string | null
  readonly stallTimeoutMs: number
  readonly draining: () => boolean
  /** Told of a head that was refused: where the next request of its connection begins, nobody can be sure of. */
  readonly onUnreadable: (request: IncomingMessage) => void
  readonly log: Log
  readonly clock: Clock
  readonly ids: Ids
}

/** How long, and how much, is still read of a body that was refused, so that its sender gets to read the refusal. */
const lingerTimeoutMs = 5_000
const lingerBytesMax = 256 * 1024 * 1024
/** A refused body of this length is read to its end, and its connection kept: another one would cost more than that, above all with TLS. */
const shortBytesMax = 64 * 1024

/** What a browser sends when a person follows a link or types an address. */
const asksForPage = ({ method, headers }: RequestHead): boolean =>
  (method === 'GET' || method === 'HEAD') && /\btext\/html\b/.test(headers['accept'] ?? '')

const serverLimits = { body: 'server.body_limit', upload: 'server.upload_limit' }
const pathLimits = { body: 'the limit of this path', upload: 'the limit of this path' }

const callerLeft = (): DOMException => new DOMException('The caller has left.', 'AbortError')

const expectsContinue = (request: IncomingMessage): boolean => request.headers.expect?.toLowerCase() === '100-continue'

class Conversation<T> {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #options: ExchangeOptions<T>
  readonly #id: string
  readonly #arrivedMs: number
  readonly #leaving = new AbortController()
  readonly #outbound: Outbound
  #head: RequestHead | null = null
  #body: InboundBody | null = null
  #reading = false
  #continued = false
  #isUnreadable = false

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions<T>) {
    this.#request = request
    this.#response = response
    this.#options = options
    this.#id = options.ids.next('call')
    this.#arrivedMs = options.clock.monotonicMs()
    response.once('close', () => {
      if (!response.writableFinished) this.#leaving.abort(callerLeft())
    })
    this.#outbound = outboundOf({
      response,
      signal: this.#leaving.signal,
      clock: options.clock,
      stallTimeoutMs: options.stallTimeoutMs,
      everyHead: () => this.#everyHead(),
      linger: () => this.#linger(),
    })
  }

  breakOff(): boolean {
    if (!this.#response.writableEnded) this.#leaving.abort(callerLeft())
    return this.#outbound.headSent()
  }

  async run(): Promise<void> {
    try {
      this.#head = this.#readHead()
      await this.#dispatch(this.#head)
    } catch (thrown) {
      await this.#refuse(thrown)
    } finally {
      await this.#finish()
    }
  }

  /** What follows on the connection may be already here: it is refused before anything is waited for. */
  #readHead(): RequestHead {
    try {
      return readHead(this.#request)
    } catch (refusal) {
      this.#isUnreadable = true
      this.#options.onUnreadable(this.#request)
      throw refusal
    }
  }

  async #dispatch(head: RequestHead): Promise<void> {
    const { endpoints, handle } = this.#options
    if (head.method === 'OPTIONS') return this.#answerOptions(head)
    checkHops(head.headers)
    const match = endpoints.match(head.method, head.path, asksForPage(head))
    this.#checkExpectations(head)
    const inbound = this.#inboundOf(head, match)
    await handle({ inbound, outbound: this.#outbound, read: () => this.#read(inbound, match) }, match)
  }

  #checkExpectations(head: RequestHead): void {
    const { expect, upgrade } = head.headers
    if (expect !== undefined && !expectsContinue(this.#request))
      throw new Problem('invalid_request_error', { status: 417, message: 'Only "expect: 100-continue" is understood.' })
    // Other upgrades (h2c) are offers that a server may pass over.
    if (upgrade?.toLowerCase() === 'websocket')
      throw new Problem('invalid_request_error', {
        status: 426,
        message: `${head.path.slice(0, 128)} is not served over WebSocket. Use a plain HTTP request.`,
      })
  }

  async #answerOptions(head: RequestHead): Promise<void> {
    const { endpoints, cors } = this.#options
    const methods = head.path === '*' ? ['GET', 'HEAD', 'OPTIONS', 'POST'] : endpoints.methodsOf(head.path)
    if (methods === null) {
      endpoints.match('OPTIONS', head.path)
      return
    }
    this.#outbound.head(204, cors.preflightHeaders(head.headers, methods))
    await this.#outbound.end()
  }

  #inboundOf(head: RequestHead, match: EndpointMatch<T>): Inbound {
    const { id, origin } = this.#asked()
    const peer = this.#request.socket.remoteAddress
    const { remoteAddress, fromLoopback } = callerAddress(peer, head.headers, this.#options.trustedProxies)
    return {
      id,
      origin,
      method: head.method,
      path: match.path,
      query: head.query,
      headers: head.headers,
      duplicates: head.duplicates,
      remoteAddress,
      fromLoopback,
      arrivedMs: this.#arrivedMs,
      signal: this.#leaving.signal,
      body: { kind: 'none' },
    }
  }

  async #read(inbound: Inbound, match: EndpointMatch<T>): Promise<Inbound> {
    assert(!this.#reading, 'a body is read once')
    this.#reading = true
    const { endpoint } = match
    const takesBody = inbound.method !== 'GET' && inbound.method !== 'HEAD' && inbound.method !== 'DELETE'
    const own = endpoint.bodyLimitBytes
    const options = this.#options
    this.#body = await readBody(this.#request, {
      bodyLimitBytes: own ?? options.bodyLimitBytes,
      uploadLimitBytes: own ?? options.uploadLimitBytes,
      limitNames: own === undefined ? serverLimits : pathLimits,
      bodyTimeoutMs: options.bodyTimeoutMs,
      uploadTimeoutMs: options.uploadTimeoutMs,
      idleTimeoutMs: options.idleTimeoutMs,
      spoolDir: options.spoolDir,
      clock: options.clock,
      ids: options.ids,
      accepts: endpoint.accepts ?? (takesBody ? ['json'] : []),
      signal: this.#leaving.signal,
      begin: () => this.#continue(),
    })
    return { ...inbound, body: this.#body }
  }

  #continue(): void {
    if (!expectsContinue(this.#request)) return
    this.#continued = true
    this.#response.writeContinue()
  }

  #asked(): Asked {
    const host = this.#head?.headers['host']
    const scheme = 'encrypted' in this.#request.socket ? 'https' : 'http'
    const origin = this.#options.publicOrigin ?? (host === undefined ? '' : `${scheme}://${host}`)
    return { id: this.#id, origin }
  }

  #bodyUnread(): boolean {
    const isRead = this.#body !== null && this.#body.kind !== 'none'
    return !isRead && hasBody(this.#request) && !this.#request.complete
  }

  #isShort(): boolean {
    const { headers } = this.#request
    return Number(headers['content-length'] ?? Number.NaN) <= shortBytesMax && !expectsContinue(this.#request)
  }

  #everyHead(): Record<string, string> {
    const closing = this.#options.draining() || this.#isUnreadable || (this.#bodyUnread() && !this.#isShort())
    return {
      'x-request-id': this.#id,
      ...this.#options.cors.answerHeaders(this.#head?.headers ?? {}),
      ...(closing ? { connection: 'close' } : {}),
    }
  }

  /** Closing on unread bytes makes the system reset the connection, and the answer is lost on its way. */
  #linger(): Promise<void> | null {
    const request = this.#request
    if (!this.#bodyUnread() || (expectsContinue(request) && !this.#continued)) return null
    return new Promise((resolve) => {
      let sizeBytes = 0
      const done = (): void => {
        cancel()
        request.off('data', onData).off('end', done).off('close', done).off('error', done)
        resolve()
      }
      const onData = (chunk: Uint8Array): void => {
        sizeBytes += chunk.length
        if (sizeBytes > lingerBytesMax) done()
      }
      const cancel = this.#options.clock.after(lingerTimeoutMs, () => {
        // The rest of it may never come.
        this.#response.once('finish', () => request.socket.destroySoon())
        done()
      })
      request.on('data', onData).once('end', done).once('close', done).once('error', done)
      request.resume()
    })
  }

  async #refuse(thrown: unknown): Promise<void> {
    const { signal } = this.#leaving
    if (signal.aborted && (thrown === signal.reason || !(thrown instanceof Problem))) {
      this.#outbound.cut()
      return
    }
    const problem = asProblem(thrown)
    if (problem.code === 'internal_error')
      this.#options.log.error('a request failed inside Drover', { call: this.#id, error: problem.cause ?? problem })
    if (this.#outbound.headSent()) {
      this.#outbound.cut()
      return
    }
    try {
      await sendAnswer(this.#outbound, this.#options.writeProblem(problem, this.#asked(), this.#head))
    } catch (failure) {
      if (!signal.aborted)
        this.#options.log.debug('a refusal was not read by its caller', { call: this.#id, error: failure })
      this.#outbound.cut()
    }
  }

  async #finish(): Promise<void> {
    if (!this.#response.writableEnded && !this.#response.destroyed && !this.#outbound.headSent()) {
      this.#options.log.error('a request was handled without an answer', { call: this.#id })
      this.#outbound.cut()
    }
    if (this.#body?.kind !== 'form') return
    try {
      await this.#body.form.dispose()
    } catch (failure) {
      this.#options.log.error('spooled files could not be deleted', { call: this.#id, error: failure })
    }
  }
}

export type OpenExchange = {
  /** The connection has become unreadable: the handler is told that its caller has left. Gives whether an answer had begun. */
  readonly breakOff: () => boolean
  /** Resolves when the exchange is over and cleaned up; never rejects. */
  readonly run: () => Promise<void>
}

/** Begins one exchange; an error of the handler becomes a refusal, or a cut where the answer had begun. */
export const exchangeOf = <T>(
  request: IncomingMessage,
  response: ServerResponse,
  options: ExchangeOptions<T>,
): OpenExchange => {
  const conversation = new Conversation(request, response, options)
  return { breakOff: () => conversation.breakOff(), run: () => conversation.run() }
}
