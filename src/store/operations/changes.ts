/** What has changed behind a place of the trail, for those who keep a snapshot of the store. */

import type { StoreChanges } from '#job/port.ts'
import type { AccountFacts, AccountState } from '#ledger/port.ts'
import { keyRow } from '#store/row/key-row.ts'
import type { Transaction } from './context.ts'
import { read } from './context.ts'

/** Trail rows that are looked at one by one; beyond them everything is read anew. */
const changesMax = 200

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
      where.or([
        where('id', 'in', [...ids]),
        where('project', 'in', named),
        where('member', 'in', named),
        where('maker', 'in', named),
      ]),
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

export const changeOperations = {
  trailPosition: read(async (transaction, _nothing: null): Promise<number> => {
    const row = await transaction.selectFrom('trail_head').select('position').executeTakeFirstOrThrow()
    return Number(row.position)
  }),
  changesAfter: read(changesAfter),
}
