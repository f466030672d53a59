/** Operations of nodes that share a store. All times are the server's own: the clocks of nodes may differ. */

import { sql } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import type { HeldMandate, Mandate, NodeBeat, NodeView } from '#job/port.ts'
import type { Delivery } from '#notify/port.ts'
import { abandonNode } from '#store/operations/books/lease.ts'
import { bookStatements } from '#store/operations/books/statement.ts'
import type { Transaction } from '#store/operations/context.ts'
import { read, write } from '#store/operations/context.ts'
import { outboxOperations } from '#store/operations/outbox.ts'
import { appendTrail } from '#store/operations/trail.ts'

const nodesMax = 1000

/** Where nodes are asked to return what they do not need of an account's leases. */
export const recallChannel = 'drover_recall'

const serverNowMs = sql<bigint>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`

const beat = async (transaction: Transaction, { node, boot, url, version, digest }: NodeBeat): Promise<void> => {
  const told = { boot, url, version, digest }
  await transaction
    .insertInto('node')
    .values({ id: node, ...told, started_ms: serverNowMs, heard_ms: serverNowMs })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({
        ...told,
        heard_ms: serverNowMs,
        started_ms: sql<bigint>`case when node.boot = excluded.boot then node.started_ms else excluded.started_ms end`,
      }),
    )
    .execute()
}

const nodes = async (transaction: Transaction): Promise<readonly NodeView[]> => {
  const rows = await transaction
    .selectFrom('node')
    .selectAll()
    .select(sql<bigint>`${serverNowMs} - heard_ms`.as('ago_ms'))
    .orderBy('id')
    .limit(nodesMax)
    .execute()
  return rows.map(({ id, url, version, digest, started_ms, heard_ms, ago_ms }) => ({
    node: id,
    url,
    version,
    digest,
    startedMs: Number(started_ms),
    heardMs: Number(heard_ms),
    agoMs: Number(ago_ms),
  }))
}

type MandateRequest = { readonly name: string; readonly holder: string; readonly lengthMs: number }

/** Whoever takes a mandate from another begins a new term. */
const takeMandate = async (transaction: Transaction, request: MandateRequest): Promise<Mandate> => {
  const { name, holder, lengthMs } = request
  const until = sql<bigint>`${serverNowMs} + ${sql.lit(Math.round(lengthMs))}`
  const row = await transaction
    .insertInto('mandate')
    .values({ name, holder, term: 1, until_ms: until })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({
          holder,
          until_ms: until,
          term: sql<bigint>`mandate.term + case when mandate.holder = excluded.holder then 0 else 1 end`,
        })
        .where(({ eb, or, ref }) =>
          or([eb('mandate.holder', '=', ref('excluded.holder')), eb('mandate.until_ms', '<=', serverNowMs)]),
        ),
    )
    .returning('term')
    .executeTakeFirst()
  return row === undefined ? { held: false, term: 0 } : { held: true, term: Number(row.term) }
}

/** Whoever takes the mandate meanwhile waits for the end of this transaction. */
const checkMandate = async (transaction: Transaction, { name, holder, term }: HeldMandate): Promise<void> => {
  const held = await transaction
    .selectFrom('mandate')
    .select('term')
    .where('name', '=', name)
    .where('holder', '=', holder)
    .where('term', '=', BigInt(term))
    .forShare()
    .executeTakeFirst()
  if (held === undefined)
    throw new Problem('conflict', { message: `The mandate "${name}" has passed to another node since term ${term}.` })
}

/** Only Postgres has them: SQLite has one node. */
export const makeClusterOperations = (run = bookStatements()) => ({
  recall: write(async (transaction, account: string): Promise<void> => {
    await sql`select pg_notify(${recallChannel}, ${account})`.execute(transaction)
  }),
  beat: write(beat),
  trailEnd: read(
    async (transaction, _nothing: null): Promise<{ readonly position: number; readonly nowMs: number }> => {
      const row = await transaction
        .selectFrom('trail_head')
        .select(['position', serverNowMs.as('now_ms')])
        .executeTakeFirstOrThrow()
      return { position: Number(row.position), nowMs: Number(row.now_ms) }
    },
  ),
  nodes: read((transaction, _nothing: null) => nodes(transaction)),
  leave: write(async (transaction, node: string): Promise<void> => {
    await transaction.deleteFrom('node').where('id', '=', node).execute()
    await transaction.updateTable('mandate').set({ until_ms: 0 }).where('holder', 'like', `${node}.%`).execute()
  }),
  forgetNode: write(
    async (
      transaction,
      { node, nowMs, trail }: { readonly node: string; readonly nowMs: number; readonly trail: TrailRow | null },
    ): Promise<boolean> => {
      const gone = await transaction.deleteFrom('node').where('id', '=', node).returning('id').executeTakeFirst()
      await abandonNode({ transaction, run }, node, nowMs)
      if (gone !== undefined && trail !== null) await appendTrail(transaction, trail)
      return gone !== undefined
    },
  ),
  takeMandate: write(takeMandate),
  noteDeliveryUnder: write(
    async (
      transaction,
      { delivery, mandate }: { readonly delivery: Delivery; readonly mandate: HeldMandate },
    ): Promise<void> => {
      await checkMandate(transaction, mandate)
      await outboxOperations.noteDelivery.run(transaction, delivery)
    },
  ),
})
