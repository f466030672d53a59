/** A look into a store that another process may be serving: nothing is changed there, no schema step made, no lock taken. */

import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Problem } from '#base/problem.ts'
import type { PostgresPlace } from './postgres/address.ts'

type Row = Readonly<Record<string, unknown>>

export type LookIn = {
  /** Every row; none where there is no such table yet. */
  readonly rows: (sql: string) => Promise<readonly Row[]>
  readonly close: () => void
}

const answerTimeoutMs = 5_000

const unreadable = (where: string, cause: unknown): Problem =>
  new Problem('store_unavailable', {
    message: `${where} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
    cause,
  })

/** Into the embedded store; `null` = there is none yet. @throws Problem `store_unavailable`. */
export const lookInFile = (file: string): LookIn | null => {
  if (!existsSync(file)) return null
  try {
    const database = new DatabaseSync(file, { readOnly: true, readBigInts: true, timeout: answerTimeoutMs })
    return {
      rows: async (sql) => {
        try {
          return database.prepare(sql).all()
        } catch (cause) {
          if (cause instanceof Error && cause.message.startsWith('no such table')) return []
          throw unreadable(file, cause)
        }
      },
      close: () => database.close(),
    }
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

const undefinedTable = '42P01'

/** @throws Problem `store_unavailable`. */
export const lookInPostgres = async (place: PostgresPlace): Promise<LookIn> => {
  const { connect } = await import('./postgres/connection.ts')
  const { directAddress } = await import('./postgres/address.ts')
  const where = 'Postgres'
  try {
    const options = { connectTimeoutMs: answerTimeoutMs, answerTimeoutMs }
    const connection = await connect({ address: directAddress(place), ...options })
    return {
      rows: async (sql) => {
        try {
          return (await connection.query(sql)).rows
        } catch (cause) {
          if ((cause as { readonly code?: unknown }).code === undefinedTable) return []
          throw unreadable(where, cause)
        }
      },
      close: connection.end,
    }
  } catch (cause) {
    throw unreadable(where, cause)
  }
}
