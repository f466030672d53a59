/** Kysely on one connection to Postgres. Whoever runs operations begins and commits himself. */

import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { Tables } from '#store/tables.ts'
import type { Connection } from './connection.ts'

const makeConnection = (connection: Connection): DatabaseConnection => ({
  executeQuery: async <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => {
    // Unnamed statements only: a pooler may run the next transaction on another session.
    const { rows, rowCount, command } = await connection.query(sql, parameters)
    const changes = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE'
    return { rows, ...(changes && rowCount !== null ? { numAffectedRows: BigInt(rowCount) } : {}) }
  },
  // biome-ignore lint/correctness/useYield: the driver's contract asks for a generator, and nothing here streams.
  streamQuery: async function* () {
    throw new Error('the store reads pages, it does not stream')
  },
})

const transactionsElsewhere = async (): Promise<never> => {
  throw new Error('the executor begins and commits, operations do not')
}

const makeDriver = (connection: Connection): Driver => {
  const made = makeConnection(connection)
  return {
    init: async () => {},
    acquireConnection: async () => made,
    releaseConnection: async () => {},
    beginTransaction: transactionsElsewhere,
    commitTransaction: transactionsElsewhere,
    rollbackTransaction: transactionsElsewhere,
    destroy: async () => {},
  }
}

/** The query builder over this connection. */
export const kyselyOn = (connection: Connection): Kysely<Tables> => {
  const dialect: Dialect = {
    createDriver: () => makeDriver(connection),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
  }
  return new Kysely<Tables>({ dialect })
}
