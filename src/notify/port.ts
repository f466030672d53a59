/** What telling people needs kept: what happened, and who was told of it. Times are wall-clock milliseconds, UTC. */

import type { Event, EventName } from '#base/event.ts'

/** `pending` is tried until it is `delivered`, or `dead` after its last try. */
export type DeliveryState = 'pending' | 'delivered' | 'dead'

export type Delivery = {
  readonly event: string
  /** Name of a recipient of the configuration. */
  readonly recipient: string
  readonly state: DeliveryState
  readonly tries: number
  /** When it is tried next; `null` = never again. */
  readonly nextMs: number | null
  readonly deliveredMs: number | null
  /** What the last try failed with; no secret and no body in it. */
  readonly error: string | null
}

/** With what it is of; `null` = the event is forgotten. */
export type ListedDelivery = Delivery & { readonly name: EventName | null }

export type DueDelivery = { readonly delivery: Delivery; readonly event: Event }

export type EventFilter = {
  readonly limit: number
  /** Only events before this one, the newest first. */
  readonly before: string | null
  readonly name: string | null
  readonly account: string | null
}

export type DeliveryFilter = {
  readonly limit: number
  readonly before: { readonly event: string; readonly recipient: string } | null
  readonly state: DeliveryState | null
}

/**
 * Another node has told of the same thing: the newest event since then that has one of these names, is about the same object (and the same
 * `credential` among its facts) has the event's own name and another `node` among its facts.
 */
export type ToldBefore = { readonly names: readonly EventName[]; readonly sinceMs: number }

/** Events and deliveries, durable when the promise resolves. */
export type Outbox = {
  /** Keeps an event and a delivery for each recipient. An event that is known already, or was told before, changes nothing: gives false. */
  readonly keepEvent: (event: Event, recipients: readonly string[], unless?: ToldBefore) => Promise<boolean>
  /** Deliveries whose time has come, the oldest first. */
  readonly dueDeliveries: (nowMs: number, limit: number) => Promise<readonly DueDelivery[]>
  /** How a try ended. */
  readonly noteDelivery: (delivery: Delivery) => Promise<void>
  readonly events: (filter: EventFilter) => Promise<readonly Event[]>
  readonly deliveries: (filter: DeliveryFilter) => Promise<readonly ListedDelivery[]>
  /** Forgets what is older, but for deliveries that are still pending; gives the number of events. */
  readonly forgetEvents: (olderThanMs: number, limit: number) => Promise<number>
}
