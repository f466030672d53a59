/** Answers by the vectors of their questions: only where pgvector searches (https://github.com/pgvector/pgvector, read 2026-11-29). */

import { sql } from 'kysely'
import type { NearestAnswer, SimilarAnswer, SimilarStore } from '#reuse/port.ts'
import type { Transaction } from '#store/operations/context.ts'
import { read, write } from '#store/operations/context.ts'

type Nearest = Parameters<SimilarStore['nearestAnswer']>[0]
type Sweep = Parameters<SimilarStore['sweepSimilar']>[0]

const vectorText = (vector: readonly number[]): string => `[${vector.join(',')}]`

/** Every answer of the scope is compared: an index of neighbours would miss some, and a scope is small. */
const nearest = async (transaction: Transaction, question: Nearest): Promise<NearestAnswer | null> => {
  const { scope, vector, nowMs, sinceMs } = question
  const { rows } = await sql<{ call: string; body: Uint8Array; kept_ms: bigint; similarity: number }>`
    select call, body, kept_ms, 1 - (embedding <=> ${vectorText(vector)}::vector) as similarity
    from similar_answer where scope = ${scope} and expires_ms > ${nowMs} and kept_ms >= ${sinceMs}
    order by embedding <=> ${vectorText(vector)}::vector, kept_ms desc limit 1`.execute(transaction)
  const [row] = rows
  // A vector of zeros has no direction, and is like nothing.
  if (row === undefined || !(row.similarity <= 1.000001)) return null
  return { call: row.call, body: row.body, keptMs: Number(row.kept_ms), similarity: Math.min(1, row.similarity) }
}

type Keeping = { readonly answer: SimilarAnswer; readonly ofScopeMax: number }

const keep = async (transaction: Transaction, { answer, ofScopeMax }: Keeping): Promise<void> => {
  const { call, scope, vector, body, keptMs, expiresMs } = answer
  await sql`
    insert into similar_answer (call, scope, embedding, body, kept_ms, expires_ms)
    values (${call}, ${scope}, ${vectorText(vector)}::vector, ${Buffer.from(body)}, ${keptMs}, ${expiresMs})
    on conflict (call) do nothing`.execute(transaction)
  await sql`
    delete from similar_answer where call in (
      select call from similar_answer where scope = ${scope} order by kept_ms desc, call desc offset ${ofScopeMax})`.execute(
    transaction,
  )
}

const sweep = async (transaction: Transaction, { nowMs, answersMax, limit }: Sweep): Promise<number> => {
  const { numAffectedRows } = await sql`
    delete from similar_answer where call in (
      (select call from similar_answer where expires_ms <= ${nowMs} limit ${limit})
      union all
      (select call from similar_answer order by kept_ms desc, call desc offset ${answersMax} limit ${limit})
      limit ${limit})`.execute(transaction)
  return Number(numAffectedRows ?? 0n)
}

/** They fail until `openSimilar` (similar-schema.ts) has made their table. */
export const makeSimilarOperations = () => ({
  nearestAnswer: read(nearest),
  keepSimilar: write(keep),
  sweepSimilar: write(sweep),
})
