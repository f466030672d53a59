/** Kysely on one connection to Postgres. Whoever runs operations begins and commits himself. */

import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { isAnswerUnread } from '#store/operations/context.ts'
import type { Tables } from '#store/tables.ts'
import type { Deferred } from './deferred.ts'

const makeConnection = ({ defer, ask }: Deferred): DatabaseConnection => ({
  executeQuery: async <R>(statement: CompiledQuery): Promise<QueryResult<R>> => {
    const { sql, parameters } = statement
    if (isAnswerUnread(statement)) {
      await defer(sql, parameters)
      return { rows: [] }
    }
    // Unnamed statements only: a pooler may run the next transaction on another session.
    const { rows, rowCount, command } = await ask(sql, parameters)
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

const makeDriver = (deferred: Deferred): Driver => {
  const made = makeConnection(deferred)
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

/** The query builder over this connection; whoever commits sends what is deferred. */
export const kyselyOn = (deferred: Deferred): Kysely<Tables> => {
  const dialect: Dialect = {
    createDriver: () => makeDriver(deferred),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
  }
  return new Kysely<Tables>({ dialect })
}
