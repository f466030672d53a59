/** What blocks are in this format, for whole messages and for streams alike. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { carrierFormats, sealCarrier } from '#protocol/carrier.ts'
import type { Carrier, Part } from '#protocol/part.ts'
import type { ReplyContext } from '#protocol/protocol.ts'
import type { MessagesExtra } from './wire.ts'

export type PartOf<T extends Part['type']> = Extract<Part, { readonly type: T }>

/** Carried fields of a part that came in this format. */
export const extraOf = (part: Part): MessagesExtra => {
  const extra = 'extra' in part && part.extra !== undefined ? part.extra : {}
  const { message, block, type, delta } = extra
  return {
    ...(isObject(message) ? { message } : {}),
    ...(isObject(block) ? { block } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    ...(isObject(delta) ? { delta } : {}),
  }
}

/** The head of a message, before anything of it is known. */
export const headOf = (context: ReplyContext, start: PartOf<'start'> | null): JsonObject => ({
  id: start?.id ?? `msg_${context.asked.id}`,
  type: 'message',
  role: 'assistant',
  model: start?.model ?? context.call.model,
})

/** A carrier as this format's signature or data, whatever format it is of. */
export const opaque = (carrier: Carrier | undefined): string =>
  carrier === undefined ? '' : sealCarrier(carrier, carrierFormats.anthropic)

/** A call that came without an id gets one: its result must name it, in this turn and in all others of the conversation. */
const idOf = ({ id, block }: PartOf<'tool-input-start'>, { asked }: ReplyContext): string =>
  id === '' ? `toolu_${asked.id}_${block}` : id

/** A call of a tool; of a provider's own tool, where it is one of this format's; `null` = it has no place here. */
export const toolBlock = (part: PartOf<'tool-input-start'>, context: ReplyContext): JsonObject | null => {
  const { block, type } = extraOf(part)
  if (part.executor === 'caller')
    return { type: 'tool_use', id: idOf(part, context), name: part.name, input: {}, ...block }
  return /^(?:srv|mcp)toolu_/.test(part.id)
    ? { type: type ?? 'server_tool_use', id: part.id, name: part.name, input: {}, ...block }
    : null
}

/** A result of a provider's own tool, or a block that no part names; `null` = it is none of this format's. */
export const wholeBlock = (part: PartOf<'tool-result' | 'other'>): JsonObject | null => {
  if (part.type === 'other') return part.format === 'anthropic-messages' ? part.raw : null
  return /_tool_result$/.test(String(part.output['type'])) ? part.output : null
}

/** A citation in this format: its own as it came, one of another as a place found on the web. */
export const citationOf = (part: PartOf<'citation'>): JsonObject =>
  /_location$/.test(String(part.raw['type']))
    ? part.raw
    : {
        type: 'web_search_result_location',
        url: part.url ?? '',
        title: part.title ?? '',
        cited_text: '',
        encrypted_index: '',
      }
