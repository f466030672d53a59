/** What things are called, many at once: a report of a thousand keys is one question more and not a thousand. */

import { sql } from 'kysely'
import type { NamesAsked } from '#admin/port.ts'
import type { Transaction } from './context.ts'
import { read } from './context.ts'
import { checkLimit } from './page.ts'

type Named = { readonly id: string; readonly name: string | null }

/** Of no organisation: whoever asks as one gets none of them. */
const shared = ['organisation', 'person', 'migration']

const rowsOf = (transaction: Transaction, { of, ids, organisation }: NamesAsked): Promise<readonly Named[]> => {
  if (of === 'person') {
    const name = sql<string>`coalesce(name, mail)`.as('name')
    return transaction
      .selectFrom('person')
      .select(['id', name])
      .where('id', 'in', [...ids])
      .execute()
  }
  if (of === 'member') {
    const members = transaction
      .selectFrom('member')
      .select(['id', 'mail as name'])
      .where('id', 'in', [...ids])
    return (organisation === undefined ? members : members.where('organisation', '=', organisation)).execute()
  }
  if (of === 'organisation' || of === 'migration')
    return transaction
      .selectFrom(of)
      .select(['id', 'name'])
      .where('id', 'in', [...ids])
      .execute()
  const named = transaction
    .selectFrom(of)
    .select(['id', 'name'])
    .where('id', 'in', [...ids])
  return (organisation === undefined ? named : named.where('organisation', '=', organisation)).execute()
}

export const nameOperations = {
  names: read(async (transaction, asked: NamesAsked): Promise<readonly (readonly [id: string, name: string])[]> => {
    if (asked.ids.length === 0) return []
    checkLimit(asked.ids.length)
    if (asked.organisation !== undefined && shared.includes(asked.of)) return []
    const rows = await rowsOf(transaction, asked)
    return rows.flatMap(({ id, name }) => (name === null ? [] : [[id, name] as const]))
  }),
}
