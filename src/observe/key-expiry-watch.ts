/** Says when keys of callers are about to end: at the start and once an hour, of each key once. */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'

const hourMs = 3_600_000
const dayMs = 86_400_000
const usualDays = 7
/** A key is told of at most this part of its life before its end: whoever made one for a day knows. */
const lifeShare = 0.25

export type EndingKey = {
  readonly id: string
  readonly name: string
  readonly account: string
  readonly createdMs: number
  readonly expiresMs: number | null
  readonly revokedMs: number | null
}

export type KeyExpiryPorts = {
  readonly keys: () => Iterable<EndingKey>
  readonly emit: Emit
  /** From how many days before the end on; `null` = 7. */
  readonly belowDays: () => number | null
  readonly clock: Clock
}

/** Watches until the function that it gives is called. */
export const watchKeyExpiry = ({ keys, emit, belowDays, clock }: KeyExpiryPorts): (() => void) => {
  let cancel = (): void => {}
  let told = new Set<string>()
  const look = (): void => {
    cancel = clock.after(hourMs, look)
    const nowMs = clock.nowMs()
    const beforeMs = (belowDays() ?? usualDays) * dayMs
    const due = new Set<string>()
    for (const { id, name, account, createdMs, expiresMs, revokedMs } of keys()) {
      if (expiresMs === null || revokedMs !== null || expiresMs <= nowMs) continue
      if (expiresMs - nowMs > Math.min(beforeMs, (expiresMs - createdMs) * lifeShare)) continue
      // A key whose end was moved is another matter.
      const happening = `evt_expiry_${id}_${expiresMs}`
      due.add(happening)
      if (told.has(happening)) continue
      const days = (expiresMs - nowMs) / dayMs
      const ends = new Date(expiresMs).toISOString()
      emit({
        id: happening,
        name: 'credential_expiry',
        account,
        object: id,
        ...telling('key_ends', { key: id, name, ends, days: Math.floor(days) }),
        figure: days,
        facts: { ends },
      })
    }
    told = due
  }
  look()
  return () => cancel()
}
