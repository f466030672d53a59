/** What those who watch need kept. */

/** Calls of one model in one hour that somebody was to answer; whatever callers did wrong is in neither figure. */
export type AvailabilityHour = {
  readonly model: string
  /** Beginning of the hour, UTC. */
  readonly startMs: number
  readonly answered: number
  readonly failed: number
}

export type AvailabilityStore = {
  /** Adds to what is kept; hours that began before `forgetBeforeMs` go. */
  readonly addAvailability: (hours: readonly AvailabilityHour[], forgetBeforeMs: number) => Promise<void>
  readonly availability: (sinceMs: number) => Promise<readonly AvailabilityHour[]>
}
