/** The head of a request, read once and strictly: what node:http lets through and a relay must not. */

import type { IncomingMessage } from 'node:http'
import { Problem } from '#base/problem.ts'

export type RequestHead = {
  readonly method: string
  /** As it was sent, without query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Lower-case names; a repeated header is joined by `, `, one that may stand only once keeps its first value. */
  readonly headers: Readonly<Record<string, string>>
  /** Every value of every repeated header. */
  readonly duplicates: Readonly<Record<string, readonly string[]>>
}

const headersMax = 100

/**
 * Headers of which the first counts: joining two would make a third. Credentials are not among them: joined, two different
 * ones are seen and refused where keys are checked.
 */
const single: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'host',
  'idempotency-key',
  'user-agent',
])

const hostForm = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/

const malformed = (message: string): Problem => new Problem('invalid_request_error', { message })

const joined = (name: string, values: readonly string[]): string =>
  single.has(name) ? (values[0] as string) : values.join(name === 'cookie' ? '; ' : ', ')

type Fields = Pick<RequestHead, 'headers' | 'duplicates'>

/** As they were sent, of repeated ones all values. */
const collect = (rawHeaders: readonly string[]): Fields => {
  const headers: Record<string, string> = Object.create(null)
  const duplicates: Record<string, string[]> = Object.create(null)
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase()
    const value = rawHeaders[index + 1] as string
    const first = headers[name]
    if (first === undefined) headers[name] = value
    else {
      duplicates[name] ??= [first]
      duplicates[name].push(value)
    }
  }
  for (const name in duplicates) headers[name] = joined(name, duplicates[name] as string[])
  return { headers, duplicates }
}

const readHost = (request: IncomingMessage, { headers, duplicates }: Fields): string | null => {
  const { host } = headers
  if (host === undefined) {
    if (request.httpVersion === '1.0') return null
    throw malformed('The request has no Host header; HTTP/1.1 requires one.')
  }
  if (duplicates['host'] !== undefined) throw malformed('The request has more than one Host header. Send exactly one.')
  if (!hostForm.test(host)) throw malformed('The Host header is not a host name with an optional port.')
  return host
}

/** The parser takes any number for the version, and frames a body by it. */
const checkVersion = ({ httpVersion }: IncomingMessage): void => {
  if (httpVersion === '1.1' || httpVersion === '1.0') return
  const message = `HTTP ${httpVersion} is not spoken here. Send the request as HTTP/1.1.`
  throw new Problem('invalid_request_error', { status: 505, message })
}

/** The parser calls handlers before it refuses these. */
const checkFraming = ({ httpVersion }: IncomingMessage, { headers, duplicates }: Fields): void => {
  const encoding = headers['transfer-encoding']
  if (encoding === undefined) return
  const isRepeated = duplicates['transfer-encoding'] !== undefined
  if (isRepeated || encoding.toLowerCase() !== 'chunked' || httpVersion === '1.0')
    throw malformed('The only transfer-encoding that is read here is "chunked", in HTTP/1.1.')
}

/** `http://host/path` as proxies send it: only when it names the same host as the Host header. */
const ofAbsoluteForm = (target: string, host: string | null): string => {
  const form = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target)
  if (form === null) throw malformed('The request target must begin with "/".')
  const [, authority = '', rest = ''] = form
  if (authority.toLowerCase() !== host?.toLowerCase())
    throw malformed('The request target names another host than the Host header. They must be the same.')
  return rest.startsWith('/') ? rest : `/${rest}`
}

/**
 * Reads a head.
 * @throws Problem `invalid_request_error` (another version than 1.0 and 1.1, no Host, two, a malformed one, a target of another host or form) and
 * `headers_too_large` (more than 100).
 */
export const readHead = (request: IncomingMessage): RequestHead => {
  const { rawHeaders, method = 'GET', url = '/' } = request
  if (rawHeaders.length / 2 > headersMax)
    throw new Problem('headers_too_large', { message: `The request has more than ${headersMax} headers. Send fewer.` })
  checkVersion(request)
  const fields = collect(rawHeaders)
  checkFraming(request, fields)
  const host = readHost(request, fields)
  const target = url.startsWith('/') || (url === '*' && method === 'OPTIONS') ? url : ofAbsoluteForm(url, host)
  const queryAt = target.indexOf('?')
  return {
    method,
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    query: new URLSearchParams(queryAt === -1 ? '' : target.slice(queryAt + 1)),
    ...fields,
  }
}
