/** Who can be told, by which way, and of what. */

import type { Event, EventName } from '#base/event.ts'
import type { Secret } from '#base/log.ts'

export type Way =
  | { readonly kind: 'mail'; readonly addresses: readonly string[] }
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: Secret; readonly allowPrivate: boolean }
  | { readonly kind: 'slack'; readonly url: Secret; readonly allowPrivate: boolean }

export type Recipient = { readonly name: string; readonly way: Way }

/** Who is told of an event. Thresholds are in the unit of the event's figure (milliseconds, percent, USD, days). */
export type AlertRule = {
  readonly event: EventName
  readonly above: number | null
  readonly below: number | null
  readonly recipients: readonly string[]
}

const holds = ({ above, below }: AlertRule, figure: number | null): boolean => {
  if (figure === null) return true
  return (above === null || figure > above) && (below === null || figure <= below)
}

/** Names of all who are to be told of an event, each once. */
export const toldOf = (
  rules: readonly AlertRule[],
  { name, figure }: Pick<Event, 'name' | 'figure'>,
): readonly string[] => [
  ...new Set(rules.flatMap((rule) => (rule.event === name && holds(rule, figure) ? rule.recipients : []))),
]
