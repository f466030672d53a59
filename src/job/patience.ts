/** How long somebody waits for what may never come. */

import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'

export type Patience = { readonly clock: Clock; readonly waitMs: number; readonly message: string }

/** What is asked, or that it does not come in time: a network that loses what is sent says nothing for long. @throws Problem `store_unavailable`. */
export const patiently = async <T>(asked: Promise<T>, { clock, waitMs, message }: Patience): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const cancel = clock.after(waitMs, () =>
    late.reject(new Problem('store_unavailable', { message, retryAfterMs: 1000 })),
  )
  try {
    return await Promise.race([asked, late.promise])
  } finally {
    cancel()
  }
}
