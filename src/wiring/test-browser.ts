/** A browser at the admin API: it keeps the cookie that it is given, and says what pages of this server say. */

import { Buffer } from 'node:buffer'
import { createAdminApi } from '#admin/api.ts'
import { actorFor, visitFor } from '#admin/authenticate.ts'
import { operations } from '#admin/operations.ts'
import { reachOf } from '#admin/reach.ts'
import { systemIds } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import { endpointTable } from '#http/endpoint.ts'
import type { Inbound } from '#http/inbound.ts'
import type { Desk } from './test-desk.ts'

export type Told = {
  readonly status: number
  readonly json: Readonly<Record<string, unknown>>
  readonly code: string | undefined
  readonly cookie: string | undefined
}

export type Browser = {
  readonly ask: (method: string, path: string, body?: object) => Promise<Told>
  /** The same with other headers than a page of this server sends. */
  readonly saying: (headers: Readonly<Record<string, string>>) => Browser['ask']
  readonly cookie: () => string | null
  /** Both that it holds, as `name=value`. */
  readonly cookies: () => readonly string[]
  /** Forgets both cookies: the browser of somebody else. */
  readonly clear: () => void
}

export const origin = 'https://relay.example'

const cookieHeader = (...pairs: readonly (string | null)[]): Readonly<Record<string, string>> => {
  const sent = pairs.filter((pair) => pair !== null)
  return sent.length === 0 ? {} : { cookie: sent.join('; ') }
}

const noKey = (): never => {
  throw new Problem('invalid_api_key', { message: 'There are no keys here.' })
}

/** `address`: where it is; `server`: what it knows the server as. */
export const openBrowser = ({ ports, clock }: Desk, address = '192.0.2.1', server = origin): Browser => {
  const ids = systemIds(clock)
  const failed = (problem: Problem): never => {
    throw problem
  }
  const api = createAdminApi({ operations, ports, clock, ids, version: '0', failed })
  const table = endpointTable(api.endpoints)
  const authentication = { localToken: 'the local token', identify: noKey, identifyCaller: noKey, ports, clock }
  let kept: string | null = null
  let known: string | null = null
  const saying: Browser['saying'] = (headers) => async (method, target, body) => {
    const { pathname, searchParams } = new URL(`/api/v1${target}`, origin)
    const { value, parameters } = table.match(method, pathname)
    const bytes = Buffer.from(JSON.stringify(body ?? {}))
    const inbound: Inbound = {
      id: ids.next('call'),
      origin: server,
      method,
      path: pathname,
      query: searchParams,
      headers: { 'sec-fetch-site': 'same-origin', ...cookieHeader(kept, known), ...headers },
      remoteAddress: address,
      fromLoopback: false,
      arrivedMs: 0,
      signal: new AbortController().signal,
      body: body === undefined ? { kind: 'none' } : { kind: 'bytes', bytes, contentType: 'application/json' },
    }
    const reach = value.kind === 'operation' ? reachOf(value.operation) : 'everybody'
    const actor = await actorFor(inbound, authentication, { reach })
    const { visit, headers: given } = visitFor(inbound)
    const answer = await api.answer({ endpoint: value, parameters, inbound, actor, visit })
    const cookies = given()['set-cookie'] ?? []
    for (const text of cookies) {
      const [pair = ''] = text.split(';')
      if (pair.startsWith('__Host-drover-known=')) known = pair
      else kept = text.includes('Max-Age=0') ? null : pair
    }
    const cookie = cookies.find((text) => !text.startsWith('__Host-drover-known='))
    const json = JSON.parse(Buffer.from(answer.body).toString()) as Told['json']
    const code = (json['error'] as { readonly code?: string } | undefined)?.code
    return { status: answer.status, json, code, cookie }
  }
  return {
    ask: saying({}),
    saying,
    cookie: () => kept,
    cookies: () => [kept, known].filter((pair) => pair !== null),
    clear: () => {
      kept = null
      known = null
    },
  }
}

/** The token of the last letter's link. */
export const linkIn = ({ letters }: Desk): string => letters.at(-1)?.mail.text.match(/#([A-Za-z0-9_-]{43})/)?.[1] ?? ''
