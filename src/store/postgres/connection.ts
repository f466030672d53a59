/** One connection to the server that takes writes. It keeps no state of its session: poolers hand it on between transactions. */

import assert from 'node:assert/strict'
import type { ClientConfig, QueryResult } from 'pg'
import pg from 'pg'
import type { PostgresAddress, PostgresHost } from './address.ts'
import { isSessionEnd, LineLost } from './failure.ts'

export type Connection = {
  /** One round trip. Several statements without parameters may be in one text: the answer is the last one's. */
  readonly query: (text: string, values?: readonly unknown[]) => Promise<QueryResult>
  /** The line is gone, or not to be trusted any more. */
  readonly isLost: () => boolean
  /** Ends it without waiting for the server. */
  readonly end: () => void
  /** Told of every notification that is listened for. */
  readonly onNotice: (listener: (channel: string, payload: string) => void) => void
  readonly onLost: (listener: () => void) => void
}

export type ConnectOptions = {
  readonly address: PostgresAddress
  readonly connectTimeoutMs: number
  /** How long the server may take to answer before the line is given up. */
  readonly answerTimeoutMs: number
}

const int8Oid = 20
const numericOid = 1700

/** Whole numbers are 64 bits wide, and sums of them wider: both are read exactly. */
const types: NonNullable<ClientConfig['types']> = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === int8Oid) return BigInt
    if (oid === numericOid) return (text: string) => (text.includes('.') ? Number(text) : BigInt(text))
    return pg.types.getTypeParser(oid, format)
  }) as NonNullable<ClientConfig['types']>['getTypeParser'],
}

const configOf = ({ address, connectTimeoutMs, answerTimeoutMs }: ConnectOptions, at: PostgresHost): ClientConfig => {
  const { tls, user, database, password } = address
  return {
    host: at.host,
    port: at.port,
    user,
    database,
    // Never taken from the environment or a password file, as an empty text would be: the configuration says who this is.
    password: () => password ?? '',
    application_name: 'drover',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types,
    ssl:
      tls === null
        ? false
        : {
            rejectUnauthorized: tls.checked,
            ...(tls.nameChecked ? {} : { checkServerIdentity: () => undefined }),
            ...(tls.authority === null ? {} : { ca: tls.authority }),
            ...(tls.certificate === null ? {} : { cert: tls.certificate }),
            ...(tls.key === null ? {} : { key: tls.key }),
          },
  }
}

/** Postgres refuses this one character, which callers may well send. */
export const storable = (value: unknown): unknown =>
  typeof value === 'string' && value.includes('\u0000') ? value.replaceAll('\u0000', '\ufffd') : value

/** What Node says of certificates (https://nodejs.org/api/tls.html#x509-certificate-error-codes, from memory), and the driver of encryption. */
const tlsReasons: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER_CERT(?:_LOCALLY)?|VERIFY_LEAF_SIGNATURE))$/,
    'its certificate was signed by none of the authorities that are trusted here: name the right one in sslrootcert or store.tls.ca_file',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'its certificate is for another name than the host in the URL: connect by a name that is in it',
  ],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired: renew it on the server'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet: set the clock of this machine'],
  [
    /does not support SSL/,
    'it does not encrypt, and sslmode asks for it: turn on "ssl" there, or say sslmode=disable on a network that you trust',
  ],
]

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'an unknown error'
  const reason = 'code' in error && typeof error.code === 'string' ? error.code : error.message
  return tlsReasons.find(([pattern]) => pattern.test(reason))?.[1] ?? reason
}

/** The server answered with an error of its own; anything else that goes wrong is the line's. */
const isAnswer = (error: unknown): boolean => error instanceof pg.DatabaseError

/** Of several statements the driver gives the answers of all. */
const lastOf = (found: QueryResult | readonly QueryResult[]): QueryResult => {
  const last = Array.isArray(found) ? (found as readonly QueryResult[]).at(-1) : (found as QueryResult)
  assert(last !== undefined)
  return last
}

const connectionOf = (client: pg.Client): Connection => {
  let lost = false
  const listeners: (() => void)[] = []
  const lose = (): void => {
    if (lost) return
    lost = true
    for (const listener of listeners) listener()
  }
  client.on('error', lose)
  client.on('end', lose)
  return {
    query: async (text, values) => {
      if (lost) throw new LineLost('the connection has ended')
      try {
        const found =
          values === undefined || values.length === 0
            ? await client.query(text)
            : await client.query(text, values.map(storable))
        return lastOf(found)
      } catch (error) {
        if (isAnswer(error) && !isSessionEnd(error)) throw error
        lose()
        throw new LineLost(reasonOf(error), { cause: error })
      }
    },
    isLost: () => lost,
    end: () => {
      lose()
      // The answer to a farewell is nobody's business: a line that is cut ends as well.
      client.end().catch(lose)
    },
    onNotice: (listener) => {
      client.on('notification', ({ channel, payload }) => listener(channel, payload ?? ''))
    },
    onLost: (listener) => {
      listeners.push(listener)
      if (lost) listener()
    },
  }
}

const tryHost = async (options: ConnectOptions, host: PostgresHost): Promise<Connection> => {
  const client = new pg.Client(configOf(options, host))
  const connection = connectionOf(client)
  try {
    await client.connect()
    const { rows } = await connection.query(
      `select pg_is_in_recovery() as replica, current_setting('transaction_read_only') as reading`,
    )
    if (rows[0]?.replica !== false) throw new LineLost('it is a replica, and money is never decided from one')
    if (rows[0]?.reading !== 'off')
      throw new LineLost('it is set to read-only, as a server is that was put out of service')
    return connection
  } catch (error) {
    connection.end()
    if (error instanceof LineLost || (isAnswer(error) && !isSessionEnd(error))) throw error
    throw new LineLost(reasonOf(error), { cause: error })
  }
}

/**
 * Connects to the first host that takes writes.
 * @throws LineLost where none can be reached, or the server's own error where it refuses the user or the database.
 */
export const connect = async (options: ConnectOptions): Promise<Connection> => {
  let failure: unknown = new LineLost('no host is named')
  for (const host of options.address.hosts)
    try {
      return await tryHost(options, host)
    } catch (error) {
      failure = error
    }
  throw failure
}
