/** A key by what a person calls it. */

import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { AdminPorts } from './operation.ts'
import type { KeyRow } from './rows.ts'

/** By id or name. @throws Problem `not_found`; `conflict` where several keys have the name. */
export const keyNamed = async (handle: string, { store }: Pick<AdminPorts, 'store'>): Promise<KeyRow> => {
  const row = await store.key(handle)
  if (row !== null) return row
  throw new Problem('not_found', {
    ...saying('no_key', { handle }),
    param: 'id',
  })
}
