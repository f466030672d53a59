/** How often something may be asked for by people who are not signed in. */

import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { subscriberOf } from '#identity/network.ts'
import type { OperationContext } from './operation.ts'
import { visitOf } from './visit.ts'

export type Turn = {
  /** `sign-up` */
  readonly what: string
  /** Whose turns are counted: an address, a mail address. Kept as a digest. */
  readonly of: string
  readonly max: number
  readonly windowMs: number
  /** No wait is longer; absent = the window. */
  readonly waitMsMax?: number
}

/** Takes a turn. @throws Problem `rate_limit_exceeded` with the wait. */
export const takeTurn = async ({ what, of, ...bound }: Turn, { ports, clock }: OperationContext): Promise<void> => {
  const subject = ports.digestKey(`turn ${what} ${of}`)
  const waitMs = await ports.identity.store.takeTry([{ subject, ...bound }], clock.nowMs())
  if (waitMs > 0)
    throw new Problem('rate_limit_exceeded', {
      ...saying('too_often', { seconds: Math.ceil(waitMs / 1000) }),
      retryAfterMs: waitMs,
    })
}

const quarterMs = 15 * 60_000

/** To begin what strangers cannot guess: only the store is kept from filling. @throws Problem `rate_limit_exceeded`. */
export const takeBeginning = (what: string, context: OperationContext): Promise<void> =>
  takeTurn(
    { what, of: subscriberOf(visitOf(context).address), max: 300, windowMs: quarterMs, waitMsMax: 60_000 },
    context,
  )
