/** What a store operation runs on. Operations are written once; SQLite and Postgres run the same ones. */

import type { CompiledQuery, Kysely } from 'kysely'
import type { Tables } from '#store/tables.ts'

/** A transaction that the backend has begun and will commit: an operation that throws leaves nothing behind. */
export type Transaction = Kysely<Tables>

/** `read` operations are answered also where the store cannot write. */
export type StoreOperation<I, O> = {
  readonly kind: 'read' | 'write'
  readonly run: (transaction: Transaction, input: I) => Promise<O>
}

export const read = <I, O>(run: StoreOperation<I, O>['run']): StoreOperation<I, O> => ({ kind: 'read', run })
export const write = <I, O>(run: StoreOperation<I, O>['run']): StoreOperation<I, O> => ({ kind: 'write', run })

/** A statement that runs often: nobody reads how many rows it changed. */
type HotQuery = CompiledQuery & { readonly isHot: true }

/** Whether it was compiled once and comes again and again: then it needs nothing of the query builder. */
export const isHot = (statement: object): statement is HotQuery => 'isHot' in statement

/** Whether the statement changes rows. */
export const isChange = (sql: string): boolean => /^\s*(?:insert|update|delete)\b/.test(sql)

/** Whether nothing of the statement's answer is read, so that it may be sent along with the next one. */
export const isAnswerUnread = (statement: CompiledQuery | HotQuery): boolean =>
  isHot(statement) && isChange(statement.sql) && !/\breturning\b/.test(statement.sql)

/**
 * Runs a statement that was compiled once with other values in its place: building the text of a statement costs ten
 * times what running it does.
 */
export const runHot = <O>(transaction: Transaction, statement: CompiledQuery<O>, parameters: readonly unknown[]) =>
  transaction.executeQuery<O>({ ...statement, parameters, isHot: true } as CompiledQuery<O>)
