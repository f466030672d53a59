/** What a target takes back of an earlier turn, and what of it was kept. */

import type { FindCall, TakenBack } from '#protocol/carried-call.ts'
import { takenBack } from '#protocol/openai-chat/put-back.ts'
import type { Protocol, UpstreamProtocol } from '#protocol/protocol.ts'
import type { Upstream } from './snapshot.ts'

/** What was kept of the calls in a call's history, for a target of this provider. */
export type CarriedFor = (provider: string) => FindCall

export const nothingCarried: CarriedFor = () => () => null

/** `null` = nothing, or what its callers bring is theirs alone: a caller of the target's own format has room for everything. */
export const takenBackBy = (
  protocol: UpstreamProtocol,
  { upstream, own, model }: { readonly upstream: Upstream; readonly own: Protocol; readonly model: string },
): TakenBack | null => {
  // Clients of Chat Completions leave out what the format itself does not know.
  if (protocol.putBack !== undefined) return takenBack(upstream.vendor.dialect(model))
  const { takesBack } = protocol
  if (protocol === own || takesBack === undefined) return null
  return { takes: ({ format }) => takesBack.includes(format), plainThought: false }
}
