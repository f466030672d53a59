/** What several nodes see, each for itself, is told by one of them. */

import type { Event } from '#base/event.ts'
import { seenByEach } from '#base/event.ts'
import type { Outbox } from './port.ts'

/** As often as the watchers of one node tell again of what lasts. */
const againAfterMs = 3_600_000

/**
 * Keeps events that this node has seen. What another node has told of within the hour is not told again, unless its end was told since; what
 * this node itself tells again is, because it has seen more than the others: that it was over in between, or that it lasts.
 */
export const tellingOnce =
  (outbox: Pick<Outbox, 'keepEvent'>, node: string): Outbox['keepEvent'] =>
  (event: Event, recipients) => {
    const ending = seenByEach[event.name]
    if (ending === undefined) return outbox.keepEvent(event, recipients)
    const names = ending === null ? [event.name] : [event.name, ending]
    const seen = { ...event, facts: { ...event.facts, node } }
    return outbox.keepEvent(seen, recipients, { names, sinceMs: event.timeMs - againAfterMs })
  }
