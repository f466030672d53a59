/** Kysely on node:sqlite, synchronous underneath: only ever used inside the store's worker thread. */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { AnswersAtOnce } from '#store/operations/context.ts'
import type { Tables } from '#store/tables.ts'

/** Prepared statements kept; the ones used longest ago go first. */
const statementsMax = 200

/**
 * Where a limit is a value and nothing else, SQLite plans the statement anew each time it runs, to look at the value (seen with 3.53.4): that takes
 * longer than most statements do. Nobody here asks for so few rows that their plan would be another one.
 */
const plannedOnce = (text: string): string => text.replaceAll(/\blimit \?/g, 'limit ? + 0')

type Prepared = { readonly statement: StatementSync; readonly givesRows: boolean }

const prepareOn = (database: DatabaseSync, text: string): Prepared => {
  const statement = database.prepare(plannedOnce(text))
  return { statement, givesRows: statement.columns().length > 0 }
}

/** Prepares what the query builder makes. */
const makePrepare = (database: DatabaseSync): ((text: string) => Prepared) => {
  const kept = new Map<string, Prepared>()
  return (text) => {
    const known = kept.get(text)
    const prepared = known ?? prepareOn(database, text)
    if (known !== undefined) kept.delete(text)
    kept.set(text, prepared)
    if (kept.size > statementsMax) {
      const [oldest] = kept.keys()
      if (oldest !== undefined) kept.delete(oldest)
    }
    return prepared
  }
}

/** Prepares hot statements, of which there are as many as in the sources, and which run for every call: none of them ever goes. */
const makePrepareHot = (database: DatabaseSync): ((text: string) => Prepared) => {
  const kept = new Map<string, Prepared>()
  return (text) => {
    let prepared = kept.get(text)
    if (prepared === undefined) {
      prepared = prepareOn(database, text)
      kept.set(text, prepared)
    }
    return prepared
  }
}

const makeConnection = (database: DatabaseSync): DatabaseConnection => {
  const prepare = makePrepare(database)
  return {
    executeQuery: async <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => {
      const { statement, givesRows } = prepare(sql)
      const values = parameters as readonly SQLInputValue[]
      if (givesRows) return { rows: statement.all(...values) as R[] }
      const { changes, lastInsertRowid } = statement.run(...values)
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    },
    // biome-ignore lint/correctness/useYield: the driver's contract asks for a generator, and nothing here streams.
    streamQuery: async function* () {
      throw new Error('the store reads pages, it does not stream')
    },
  }
}

const transactionsElsewhere = async (): Promise<never> => {
  throw new Error('the batch begins and commits, operations do not')
}

const makeDriver = (connection: DatabaseConnection): Driver => ({
  init: async () => {},
  acquireConnection: async () => connection,
  releaseConnection: async () => {},
  beginTransaction: transactionsElsewhere,
  commitTransaction: transactionsElsewhere,
  rollbackTransaction: transactionsElsewhere,
  destroy: async () => {},
})

const noRows: readonly never[] = []

/** Hot statements go straight to the database: the builder's way to it, with its pool of one and its promises, costs more than running them does. */
class OnDatabase extends Kysely<Tables> implements AnswersAtOnce {
  readonly #prepare: (text: string) => Prepared

  constructor(dialect: Dialect, database: DatabaseSync) {
    super({ dialect })
    this.#prepare = makePrepareHot(database)
  }

  rowsOf<O>({ sql }: CompiledQuery<O>, parameters: readonly unknown[]): readonly O[] {
    const { statement, givesRows } = this.#prepare(sql)
    const values = parameters as readonly SQLInputValue[]
    if (givesRows) return statement.all(...values) as O[]
    statement.run(...values)
    return noRows
  }
}

/** The query builder over this database. Whoever runs operations begins and commits on the database itself. */
export const kyselyOn = (database: DatabaseSync): Kysely<Tables> => {
  const connection = makeConnection(database)
  const dialect: Dialect = {
    createDriver: () => makeDriver(connection),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
  }
  return new OnDatabase(dialect, database)
}
