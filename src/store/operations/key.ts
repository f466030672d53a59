/** Keys: made, looked up, revoked, rotated. */

import type { KeyRow, Page, TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { keyRow, keyValues } from '#store/row/key-row.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { checkLimit } from './page.ts'
import { appendTrail } from './trail.ts'

/** How many keys of one name are looked at; a name that more of them share is ambiguous anyhow. */
const namesakesMax = 100

export const insertKey = async (transaction: Transaction, row: KeyRow): Promise<void> => {
  const inserted = await transaction
    .insertInto('key')
    .values(keyValues(row))
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted === undefined)
    throw new Problem('conflict', { message: 'This key is already in the store.', param: 'key' })
}

type Named = { readonly handle: string; readonly organisation: string | null }

const byId = async (
  transaction: Transaction,
  id: string,
  organisation: string | null = null,
): Promise<KeyRow | null> => {
  const keys = transaction.selectFrom('key').selectAll().where('id', '=', id)
  const row = await (organisation === null ? keys : keys.where('organisation', '=', organisation)).executeTakeFirst()
  return row === undefined ? null : keyRow(row)
}

/** Names may repeat (a rotation makes a namesake): the one that is not revoked is meant. */
const byName = async (transaction: Transaction, { handle: name, organisation }: Named): Promise<KeyRow | null> => {
  const keys = transaction.selectFrom('key').selectAll().where('name', '=', name)
  const rows = await (organisation === null ? keys : keys.where('organisation', '=', organisation))
    .orderBy('id')
    .limit(namesakesMax)
    .execute()
  const standing = rows.filter((row) => row.revoked_ms === null)
  const meant = standing.length > 0 ? standing : rows
  const [only, ...others] = meant
  if (only === undefined) return null
  if (others.length === 0) return keyRow(only)
  throw new Problem('conflict', {
    message: `${meant.length} keys are named "${name}". Say which by its id: ${meant
      .slice(0, 5)
      .map(({ id }) => id)
      .join(', ')}${meant.length > 5 ? ' …' : ''}.`,
  })
}

const endAt = async (transaction: Transaction, id: string, atMs: number): Promise<KeyRow | null> => {
  await transaction
    .updateTable('key')
    .set({ revoked_ms: atMs })
    .where('id', '=', id)
    .where((where) => where.or([where('revoked_ms', 'is', null), where('revoked_ms', '>', BigInt(atMs))]))
    .execute()
  return byId(transaction, id)
}

export type KeyRotation = { readonly oldId: string; readonly oldUntilMs: number; readonly row: KeyRow }

/** Keys that ended before `sinceMs` are left out of the snapshot: for them "unknown" is answer enough. */
export type KeyPage = { readonly limit: number; readonly after: string | null; readonly sinceMs: number }

export const keyOperations = {
  keys: read(async (transaction, page: Page & { readonly organisation?: string }): Promise<readonly KeyRow[]> => {
    let query = transaction.selectFrom('key').selectAll().orderBy('id').limit(checkLimit(page.limit))
    if (page.organisation !== undefined) query = query.where('organisation', '=', page.organisation)
    if (page.after !== null) query = query.where('id', '>', page.after)
    return (await query.execute()).map(keyRow)
  }),

  snapshotKeys: read(async (transaction, page: KeyPage): Promise<readonly KeyRow[]> => {
    const since = BigInt(page.sinceMs)
    let query = transaction
      .selectFrom('key')
      .selectAll()
      .where((where) => where.or([where('revoked_ms', 'is', null), where('revoked_ms', '>', since)]))
      .where((where) => where.or([where('expires_ms', 'is', null), where('expires_ms', '>', since)]))
      .orderBy('id')
      .limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('id', '>', page.after)
    return (await query.execute()).map(keyRow)
  }),

  key: read(
    async (transaction, named: Named): Promise<KeyRow | null> =>
      (await byId(transaction, named.handle, named.organisation)) ?? (await byName(transaction, named)),
  ),

  createKey: write(
    async (transaction, { row, trail }: { readonly row: KeyRow; readonly trail: TrailRow }): Promise<void> => {
      await insertKey(transaction, row)
      await appendTrail(transaction, trail)
    },
  ),

  revokeKey: write(
    async (
      transaction,
      { id, atMs, trail }: { readonly id: string; readonly atMs: number; readonly trail: TrailRow },
    ): Promise<KeyRow | null> => {
      const row = await endAt(transaction, id, atMs)
      if (row !== null) await appendTrail(transaction, trail)
      return row
    },
  ),

  rotateKey: write(
    async (
      transaction,
      { change, trail }: { readonly change: KeyRotation; readonly trail: TrailRow },
    ): Promise<void> => {
      const old = await endAt(transaction, change.oldId, change.oldUntilMs)
      if (old === null) throw new Problem('not_found', { message: `There is no key ${change.oldId}.` })
      await insertKey(transaction, change.row)
      await appendTrail(transaction, trail)
    },
  ),
}
