/** Says when the server's own certificate is about to end: at the start and once a day. */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'

const dayMs = 86_400_000
const usualDays = 14

export type CertificatePorts = {
  readonly endsMs: number
  readonly emit: Emit
  /** From how many days on; `null` = 14. */
  readonly belowDays: () => number | null
  readonly clock: Clock
}

/** Watches until the function that it gives is called. */
export const watchCertificate = ({ endsMs, emit, belowDays, clock }: CertificatePorts): (() => void) => {
  let cancel = (): void => {}
  const look = (): void => {
    cancel = clock.after(dayMs, look)
    const days = (endsMs - clock.nowMs()) / dayMs
    if (days > (belowDays() ?? usualDays)) return
    const ends = new Date(endsMs).toISOString()
    const told =
      days < 0 ? telling('certificate_ended', { ends }) : telling('certificate_ends', { ends, days: Math.floor(days) })
    emit({ name: 'certificate_expiry', account: null, object: 'server.tls', ...told, figure: days, facts: { ends } })
  }
  look()
  return () => cancel()
}
