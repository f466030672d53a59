/**
 * Statements whose answer nobody reads, kept until something has to be asked: they go with it in one round trip. A network or a busy
 * server makes a transaction as long as its round trips, and others of its lane wait for its end.
 */

import pg from 'pg'
import type { Connection } from './connection.ts'
import { storable } from './connection.ts'

/** More than this is not kept: a statement that waits costs memory on both sides. */
const keptCharactersMax = 262_144

const literal = (value: unknown): string => {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'bigint') return `(${value})`
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number that is none cannot be stored')
    return `(${value})`
  }
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString('hex')}'::bytea`
  if (typeof value === 'string') return pg.escapeLiteral(String(storable(value)))
  throw new TypeError(`a value of type ${typeof value} cannot be stored`)
}

/** The statement with its values in their places. Its own text holds no literal with a `$` in it. */
export const written = (sql: string, values: readonly unknown[]): string =>
  sql.replace(/\$(\d+)/g, (_place, number: string) => literal(values[Number(number) - 1]))

export type Deferred = {
  /** Keeps the statement; the answer comes when so much waits that it is sent. */
  readonly defer: (sql: string, values: readonly unknown[]) => Promise<void>
  /** Asks, after what waits. */
  readonly ask: Connection['query']
  /** What waits, to be sent by whoever calls; ends with `;` where there is any. */
  readonly take: () => string
}

/** Nothing waits longer than a transaction: whoever ends it takes or drops the rest. */
export const deferredOn = (connection: Connection): Deferred => {
  let waiting: string[] = []
  let characters = 0
  const take = (): string => {
    const text = waiting.length === 0 ? '' : `${waiting.join('; ')}; `
    waiting = []
    characters = 0
    return text
  }
  return {
    defer: async (sql, values) => {
      const text = written(sql, values)
      waiting.push(text)
      characters += text.length
      if (characters > keptCharactersMax) await connection.query(take())
    },
    ask: (sql, values = []) =>
      waiting.length === 0 ? connection.query(sql, values) : connection.query(`${take()}${written(sql, values)}`),
    take,
  }
}
