/** What a store operation runs on. Operations are written once; SQLite and Postgres run the same ones. */

import type { CompiledQuery, Kysely } from 'kysely'
import type { Tables } from '#store/tables.ts'

/** A transaction that the backend has begun and will commit: an operation that throws leaves nothing behind. */
export type Transaction = Kysely<Tables>

/** What operations of one batch have changed in memory and not in the tables yet. */
export type LateWrites = {
  /** Before anything else looks at the tables, and at the end of the batch. */
  readonly write: (transaction: Transaction) => Promise<void>
  /** The transaction is undone, and all of it with it. */
  readonly forget: () => void
}

/** `read` operations are answered also where the store cannot write. */
export type StoreOperation<I, O> = {
  readonly kind: 'read' | 'write'
  readonly run: (transaction: Transaction, input: I) => Promise<O>
  /** The same for one of many in a row, which leaves sums to be written later; absent = it writes everything itself. */
  readonly together?: { readonly run: StoreOperation<I, O>['run']; readonly late: LateWrites }
  /** It neither looks at what others write late nor changes it; absent = that is written before it runs. */
  readonly isApart?: true
}

export const read = <I, O>(run: StoreOperation<I, O>['run']): StoreOperation<I, O> => ({ kind: 'read', run })
export const write = <I, O>(run: StoreOperation<I, O>['run']): StoreOperation<I, O> => ({ kind: 'write', run })

/** A statement that runs often: nobody reads how many rows it changed. */
type HotQuery = CompiledQuery & { readonly isHot: true }

/** Whether it was compiled once and comes again and again: then it needs nothing of the query builder. */
const isHot = (statement: object): statement is HotQuery => 'isHot' in statement

/** Whether the statement changes rows. */
export const isChange = (sql: string): boolean => /^\s*(?:insert|update|delete)\b/.test(sql)

/** Whether nothing of the statement's answer is read, so that it may be sent along with the next one. */
export const isAnswerUnread = (statement: CompiledQuery | HotQuery): boolean =>
  isHot(statement) && isChange(statement.sql) && !/\breturning\b/.test(statement.sql)

/** Rows of a statement: there already where the database is in this thread, and later where it is elsewhere. */
export type Rows<O> = readonly O[] | Promise<readonly O[]>

/** A transaction that nobody has to wait for. */
export type AnswersAtOnce = {
  readonly rowsOf: <O>(statement: CompiledQuery<O>, parameters: readonly unknown[]) => readonly O[]
}

const answersAtOnce = (transaction: object): transaction is AnswersAtOnce => 'rowsOf' in transaction

/**
 * Runs a statement that was compiled once with other values in its place, and gives its rows: building the text of a statement costs ten
 * times what running it does.
 */
export const runHot = <O>(
  transaction: Transaction,
  statement: CompiledQuery<O>,
  parameters: readonly unknown[],
): Rows<O> => {
  if (answersAtOnce(transaction)) return transaction.rowsOf(statement, parameters)
  const { sql, query, queryId } = statement
  const hot = { sql, query, queryId, parameters, isHot: true } as CompiledQuery<O>
  return transaction.executeQuery(hot).then(({ rows }) => rows)
}

/** Goes on with what may be there already: then at once. */
export const goOn = <T, R>(value: T | Promise<T>, on: (value: T) => R | Promise<R>): R | Promise<R> =>
  value instanceof Promise ? value.then(on) : on(value)
