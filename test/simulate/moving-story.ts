/** The migrations that are played. */

import type { Compiled } from '#migration/compiled.ts'
import type { State } from '#migration/itinerary.ts'
import type { MigrationRow } from '#migration/port.ts'

/** An itinerary of three steps of four minutes, whose gates open after a few turns. */
export const fileOf = (name: string): string => `migration: ${name}
match: { models: [m] }
baseline: { route: alpha/m }
candidate: { route: beta/n }
assignment: { pinned_share_max: 1, pin_idle_ttl: 30m }
steps:
  - { set_weight: 10, pause: { duration: 4m }, min_sample: 20 }
  - { set_weight: 40, pause: { duration: 4m }, min_sample: 40 }
  - { set_weight: 100, bake: { duration: 4m } }
analysis: { interval: 5s, metrics: [{ name: error-rate, threshold_range: { max: 0.1 } }] }
traffic: { error_share: 0.01, conversations_per_day: 100000 }
`

/** A migration as the world knows it. */
export type Story = {
  readonly id: string
  readonly row: MigrationRow
  readonly compiled: Compiled
  readonly isBad: boolean
  state: State
  decided: number
  decidedMs: number
  /** When its traffic was taken back, in the store. */
  backMs: number
  /** Whether it was complete until then: nodes that hear nothing go on then. */
  wasComplete: boolean
  weightMost: number
  /** Turns that were evidence, by the process that saw their end. */
  readonly seen: Map<string, number>
}
