/** One question to a server's HTTP; where its certificate is known, to that server and to no other. */

import type { IncomingMessage } from 'node:http'
import { request as requestPlain } from 'node:http'
import type { AgentOptions } from 'node:https'
import { Agent, request as requestSecure } from 'node:https'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connect } from 'node:tls'

export type ServerQuestion = {
  readonly url: URL
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
  /**
   * SHA-256 of the certificate that the server must show, as its lock says it; `null` = what this machine trusts. A server
   * is reached by its address here, which a certificate for its public name does not bear.
   */
  readonly certificate: string | null
}

export type ServerAnswer = { readonly status: number; readonly text: string }

type Dialling = Pick<ServerQuestion, 'url' | 'signal' | 'certificate'>

const dial = async ({ url, signal, certificate }: Dialling): Promise<TLSSocket> => {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const name = isIP(host) === 0 ? { servername: host } : {}
  // Nothing is sent before the certificate has been compared: no name and no authority says more than that.
  const socket = connect({ host, port: Number(url.port || '443'), ...name, rejectUnauthorized: false })
  const leave = (): void => {
    reject(signal.reason)
    socket.destroy()
  }
  signal.addEventListener('abort', leave, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', leave))
  socket.once('error', reject)
  socket.once('secureConnect', () => {
    if (socket.getPeerX509Certificate()?.fingerprint256 === certificate) resolve(socket)
    else socket.destroy(new Error('it shows another certificate than the server of the data folder'))
  })
  return promise
}

/**
 * Asks, and reads the whole answer, however long it takes: what is asked may look through all books, and only `signal` ends the wait.
 * Rejects where nobody answers, or another server does; no redirect is followed.
 */
export const askServer = async (question: ServerQuestion): Promise<ServerAnswer> => {
  const { url, method = 'GET', headers = {}, body, signal, certificate } = question
  const isSecure = url.protocol === 'https:'
  const socket = isSecure && certificate !== null ? await dial(question) : null
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = isSecure ? requestSecure : requestPlain
  // A connection of its own, so that no other holds the command back from its end.
  const way = socket === null ? { agent: false as const } : { createConnection: () => socket }
  request(url, { method, headers, signal, ...way })
    .once('response', resolve)
    .once('error', reject)
    .end(body)
  try {
    const reply = await promise
    const chunks: Buffer[] = []
    for await (const chunk of reply) chunks.push(chunk as Buffer)
    return { status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }
  } finally {
    socket?.destroy()
  }
}

/** Connections to the server that shows this certificate, and to no other, which stay open between questions. */
export const pinnedAgent = (to: Dialling, settings: AgentOptions): Agent => {
  const agent = new Agent(settings)
  agent.createConnection = (_options, made) => {
    dial(to).then(
      (socket) => made?.(null, socket),
      (error: Error) => made?.(error, undefined as never),
    )
    return undefined
  }
  return agent
}
