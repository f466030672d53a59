/** How often something may be asked for by people who are not signed in. */

import { Problem } from '#base/problem.ts'
import type { OperationContext } from './operation.ts'

export type Turn = {
  /** `sign-up` */
  readonly what: string
  /** Whose turns are counted: an address, a mail address. Kept as a digest. */
  readonly of: string
  readonly max: number
  readonly windowMs: number
}

/** Takes a turn. @throws Problem `rate_limit_exceeded` with the wait. */
export const takeTurn = async (
  { what, of, max, windowMs }: Turn,
  { ports, clock }: OperationContext,
): Promise<void> => {
  const subject = ports.digestKey(`turn ${what} ${of}`)
  const waitMs = await ports.identity.store.takeTry([{ subject, max, windowMs }], clock.nowMs())
  if (waitMs > 0)
    throw new Problem('rate_limit_exceeded', {
      message: `Too often in a short time. Try again in ${Math.ceil(waitMs / 1000)} s.`,
      retryAfterMs: waitMs,
    })
}
