/** What a chunk and a whole completion have in common when they are written. */

import type { JsonObject } from '#base/json-type.ts'
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

/** A citation in this format; one that came in another is told as far as it can be. */
export const annotationOf = (part: PartOf<'citation'>): JsonObject =>
  typeof part.raw['type'] === 'string' && part.raw['type'] !== 'reference'
    ? part.raw
    : {
        type: 'url_citation',
        url_citation: {
          url: part.url ?? '',
          title: part.title ?? '',
          start_index: part.start ?? 0,
          end_index: part.end ?? 0,
        },
      }

/** An image as OpenRouter writes it: OpenAI's own format has none. */
export const imageOf = ({ data, url, mediaType }: PartOf<'image'>): JsonObject => ({
  type: 'image_url',
  image_url: { url: data === undefined ? (url ?? '') : `data:${mediaType};base64,${data}` },
})
