/** All that Postgres runs: what every backend does, and what nodes that share a store need. */

import type { StoreOperation } from '#store/operations/context.ts'
import { makeOperations } from '#store/operations/index.ts'
import { makeClusterOperations } from './cluster-operations.ts'
import { makeSimilarOperations } from './similar-operations.ts'

export const makePostgresOperations = () => ({
  ...makeOperations({ isFar: true }),
  ...makeClusterOperations(),
  ...makeSimilarOperations(),
})

export type PostgresOperations = ReturnType<typeof makePostgresOperations>
export type PostgresOperationName = keyof PostgresOperations

type InputOf<N extends PostgresOperationName> =
  PostgresOperations[N] extends StoreOperation<infer I, infer _O> ? I : never
type OutputOf<N extends PostgresOperationName> =
  PostgresOperations[N] extends StoreOperation<infer _I, infer O> ? O : never

/** Runs one operation to its certain end. */
export type PostgresExecute = <N extends PostgresOperationName>(name: N, input: InputOf<N>) => Promise<OutputOf<N>>
