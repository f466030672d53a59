/** One question to a server's HTTP; where its certificate is known, to that server and to no other. */

import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
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

const dial = async ({ url, signal, certificate }: ServerQuestion): Promise<TLSSocket> => {
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

const askPinned = async (question: ServerQuestion): Promise<ServerAnswer> => {
  const { url, method = 'GET', headers = {}, body, signal } = question
  const socket = await dial(question)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request(url, { method, headers, signal, createConnection: () => socket })
    .once('response', resolve)
    .once('error', reject)
    .end(body)
  try {
    const reply = await promise
    const chunks: Buffer[] = []
    for await (const chunk of reply) chunks.push(chunk as Buffer)
    return { status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }
  } finally {
    socket.destroy()
  }
}

/** Asks, and reads the whole answer. Rejects where nobody answers, or another server does; no redirect is followed. */
export const askServer = async (question: ServerQuestion): Promise<ServerAnswer> => {
  const { url, signal, certificate } = question
  if (certificate !== null && url.protocol === 'https:') return askPinned(question)
  const { method = 'GET', headers = {}, body } = question
  const init = { method, headers, signal, redirect: 'error', ...(body === undefined ? {} : { body }) } as const
  const reply = await fetch(url, init)
  return { status: reply.status, text: await reply.text() }
}
