/** In which protocol a target is asked, and the call in that protocol. */

import { Problem } from '#base/problem.ts'
import { outputTokensMaxOf } from '#policy/model-table.ts'
import type { Call, Warning } from '#protocol/call.ts'
import type { ChatRequest } from '#protocol/chat-request.ts'
import type { EmbeddingRequest } from '#protocol/embedding.ts'
import { upstreamProtocols } from '#protocol/index.ts'
import type { Protocol, UpstreamProtocol } from '#protocol/protocol.ts'
import type { ToolNames } from '#protocol/tool-name.ts'
import { canTranslate, translateCall, withEdits } from '#protocol/translate-call.ts'
import { translateEmbedding } from '#protocol/translate-embedding.ts'
import { protocolsOf } from '#provider/vendor.ts'
import type { Leg } from './leg.ts'
import type { Upstream } from './snapshot.ts'
import type { CarriedFor } from './taken-back.ts'
import { nothingCarried, takenBackBy } from './taken-back.ts'

export type Speech = {
  readonly protocol: UpstreamProtocol
  /** The call as a caller of that protocol would have made it. */
  readonly call: Call
  /** What was asked in the words that all formats share; `null` = the protocol is the caller's own, and nothing was read. */
  readonly request: ChatRequest | null
  /** Of a call that is translated: tools that the target knows by other names. */
  readonly toolNames?: ToolNames
  /** Of a call for embeddings that is translated. */
  readonly embedding?: EmbeddingRequest
  readonly warnings: readonly Warning[]
}

export type SpeechOrder = {
  readonly call: Call
  /** The caller's. */
  readonly protocol: Protocol
  readonly upstream: Upstream
  readonly leg: Leg
  readonly strict: boolean
  readonly carried: CarriedFor
}

/**
 * The caller's own protocol where the vendor speaks it for the model, else the first of the vendor's that it can be translated
 * to: a vendor lists its best first. What cannot be translated at all goes out as it is, for the provider to judge.
 */
export const protocolFor = (own: Protocol, { vendor }: Upstream, model: string): UpstreamProtocol => {
  const spoken = protocolsOf(vendor, model)
  if (spoken.includes(own.name)) return own
  return spoken.map((name) => upstreamProtocols[name]).find((one) => canTranslate(own, one)) ?? own
}

/** Whether the vendor takes calls of this protocol for the model, as it declares; what it has beside that only it knows. */
export const canBeAsked = (own: Protocol, { vendor }: Upstream, model: string): boolean =>
  protocolsOf(vendor, model).some((name) => {
    const spoken = upstreamProtocols[name]
    // A chat goes on from a prompt less well than a provider that has text completions itself.
    return name === own.name || (spoken.kind === own.kind && canTranslate(own, spoken))
  })

const refusal = ({ field, reason }: Warning, protocol: UpstreamProtocol): Problem =>
  new Problem('unsupported_parameter', {
    message: `'${field}' cannot be passed on to this target, which speaks ${protocol.name}: ${reason}. Leave it out, choose a model whose provider speaks your format, or send the call without "x-drover-strict: true" to have it adjusted with a warning.`,
    param: field,
  })

/** A call of the target's own format, with what its caller has left out of the history put back. */
const ownSpeech = ({ call, protocol, upstream, leg, carried }: SpeechOrder): Speech => {
  const find = carried === nothingCarried ? null : carried(upstream.provider.name)
  const edits =
    find === null ? null : (protocol.putBack?.(call, find, upstream.vendor.dialect(leg.target.model)) ?? null)
  const whole = edits === null ? call : withEdits(call, edits)
  return { protocol, call: whole, request: null, warnings: [] }
}

const mayLose = ({ strict, leg }: SpeechOrder): boolean => !strict && leg.target.params !== 'strict'

const embeddingSpeech = (order: SpeechOrder, protocol: UpstreamProtocol): Speech => {
  const { call, protocol: own, leg } = order
  const { value, warnings } = translateEmbedding(call, { from: own, to: protocol, model: leg.target.model })
  const [first] = warnings
  if (first !== undefined && !mayLose(order)) throw refusal(first, protocol)
  return { protocol, call: value.call, request: null, embedding: value.request, warnings }
}

/** @throws Problem `unsupported_parameter` in strict mode for what would be lost; `invalid_request_error` for what cannot be read. */
export const speakTo = (order: SpeechOrder): Speech => {
  const { call, protocol: own, upstream, leg, carried } = order
  const { model } = leg.target
  const protocol = protocolFor(own, upstream, model)
  if (protocol === own) return ownSpeech(order)
  if (own.kind === 'embedding') return embeddingSpeech(order, protocol)
  const taken = carried === nothingCarried ? null : takenBackBy(protocol, { upstream, own, model })
  const { value, warnings } = translateCall(call, {
    from: own,
    to: protocol,
    target: { dialect: upstream.vendor.dialect(model), outputMax: outputTokensMaxOf(leg.target, leg.row) },
    ...(taken === null ? {} : { restore: { find: carried(upstream.provider.name), taken } }),
  })
  const [first] = warnings
  if (first !== undefined && !mayLose(order)) throw refusal(first, protocol)
  return { protocol, ...value, warnings }
}
