/** Opens sockets to upstreams: through the egress guard, or through an HTTP proxy that the operator gave. */

import { Buffer } from 'node:buffer'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { getCACertificates } from 'node:tls'
import { buildConnector } from 'undici'
import { Problem } from '#base/problem.ts'
import type { Egress } from './egress.ts'

export type DialOptions = {
  readonly egress: Egress
  /** `http://user:password@host:port` (or https); the target's name is then resolved by the proxy. */
  readonly proxy: URL | null
  /** PEM texts beside those of the system. */
  readonly certificateAuthorities: string | null
  /** The longest a socket may take to open, TLS included. */
  readonly dialTimeoutMs: number
}

type Dial = buildConnector.connector

/**
 * The system gives up to 64 KiB at once. With so much it is asked for more when all has been taken, and not before: else twice as much would wait
 * for a caller who does not read. Of less, such as an event, it is not told to stop and to go on each time. undici has a mark of 64 KiB;
 * where it finds none of its own, Node takes this.
 */
const readAheadBytes = 16_384
const askedWhenTaken = { highWaterMark: undefined, readableHighWaterMark: readAheadBytes }

const proxyFault = (message: string, cause?: unknown): Problem =>
  new Problem('upstream_error', { message, facts: { fault: 'connect' }, cause })

/** CONNECT after RFC 9110 section 9.3.6 (https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6, read 2026-11-22). */
const tunnel = (proxy: URL, target: string, timeoutMs: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
    const credential: Record<string, string> =
      proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }
    const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...credential },
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    })
    // Of any status: Node takes every answer to CONNECT for this event.
    request.once('connect', (response, socket, head) => {
      if (response.statusCode === 200 && head.length === 0) return resolve(socket as Socket)
      socket.destroy()
      reject(proxyFault(`The proxy refused the connection to the provider (status ${response.statusCode}).`))
    })
    request.once('error', (cause) => reject(proxyFault('The proxy of this provider cannot be reached.', cause)))
    request.end()
  })

const tlsOptions = (authorities: string | null) =>
  authorities === null ? {} : { ca: [...getCACertificates('default'), authorities] }

/**
 * A connector for undici. Without a proxy the guard resolves and checks what is dialled. With one, the proxy's own address is
 * the operator's word and is not checked, literal targets are, and names are resolved by the proxy, whose rules then hold.
 */
export const dialer = (options: DialOptions): Dial => {
  const { egress, proxy, dialTimeoutMs } = options
  const shared = { allowH2: false, timeout: dialTimeoutMs, ...tlsOptions(options.certificateAuthorities) }
  // undici's type of the options leaves `lookup` and the marks out, and passes them to net.connect all the same.
  const direct = buildConnector({ ...shared, lookup: egress.lookup } as buildConnector.BuildOptions)
  // With TLS a record of 16 KiB comes at once.
  const plain = buildConnector({ ...shared, ...askedWhenTaken, lookup: egress.lookup } as buildConnector.BuildOptions)
  const overSocket = buildConnector(shared)
  return (target, callback) => {
    const port = target.port || (target.protocol === 'https:' ? '443' : '80')
    const host = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname
    try {
      egress.checkUrl(new URL(`${target.protocol}//${host}:${port}`))
    } catch (problem) {
      callback(problem as Error, null)
      return
    }
    if (proxy === null) {
      if (target.protocol === 'https:') direct(target, callback)
      else plain(target, callback)
      return
    }
    tunnel(proxy, `${host}:${port}`, dialTimeoutMs).then(
      (socket) => {
        if (target.protocol === 'https:') overSocket({ ...target, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (problem: Error) => callback(problem, null),
    )
  }
}
