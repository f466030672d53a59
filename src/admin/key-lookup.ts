/** A key by what a person calls it. */

import { Problem } from '#base/problem.ts'
import type { AdminPorts } from './operation.ts'
import type { KeyRow } from './rows.ts'

/** By id or name. @throws Problem `not_found`; `conflict` where several keys have the name. */
export const keyNamed = async (handle: string, { store }: Pick<AdminPorts, 'store'>): Promise<KeyRow> => {
  const row = await store.key(handle)
  if (row !== null) return row
  throw new Problem('not_found', {
    message: `There is no key '${handle}'. 'drover keys list' shows those that there are.`,
    param: 'id',
  })
}
