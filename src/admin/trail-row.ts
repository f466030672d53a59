/** How a change is written into the trail. */

import type { TrailOperation } from '#base/trail-operation.ts'
import type { OperationContext } from './operation.ts'
import type { TrailRow } from './rows.ts'

export type Change = {
  /** `keys.create` */
  readonly operation: TrailOperation
  /** The id of what changed. */
  readonly object: string
  /** Without secrets: what `view` gives. */
  readonly before: object | null
  readonly after: object | null
}

const text = (value: object | null): string | null => (value === null ? null : JSON.stringify(value))

/** Who changes something, and when. */
export type Author = Omit<OperationContext, 'ports'>

/** The row that goes into the store in the same call as the change itself. */
export const trailRowOf = (change: Change, { actor, clock, ids, requestId }: Author): TrailRow => ({
  id: ids.next('trl'),
  timeMs: clock.nowMs(),
  actor: actor.name,
  operation: change.operation,
  object: change.object,
  before: text(change.before),
  after: text(change.after),
  requestId,
})
