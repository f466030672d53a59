/** What providers keep for callers. */

import type { Insertable, Selectable } from 'kysely'
import type { BindingChange, BindingKind, BindingPage, BindingRow } from '#resource/port.ts'
import type { BindingTable } from '#store/kept-tables.ts'
import { read, write } from './context.ts'

type Named = { readonly id: string; readonly holder: string }

const rowOf = (row: Selectable<BindingTable>): BindingRow => {
  const { upstream_id, created_ms, expires_ms, next_ms, test, kind, form, state, ...rest } = row
  return {
    ...rest,
    kind: kind as BindingKind,
    form: form as BindingRow['form'],
    state: state as BindingRow['state'],
    test: test !== 0n,
    upstreamId: upstream_id,
    createdMs: Number(created_ms),
    expiresMs: expires_ms === null ? null : Number(expires_ms),
    nextMs: next_ms === null ? null : Number(next_ms),
  }
}

const valuesOf = (row: BindingRow): Insertable<BindingTable> => {
  const { upstreamId, createdMs, expiresMs, nextMs, test, ...rest } = row
  return {
    ...rest,
    test: test ? 1 : 0,
    upstream_id: upstreamId,
    created_ms: createdMs,
    expires_ms: expiresMs,
    next_ms: nextMs,
  }
}

const changesOf = ({ createdMs, expiresMs, nextMs, ...rest }: BindingChange) => ({
  ...rest,
  ...(createdMs === undefined ? {} : { created_ms: createdMs }),
  ...(expiresMs === undefined ? {} : { expires_ms: expiresMs }),
  ...(nextMs === undefined ? {} : { next_ms: nextMs }),
})

export const bindingOperations = {
  keepBinding: write(async (transaction, row: BindingRow): Promise<boolean> => {
    const values = valuesOf(row)
    const kept = await transaction
      .insertInto('binding')
      .values(values)
      .onConflict((conflict) =>
        conflict
          .columns(['id', 'holder'])
          .doUpdateSet(values)
          .where('binding.provider', '=', row.provider)
          .where('binding.kind', '=', row.kind)
          .where('binding.state', '=', 'ended'),
      )
      .returning('id')
      .executeTakeFirst()
    return kept !== undefined
  }),

  binding: read(
    async (transaction, { id, holder, nowMs }: Named & { readonly nowMs: number }): Promise<BindingRow | null> => {
      const row = await transaction
        .selectFrom('binding')
        .selectAll()
        .where('id', '=', id)
        .where('holder', '=', holder)
        .where((where) => where.or([where('expires_ms', 'is', null), where('expires_ms', '>', BigInt(nowMs))]))
        .executeTakeFirst()
      return row === undefined ? null : rowOf(row)
    },
  ),

  bindings: read(async (transaction, page: BindingPage): Promise<readonly BindingRow[]> => {
    const { holder, kind, form, purpose, order, after, limit, nowMs } = page
    let query = transaction
      .selectFrom('binding')
      .selectAll()
      .where('holder', '=', holder)
      .where('kind', '=', kind)
      .where('form', '=', form)
      .where('state', '!=', 'hidden')
      .where((where) => where.or([where('expires_ms', 'is', null), where('expires_ms', '>', BigInt(nowMs))]))
      .orderBy('created_ms', order)
      .orderBy('id', order)
      .limit(limit)
    if (purpose !== null) query = query.where('purpose', '=', purpose)
    if (after !== null) {
      const from = await transaction
        .selectFrom('binding')
        .select('created_ms')
        .where('id', '=', after)
        .where('holder', '=', holder)
        .executeTakeFirst()
      if (from === undefined) return []
      const beyond = order === 'asc' ? '>' : '<'
      query = query.where((where) =>
        where.or([
          where('created_ms', beyond, from.created_ms),
          where.and([where('created_ms', '=', from.created_ms), where('id', beyond, after)]),
        ]),
      )
    }
    return (await query.execute()).map(rowOf)
  }),

  changeBinding: write(
    async (
      transaction,
      { named, change }: { readonly named: Named; readonly change: BindingChange },
    ): Promise<boolean> => {
      const changed = await transaction
        .updateTable('binding')
        .set(changesOf(change))
        .where('id', '=', named.id)
        .where('holder', '=', named.holder)
        .returning('id')
        .executeTakeFirst()
      return changed !== undefined
    },
  ),

  dropBinding: write(async (transaction, { id, holder }: Named): Promise<boolean> => {
    const gone = await transaction
      .deleteFrom('binding')
      .where('id', '=', id)
      .where('holder', '=', holder)
      .returning('id')
      .executeTakeFirst()
    return gone !== undefined
  }),

  dueBindings: read(
    async (
      transaction,
      { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
    ): Promise<readonly BindingRow[]> => {
      const rows = await transaction
        .selectFrom('binding')
        .selectAll()
        .where('next_ms', '<=', BigInt(nowMs))
        .orderBy('next_ms')
        .limit(limit)
        .execute()
      return rows.map(rowOf)
    },
  ),

  claimBinding: write(
    async (
      transaction,
      { id, holder, dueMs, untilMs }: Named & { readonly dueMs: number; readonly untilMs: number },
    ): Promise<boolean> => {
      const claimed = await transaction
        .updateTable('binding')
        .set({ next_ms: untilMs })
        .where('id', '=', id)
        .where('holder', '=', holder)
        .where('next_ms', '=', BigInt(dueMs))
        .returning('id')
        .executeTakeFirst()
      return claimed !== undefined
    },
  ),

  boundModels: read(
    async (
      transaction,
      { after, limit }: { readonly after: Named | null; readonly limit: number },
    ): Promise<readonly BindingRow[]> => {
      let query = transaction
        .selectFrom('binding')
        .selectAll()
        .where('kind', '=', 'model')
        .orderBy('holder')
        .orderBy('id')
        .limit(limit)
      if (after !== null)
        query = query.where((where) =>
          where.or([
            where('holder', '>', after.holder),
            where.and([where('holder', '=', after.holder), where('id', '>', after.id)]),
          ]),
        )
      return (await query.execute()).map(rowOf)
    },
  ),

  sweepBindings: write(
    async (transaction, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> => {
      // What is still open is settled first, whatever its time says.
      const rows = await transaction
        .selectFrom('binding')
        .select(['id', 'holder'])
        .where('expires_ms', '<=', BigInt(nowMs))
        .where('state', '!=', 'open')
        .orderBy('expires_ms')
        .limit(limit)
        .execute()
      for (const { id, holder } of rows)
        await transaction.deleteFrom('binding').where('id', '=', id).where('holder', '=', holder).execute()
      return rows.length
    },
  ),
}
