/** What the search by vectors needs in the database. No schema step: most databases have no pgvector, and need none. */

import { Problem } from '#base/problem.ts'
import type { Connection } from './connection.ts'
import { lockText } from './lane.ts'

const missing = (why: string): Problem =>
  new Problem('store_unavailable', {
    message: `The block "semantic_cache" needs the extension pgvector in the Postgres of "store.url": ${why}. Or remove the block.`,
  })

const makeExtension = async (connection: Connection): Promise<void> => {
  const { rows } = await connection.query(
    `select exists (select from pg_extension where extname = 'vector') as made, exists (select from pg_available_extensions where name = 'vector') as there`,
  )
  if (rows[0]?.made === true) return
  if (rows[0]?.there !== true)
    throw missing(
      "it is not installed there. Install it on the server (packages are called postgresql-NN-pgvector), then run 'create extension vector' in the database as its administrator",
    )
  try {
    await connection.query('create extension if not exists vector')
  } catch (error) {
    if (connection.isLost()) throw error
    throw missing("this user may not create it. Run 'create extension vector' in the database as its administrator")
  }
}

/**
 * Makes what the search needs, where it is not there.
 * @throws Problem `store_unavailable` where the server has no pgvector, naming what to do.
 */
export const openSimilar = async (connection: Connection): Promise<void> => {
  await makeExtension(connection)
  await connection.query(`begin; ${lockText(null)};
    create table if not exists similar_answer (
      call text primary key, scope text not null, embedding vector not null, body bytea not null,
      kept_ms bigint not null, expires_ms bigint not null);
    create index if not exists similar_answer_by_scope on similar_answer (scope, kept_ms);
    create index if not exists similar_answer_by_age on similar_answer (kept_ms);
    create index if not exists similar_answer_by_expiry on similar_answer (expires_ms);
    commit`)
}
