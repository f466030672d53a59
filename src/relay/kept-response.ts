/** A call that continues an earlier response, or whose own may be continued: found, bound to who has it, kept. */

import { spliceTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { Grant } from './admit.ts'
import type { KeptPlace } from './binding/references.ts'
import type { Reply } from './first-reply.ts'
import { holderOf } from './holder.ts'
import type { Admitted, Journey } from './journey.ts'
import { pieceKeeper } from './replay-response.ts'
import { protocolFor } from './speak.ts'

const reasons: Readonly<Record<string, string>> = {
  conversation: 'a conversation that a provider keeps belongs to no caller alone. Use previous_response_id instead',
}

const unavailable = (field: string): Problem =>
  new Problem('unsupported_parameter', {
    message: `'${field}' is not taken by this relay: ${reasons[field] ?? 'it needs a keeper whom this relay has none of'}.`,
    param: field,
  })

const unknownResponse = (id: string): Problem =>
  new Problem('invalid_request_error', {
    message: `Previous response with id '${id}' not found: none is kept for your account under it. A model whose provider has no Responses API has its responses kept only where they were asked for with "store": true; without that, send the earlier items in "input".`,
    param: 'previous_response_id',
  })

/** What this process makes in the background it keeps with all that was asked before: it has no part of that where a provider keeps it. */
const notContinued = (id: string, provider: string): Problem =>
  new Problem('unsupported_parameter', {
    message: `Response '${id.slice(0, 100)}' is kept by provider "${provider}", which makes none in the background. Send the earlier items in "input", or leave "background" out.`,
    param: 'previous_response_id',
  })

/** Whether nobody waits for the answer: the call is made without the member that asks for that. */
const isMadeHere = ({ admitted }: Journey['exchange']): boolean => admitted !== undefined

export type Continued = {
  /** The call, with what went before in it where Drover kept that. */
  readonly call: Call
  /** Who has what it continues; `null` = any may answer. */
  readonly place: KeptPlace | null
}

type Asking = { readonly inbound: Inbound; readonly call: Call; readonly key: KeyFacts }

/** @throws Problem `invalid_request_error` where nothing is kept under the id, `unsupported_parameter`, `store_unavailable`. */
export const continueFrom = async (
  { ports, protocol, exchange }: Journey,
  { inbound, call, key }: Asking,
): Promise<Continued> => {
  const { keeping, server } = protocol
  if (keeping === undefined || call.payload.kind !== 'json') return { call, place: null }
  const { previous, unavailable: field } = keeping.wishOf(call)
  if (field !== null) throw unavailable(field)
  if (previous === null) return { call, place: null }
  const found = await ports.responses.find({ id: previous, holder: holderOf(key) })
  if (found === null) throw unknownResponse(previous)
  if (found.kind === 'provider' && isMadeHere(exchange)) throw notContinued(previous, found.provider)
  if (found.kind === 'provider') return { call, place: found }
  const { input, document } = found.response
  const edits = keeping.continued(call, [...input, ...keeping.outputOf(document)])
  const bytes = spliceTopLevel(call.payload.top, edits)
  const body = { kind: 'bytes', bytes, contentType: 'application/json' } as const
  const whole = server.readCall({ ...inbound, body })
  return { call: { ...whole, usageWish: call.usageWish, continues: previous }, place: null }
}

/** The grant with the targets of one provider. Throws Problem where the model has none there. */
export const boundTo = (grant: Grant, { place, call }: Continued): Grant => {
  if (place === null) return grant
  const { provider } = place
  const groups = grant.groups
    .map((group) => ({ ...group, targets: group.targets.filter((target) => target.provider === provider) }))
    .filter(({ targets }) => targets.length > 0)
  if (groups.length > 0) return { ...grant, groups }
  throw new Problem('invalid_request_error', {
    message: `The previous response is kept by provider "${provider}", and model '${call.model}' does not go there. Use the model that gave it, or send the earlier items in "input".`,
    param: 'previous_response_id',
  })
}

/** Takes an answer down to be kept. */
export type ResponseKeeper = {
  readonly see: (part: Part) => void
  /** Exactly one of its calls counts, the first; gives why the response is not kept, `null` = it is, or was not to be. */
  readonly end: (whole: boolean) => Promise<string | null>
}

const startIn = ({ held }: Reply): string | null => {
  for (const { parts } of held) for (const part of parts) if (part.type === 'start') return part.id
  return null
}

/**
 * Binds a response that its provider keeps to its caller, before the caller learns of it; of one that is written here it gives what
 * keeps it, where that was asked for. `null` = there is nothing more to do.
 */
export const keeperOf = async (admitted: Admitted, reply: Reply): Promise<ResponseKeeper | null> => {
  const { ports, protocol, draft, call, exchange } = admitted
  const { keeping, server } = protocol
  if (keeping === undefined) return null
  const { keep } = keeping.wishOf(call)
  const named = { holder: holderOf(draft), call: draft.id }
  const { upstream, leg, keyIndex } = reply.attempt
  if (protocolFor(protocol, upstream, leg.target.model) === protocol && !isMadeHere(exchange)) {
    const id = keep === false ? null : startIn(reply)
    const credential = keyIndex === null ? null : (upstream.credentialDigests[keyIndex] ?? null)
    if (id !== null) await ports.responses.bind({ ...named, id, provider: upstream.provider.name, credential })
    return null
  }
  if (keep !== true) return null
  const asked = exchange.inbound
  const writer = server.writeReply({ call: { ...call, stream: false }, asked, nowMs: draft.timeMs })
  const keepIt = ports.responses.begin({ ...named, id: keeping.idOf(asked) })
  const taken = call.stream ? pieceKeeper() : null
  let ended = false
  return {
    see: (part) => {
      writer.write(part)
      taken?.see(part)
    },
    end: async (whole) => {
      if (ended) return null
      ended = true
      if (!whole) return keepIt(null)
      const written = JSON.parse(writer.end().toString('utf8')) as JsonObject
      const document = isMadeHere(exchange) ? { ...written, id: keeping.idOf(asked), background: true } : written
      const pieces = taken?.pieces() ?? null
      return keepIt({ input: keeping.inputOf(call), document, ...(pieces === null ? {} : { pieces }) })
    },
  }
}
