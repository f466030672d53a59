/** A provider's answer about what it keeps, passed on as it comes. */

import type { Clock } from '#base/clock.ts'
import type { Outbound } from '#http/inbound.ts'
import type { UpstreamReply } from '#http/transport.ts'

/** Passes the body on behind a head that is out already, and cuts it where the caller reads for longer than `readingMs`. */
export const passReply = async (
  reply: UpstreamReply,
  outbound: Outbound,
  { clock, readingMs }: { readonly clock: Clock; readonly readingMs: number },
): Promise<void> => {
  const cancel = clock.after(readingMs, () => reply.abort())
  try {
    for await (const chunk of reply.body) await outbound.write(chunk)
    await outbound.end()
  } finally {
    cancel()
    reply.abort()
  }
}
