/** Counts how often the models of this relay answer. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Availability } from '#observe/availability.ts'
import { watchAvailability } from '#observe/availability.ts'
import type { AvailabilityStore } from '#observe/port.ts'
import type { Live } from '#relay/live.ts'

type Rooms = {
  readonly store: AvailabilityStore
  readonly live: Live
  readonly clock: Clock
  readonly log: Log
}

/** Written down to its end by `closing`. */
export const openAvailability = ({ store, live, clock, log }: Rooms, closing: AsyncDisposableStack): Availability => {
  const modelOf = (name: string): string | null => live.current().live.byName.get(name)?.id ?? null
  const availability = watchAvailability({ store, clock, log, modelOf })
  closing.defer(() => availability.close())
  return availability
}
