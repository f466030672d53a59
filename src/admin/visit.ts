/** The browser that asks. */

import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { OperationContext, Visit } from './operation.ts'

/** @throws Problem `permission_denied` where a command asks: it has no place for a session. */
export const visitOf = ({ visit }: OperationContext): Visit => {
  if (visit !== undefined && visit !== null) return visit
  throw new Problem('permission_denied', { ...saying('browser_only') })
}
