/** Who has seen the secret of a key that is made: it ends when they leave. */

import type { OperationContext } from './operation.ts'

/** The member who makes a key, also by a key that was made for or by them; `null` = nobody knows. */
export const makerOf = async ({ actor, ports }: Pick<OperationContext, 'actor' | 'ports'>): Promise<string | null> => {
  if (actor.member !== undefined) return actor.member
  const id = /^key:(.+)$/.exec(actor.name)?.[1]
  const key = id === undefined ? null : await ports.store.key(id)
  return key?.member ?? key?.maker ?? null
}
