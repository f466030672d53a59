/** Operations run by a server, over its admin API. */

import { apiPrefix } from '#admin/api.ts'
import { fieldsOf } from '#admin/field.ts'
import type { Operation } from '#admin/operation.ts'
import { isObject } from '#base/json-type.ts'
import { askServer } from './ask-server.ts'
import { Failure } from './failure.ts'
import type { LockHolder } from './ports.ts'

export type Client = {
  /** For people: whose answer this is. */
  readonly where: string
  /** SHA-256 of the certificate that it must show; absent or `null` = what this machine trusts. */
  readonly certificate?: string | null
  /** Runs the operation; the input has been checked. Rejects with a Failure or a Problem. */
  readonly run: (operation: Operation, input: Readonly<Record<string, unknown>>) => Promise<unknown>
  readonly close: () => Promise<void>
}

export type RemoteServer = {
  readonly url: string
  readonly credential: string
  /** How the credential came to be, for the advice when it is refused. */
  readonly credentialFrom: string
  /** SHA-256 of the certificate that it must show; absent or `null` = what this machine trusts. */
  readonly certificate?: string | null
}

/** The server that holds this data folder, as its lock says. */
export const lockedServer = (lock: LockHolder & { readonly url: string }, data: string): RemoteServer => ({
  url: lock.url,
  credential: lock.token,
  credentialFrom: `the lock of ${data}`,
  certificate: lock.certificate,
})

/** Of operations that do not say themselves how long they may take. */
const answerTimeoutMs = 60_000

const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.map(String).join(',') : typeof value === 'object' ? JSON.stringify(value) : String(value)

const fallbackOf = (operation: Operation, name: string): unknown =>
  fieldsOf(operation.input).find((field) => field.name === name)?.fallback

const requestOf = (operation: Operation, input: Readonly<Record<string, unknown>>, server: RemoteServer) => {
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const path = operation.path.replace(/\{(\w+)(\+?)\}/g, (_text, name: string, several: string) => {
    // What is in the path cannot be left out of it, as the rest can, for the server to set.
    const value = textOf(rest.get(name) ?? fallbackOf(operation, name))
    rest.delete(name)
    return several === '+' ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value)
  })
  const url = new URL(`${server.url.replace(/\/+$/, '')}${apiPrefix}${path}`)
  const headers = { authorization: `Bearer ${server.credential}`, accept: 'application/json' }
  if (operation.method === 'GET' || operation.method === 'DELETE') {
    for (const [name, value] of rest) url.searchParams.set(name, textOf(value))
    return { url, init: { method: operation.method, headers } }
  }
  const body = JSON.stringify(Object.fromEntries(rest))
  return { url, init: { method: operation.method, headers: { ...headers, 'content-type': 'application/json' }, body } }
}

const refused = (status: number, text: string, server: RemoteServer): Failure => {
  let body: unknown = null
  try {
    body = JSON.parse(text)
  } catch {
    return new Failure({
      what: `${server.url} answered ${status} with something that is not JSON.`,
      why: 'There may be another program, or a proxy, at this address.',
      next: 'Check the address: it is the base of the server, without /v1.',
      code: 'unreachable',
    })
  }
  const error = isObject(body) && isObject(body['error']) ? body['error'] : {}
  const message = typeof error['message'] === 'string' ? error['message'] : `The server answered ${status}.`
  const next =
    status === 401 || status === 403
      ? `The credential came from ${server.credentialFrom}. Use an admin key of this server.`
      : null
  return new Failure({
    what: message,
    why: null,
    next,
    code: typeof error['code'] === 'string' ? error['code'] : 'failed',
  })
}

/** Thrown where nobody listens, so that the caller can tell a server that has gone from one that refuses. */
export class Unreachable extends Failure {}

const unreachable = (server: RemoteServer, thrown: unknown): Unreachable => {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  const why = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause)
  return new Unreachable(
    {
      what: `The server at ${server.url} cannot be reached.`,
      why,
      next: 'Start it with "drover serve", or name another with --url or DROVER_URL.',
      code: 'unreachable',
    },
    1,
    thrown,
  )
}

/** The server is there and has not answered: nobody knows what became of it, so that it is not done a second time. */
const late = (server: RemoteServer, waitedMs: number): Failure =>
  new Failure({
    what: `The server at ${server.url} did not answer within ${Math.round(waitedMs / 1000)} s.`,
    why: 'It may still be at it: what was asked may yet be done.',
    next: 'Look before you ask again.',
    code: 'timeout',
  })

/** A client of the server; nothing is sent before `run`. */
export const remoteClient = (server: RemoteServer): Client => ({
  where: server.url,
  certificate: server.certificate ?? null,
  run: async (operation, input) => {
    const { url, init } = requestOf(operation, input, server)
    let status: number
    let text: string
    const waitMs = operation.answerMsMax ?? answerTimeoutMs
    const signal = AbortSignal.timeout(waitMs)
    try {
      const answer = await askServer({ url, ...init, signal, certificate: server.certificate ?? null })
      status = answer.status
      text = answer.text
    } catch (thrown) {
      throw signal.aborted ? late(server, waitMs) : unreachable(server, thrown)
    }
    if (status !== 200) throw refused(status, text, server)
    try {
      return operation.output.parse(JSON.parse(text))
    } catch (cause) {
      throw new Failure(
        {
          what: `${server.url} answered something that this version does not understand.`,
          why: 'The command line and the server may be of different versions.',
          next: `Use the command line of the server's version; 'drover --version' shows this one's.`,
          code: 'failed',
        },
        1,
        cause,
      )
    }
  },
  close: async () => {},
})
