/** Says when the server's own certificate is about to end: at the start and once a day. */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'

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
    const message =
      days < 0
        ? `The server's certificate ended at ${ends}: callers that check it are refused. Replace the file of server.tls.cert and restart.`
        : `The server's certificate ends at ${ends}, in ${Math.floor(days)} days: replace the file of server.tls.cert and restart.`
    emit({ name: 'certificate_expiry', account: null, object: 'server.tls', message, figure: days, facts: { ends } })
  }
  look()
  return () => cancel()
}
