/** Who has seen the secret of a key that is made: it ends when they leave. */

import { Problem } from '#base/problem.ts'
import type { OperationContext } from './operation.ts'

/**
 * The member who makes a key, also by a key that was made for or by them; `null` = nobody knows.
 * @throws Problem `permission_denied` by a key that two people have seen: nobody knows whose leaving is to end the new one
 */
export const makerOf = async ({ actor, ports }: Pick<OperationContext, 'actor' | 'ports'>): Promise<string | null> => {
  if (actor.member !== undefined) return actor.member
  const id = /^key:(.+)$/.exec(actor.name)?.[1]
  const key = id === undefined ? null : await ports.store.key(id)
  const [member, maker] = [key?.member ?? null, key?.maker ?? null]
  if (member !== null && maker !== null && member !== maker)
    throw new Problem('permission_denied', {
      message:
        'This key was made by somebody else than it is for, and both know it: it makes no keys. Rotate it signed in, which makes it yours alone, or make the key signed in.',
    })
  return member ?? maker
}
