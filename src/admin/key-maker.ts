/** Who has seen the secret of a key that is made: it ends when they leave. */

import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { OperationContext } from './operation.ts'

type Asking = Pick<OperationContext, 'actor' | 'ports'>

/** The members behind a request: who is signed in, or whom its key is for and who made it. */
export const membersBehind = async ({ actor, ports }: Asking): Promise<readonly string[]> => {
  if (actor.member !== undefined) return [actor.member]
  const id = /^key:(.+)$/.exec(actor.name)?.[1]
  const key = id === undefined ? null : await ports.store.key(id)
  return [...new Set([key?.member ?? null, key?.maker ?? null])].filter((one) => one !== null)
}

/**
 * The member who makes a key, also by a key that was made for or by them; `null` = nobody knows.
 * @throws Problem `permission_denied` by a key that two people have seen: nobody knows whose leaving is to end the new one
 */
export const makerOf = async (context: Asking): Promise<string | null> => {
  const [one, other] = await membersBehind(context)
  if (other !== undefined)
    throw new Problem('permission_denied', {
      ...saying('key_of_two'),
    })
  return one ?? null
}
