/** In which protocol a target is asked, and the call in that protocol. */

import { Problem } from '#base/problem.ts'
import type { Call, Warning } from '#protocol/call.ts'
import type { ChatRequest } from '#protocol/chat-request.ts'
import { upstreamProtocols } from '#protocol/index.ts'
import type { Protocol, UpstreamProtocol } from '#protocol/protocol.ts'
import { canTranslate, translateCall } from '#protocol/translate-call.ts'
import type { Leg } from './leg.ts'
import type { Upstream } from './snapshot.ts'

export type Speech = {
  readonly protocol: UpstreamProtocol
  /** The call as a caller of that protocol would have made it. */
  readonly call: Call
  /** What was asked in the words that all formats share; `null` = the protocol is the caller's own, and nothing was read. */
  readonly request: ChatRequest | null
  readonly warnings: readonly Warning[]
}

export type SpeechOrder = {
  readonly call: Call
  /** The caller's. */
  readonly protocol: Protocol
  readonly upstream: Upstream
  readonly leg: Leg
  readonly strict: boolean
}

/**
 * The caller's own protocol where the vendor speaks it, else the first of the vendor's that it can be translated to: a vendor
 * lists its best first. What cannot be translated at all goes out as it is, for the provider to judge.
 */
export const protocolFor = (own: Protocol, { vendor }: Upstream): UpstreamProtocol => {
  if (vendor.protocols.includes(own.name)) return own
  return vendor.protocols.map((name) => upstreamProtocols[name]).find((one) => canTranslate(own, one)) ?? own
}

const refusal = ({ field, reason }: Warning, protocol: UpstreamProtocol): Problem =>
  new Problem('unsupported_parameter', {
    message: `'${field}' cannot be passed on to this target, which speaks ${protocol.name}: ${reason}. Leave it out, choose a model whose provider speaks your format, or send the call without "x-drover-strict: true" to have it adjusted with a warning.`,
    param: field,
  })

/** @throws Problem `unsupported_parameter` in strict mode for what would be lost; `invalid_request_error` for what cannot be read. */
export const speakTo = ({ call, protocol: own, upstream, leg, strict }: SpeechOrder): Speech => {
  const protocol = protocolFor(own, upstream)
  if (protocol === own) return { protocol, call, request: null, warnings: [] }
  const { value, warnings } = translateCall(call, {
    from: own,
    to: protocol,
    target: { dialect: upstream.vendor.dialect(leg.target.model), outputMax: leg.row.outputTokensMax },
  })
  const [first] = warnings
  if (first !== undefined && (strict || leg.target.params === 'strict')) throw refusal(first, protocol)
  return { protocol, ...value, warnings }
}
