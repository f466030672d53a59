/** What a chunk and a whole completion have in common when they are written. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Warning } from '#protocol/call.ts'
import { carrierFormats, carrierOf } from '#protocol/carrier.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext } from '#protocol/protocol.ts'
import type { ChatExtra } from './wire.ts'

export type PartOf<T extends Part['type']> = Extract<Part, { readonly type: T }>

/** What stays the same in every chunk. */
export type ReplyIdentity = { readonly id: string; readonly created: number; readonly model: string }

/** Names of a reply that has not told any itself. */
export const identityOf = (context: ReplyContext, start: PartOf<'start'> | null): ReplyIdentity => ({
  id: start?.id ?? `chatcmpl-${context.asked.id}`,
  created: Math.floor((start?.createdMs ?? context.nowMs) / 1000),
  model: start?.model ?? context.call.model,
})

/** The carried fields of a part, by level. */
export const extraOf = (part: Part): ChatExtra =>
  'extra' in part && part.extra !== undefined ? (part.extra as ChatExtra) : {}

/** Places in documents, as Anthropic tells them: they have no address. */
const isPlace = ({ url, raw }: PartOf<'citation'>): boolean =>
  url === null && (/_location$/.test(String(raw['type'])) || isFlat(raw))

/** As Responses tells them: what a citation is stands beside its type, not within a member of that name. */
const isFlat = (raw: JsonObject): boolean =>
  /^(?:url|file|container_file)_citation$|^file_path$/.test(String(raw['type'])) &&
  raw[String(raw['type'])] === undefined

const isOwn = ({ raw }: PartOf<'citation'>): boolean =>
  typeof raw['type'] === 'string' && isObject(raw[raw['type']]) && !isFlat(raw)

/** Where the cited text stands in the answer, where the source does not say it. */
export type Span = { readonly start: number; readonly end: number }

/** A citation in this format; one that came in another is told as far as it can be. */
export const annotationOf = (part: PartOf<'citation'>, span: Span): JsonObject => {
  if (isOwn(part)) return part.raw
  if (isPlace(part)) return { type: 'file_citation', file_citation: part.raw }
  return {
    type: 'url_citation',
    url_citation: {
      url: part.url ?? '',
      title: part.title ?? '',
      start_index: part.start ?? span.start,
      end_index: part.end ?? span.end,
    },
  }
}

/** Signatures that go with a call, as Gemini's compatible endpoint places them. */
export const extraContentOf = ({ carriers = [] }: PartOf<'tool-input-start'>): JsonObject => {
  const signature = carrierOf(carriers, carrierFormats.gemini)
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature.value } } }
}

/** What this format has no place for is warned of by its name. */
export const lossOf = (part: Part): Warning | null => {
  if (part.type === 'tool-input-start' && part.executor === 'provider')
    return { field: `reply.${part.name}`, reason: "calls of a provider's own tools are not told in Chat Completions" }
  if (part.type === 'tool-result')
    return { field: `reply.${part.name}`, reason: "results of a provider's own tools are not told in Chat Completions" }
  // What is of this format is carried along, and put back where it stood.
  if (part.type === 'other' && part.format !== 'openai-chat')
    return { field: `reply.${part.name}`, reason: 'Chat Completions has no place for it' }
  return null
}

/** An image as OpenRouter writes it: OpenAI's own format has none. */
export const imageOf = ({ data, url, mediaType }: PartOf<'image'>): JsonObject => ({
  type: 'image_url',
  image_url: { url: data === undefined ? (url ?? '') : `data:${mediaType};base64,${data}` },
})

/** Logprobs with every list that clients of this format read; the bytes of a token may be unknown. */
export const logprobsOf = (logprobs: JsonObject): JsonObject => {
  const withBytes = (one: Json): Json => (isObject(one) ? { bytes: null, ...one } : one)
  const tokens = (value: Json | undefined): Json =>
    Array.isArray(value)
      ? value.map((one: Json) => {
          if (!isObject(one)) return one
          const top = one['top_logprobs']
          return { bytes: null, ...one, top_logprobs: Array.isArray(top) ? top.map(withBytes) : [] }
        })
      : null
  return { ...logprobs, content: tokens(logprobs['content']), refusal: tokens(logprobs['refusal']) }
}
