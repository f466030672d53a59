/** Operations of nodes that share a store. All times are the server's own: the clocks of nodes may differ. */

import { sql } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import type { HeldMandate, Mandate, NodeBeat, NodeView, StoreChanges } from '#job/port.ts'
import type { AccountFacts, AccountState } from '#ledger/port.ts'
import type { Delivery } from '#notify/port.ts'
import { abandonNode } from '#store/operations/books/lease.ts'
import { bookStatements } from '#store/operations/books/statement.ts'
import type { Transaction } from '#store/operations/context.ts'
import { read, write } from '#store/operations/context.ts'
import { outboxOperations } from '#store/operations/outbox.ts'
import { appendTrail } from '#store/operations/trail.ts'
import { keyRow } from '#store/row/key-row.ts'

/** Trail rows that are looked at one by one; beyond them everything is read anew. */
const changesMax = 200
const nodesMax = 1000

/** Where nodes are asked to return what they do not need of an account's leases. */
export const recallChannel = 'drover_recall'

const serverNowMs = sql<bigint>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`

const idPattern = /\b(?:key|acc|prj|mem|sgn)_[0-9a-z]{26}\b/g

/** Every id that a change mentions: whoever reads the objects anew misses none of them. */
const mentioned = (
  rows: readonly { readonly object: string; readonly before: string | null; readonly after: string | null }[],
) => {
  const ids = new Set<string>()
  for (const { object, before, after } of rows)
    for (const text of [object, before ?? '', after ?? '']) for (const [id] of text.matchAll(idPattern)) ids.add(id)
  return [...ids]
}

const accountsOf = async (transaction: Transaction, ids: readonly string[]): Promise<readonly AccountFacts[]> => {
  if (ids.length === 0) return []
  const rows = await transaction
    .selectFrom('account_money')
    .innerJoin('account', 'account.id', 'account_money.account')
    .select(['account_money.account', 'account_money.billing', 'account_money.state', 'account.plan'])
    .where((where) =>
      where.or([
        where('account.id', 'in', ids),
        where('account.id', 'in', where.selectFrom('signup').select('account').where('id', 'in', ids)),
      ]),
    )
    .execute()
  return rows.map(({ account, billing, state, plan }) => ({
    id: account,
    billing: billing as AccountFacts['billing'],
    state: state as AccountState,
    plan,
  }))
}

/** Keys that are named, and those of projects and people that are themselves what changed. */
const keysOf = async (transaction: Transaction, ids: readonly string[], owners: readonly string[]) => {
  if (ids.length === 0) return []
  const none = ['']
  const named = owners.length === 0 ? none : [...owners]
  const rows = await transaction
    .selectFrom('key')
    .selectAll()
    .where((where) =>
      where.or([where('id', 'in', [...ids]), where('project', 'in', named), where('member', 'in', named)]),
    )
    .execute()
  return rows.map(keyRow)
}

/** Changes that are told by the keys or accounts they name, and touch nothing else of the snapshot. */
const isOfKeys = (operation: string): boolean => /^(?:keys|start|import\.key)\b/.test(operation)

const changesAfter = async (transaction: Transaction, after: number): Promise<StoreChanges> => {
  const rows = await transaction
    .selectFrom('trail')
    .select(['position', 'operation', 'object', 'before', 'after'])
    .where('position', '>', BigInt(after))
    .orderBy('position')
    .limit(changesMax)
    .execute()
  const ids = mentioned(rows)
  const owners = rows.map(({ object }) => object).filter((object) => /^(?:prj|mem)_/.test(object))
  return {
    position: Number(rows.at(-1)?.position ?? after),
    keys: await keysOf(transaction, ids, owners),
    accounts: await accountsOf(transaction, ids),
    others: rows.some(({ operation }) => !isOfKeys(operation)),
    everything: rows.length === changesMax,
  }
}

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
  changesAfter: read(changesAfter),
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
