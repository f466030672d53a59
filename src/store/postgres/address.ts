/** Where a Postgres is, read out of its URL. What the URL holds of secrets goes no further than the connection. */

import { readFileSync } from 'node:fs'
import { Problem } from '#base/problem.ts'

export type PostgresHost = { readonly host: string; readonly port: number }

export type PostgresTls = {
  /** Whether the certificate is checked; without it only that the line is encrypted. */
  readonly checked: boolean
  /** Whether the name in it is as well. */
  readonly nameChecked: boolean
  /** PEM; `null` = the authorities that this machine trusts. */
  readonly authority: string | null
  readonly certificate: string | null
  readonly key: string | null
}

export type PostgresAddress = {
  /** Tried in their order until one takes writes. A folder stands for the socket in it. */
  readonly hosts: readonly PostgresHost[]
  readonly database: string
  readonly user: string
  readonly password: string | null
  readonly tls: PostgresTls | null
  /** For errors and logs: hosts and database, no secret. */
  readonly label: string
}

/** PEM that is given beside the URL, and goes before what the URL names. */
export type GivenTls = {
  readonly authority: string | null
  readonly certificate: string | null
  readonly key: string | null
}

export type PostgresPlace = {
  /** `postgres://…`, with its secret. */
  readonly url: string
  /** The same server around a pooler; absent or `null`: as `url`. */
  readonly directUrl?: string | null
  readonly tls?: GivenTls
}

const portDefault = 5432
const hostsMax = 16

const parameterNames = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'host'] as const

const refuse = (why: string): Problem =>
  new Problem('invalid_request_error', {
    message: `"store.url" ${why}. It is written postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full.`,
    param: 'store.url',
  })

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) throw refuse('has a % that begins no escape')
    throw error
  }
}

const hostOf = (text: string): PostgresHost => {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text)
  const port = Number(match?.[2] ?? portDefault)
  if (match?.[1] === undefined || port === 0 || port > 65_535)
    throw refuse('names no host, or a port that there is not')
  return { host: decoded(match[1].replace(/^\[|\]$/g, '')), port }
}

const fileText = (name: string, path: string | null): string | null => {
  if (path === null) return null
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error'
    throw refuse(`names a file in ${name} that cannot be read (${code})`)
  }
}

/** As libpq has them, without those that fall back to a plain line: whoever asks for encryption gets it or an error. */
const tlsOf = (parameters: URLSearchParams, given: GivenTls): PostgresTls | null => {
  const isGiven = Object.values(given).some((text) => text !== null)
  const mode = parameters.get('sslmode') ?? (isGiven ? 'verify-full' : 'disable')
  if (mode === 'disable') {
    if (isGiven) throw refuse('says sslmode=disable, and store.tls has files for an encrypted line: remove one of them')
    return null
  }
  if (mode !== 'require' && mode !== 'verify-ca' && mode !== 'verify-full')
    throw refuse('has an sslmode that is none of disable, require, verify-ca, verify-full')
  const authority = given.authority ?? fileText('sslrootcert', parameters.get('sslrootcert'))
  return {
    checked: mode !== 'require' || authority !== null,
    nameChecked: mode === 'verify-full' || given.authority !== null,
    authority,
    certificate: given.certificate ?? fileText('sslcert', parameters.get('sslcert')),
    key: given.key ?? fileText('sslkey', parameters.get('sslkey')),
  }
}

const noTls: GivenTls = { authority: null, certificate: null, key: null }

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT[,HOST:PORT…]/DATABASE?sslmode=…`; `?host=/FOLDER` is a socket.
 * @throws Problem `invalid_request_error` that repeats nothing of the password.
 */
export const readPostgresUrl = (url: string, given: GivenTls = noTls): PostgresAddress => {
  const match = /^postgres(?:ql)?:\/\/(?:([^@/?]*)@)?([^/?@]*)\/([^/?]+)(?:\?(.*))?$/.exec(url)
  if (match === null) throw refuse('cannot be read: it has no host, no database, or characters that have to be escaped')
  const [, login = '', places = '', name = '', query = ''] = match
  const parameters = new URLSearchParams(query)
  for (const key of parameters.keys())
    if (!(parameterNames as readonly string[]).includes(key))
      throw refuse(`has a parameter "${key.slice(0, 40)}" that is none of ${parameterNames.join(', ')}`)
  const [user = '', password] = login.split(/:(.*)/s)
  if (user === '') throw refuse('names no user')
  const folder = parameters.get('host')
  const hosts =
    folder === null
      ? places.split(',').map(hostOf)
      : [{ host: folder, port: Number(places.split(':')[1] ?? portDefault) }]
  if (hosts.length > hostsMax) throw refuse(`names more than ${hostsMax} hosts`)
  const database = decoded(name)
  return {
    hosts,
    database,
    user: decoded(user),
    password: password === undefined ? null : decoded(password),
    tls: tlsOf(parameters, given),
    label: `postgres ${hosts.map(({ host, port }) => `${host}:${port}`).join(',')}/${database}`,
  }
}

/** The way that leads around a pooler, where one is given. */
export const directAddress = ({ url, directUrl, tls }: PostgresPlace): PostgresAddress =>
  readPostgresUrl(directUrl ?? url, tls)
