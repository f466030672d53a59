/** What accounts and keys are called, many at once: a report of a thousand keys is one question more and not a thousand. */

import type { NamesAsked } from '#admin/port.ts'
import { read } from './context.ts'
import { checkLimit } from './page.ts'

export const nameOperations = {
  names: read(
    async (
      transaction,
      { of, ids, organisation }: NamesAsked,
    ): Promise<readonly (readonly [id: string, name: string])[]> => {
      if (ids.length === 0) return []
      checkLimit(ids.length)
      const named = transaction
        .selectFrom(of)
        .select(['id', 'name'])
        .where('id', 'in', [...ids])
      const rows = await (organisation === undefined ? named : named.where('organisation', '=', organisation)).execute()
      return rows.map(({ id, name }) => [id, name] as const)
    },
  ),
}
