/** Responses on the wire: what of a reply has parts, and what is carried. https://platform.openai.com/docs/api-reference/responses, read 2026-11-22. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Part } from '#protocol/part.ts'

export type PartOf<T extends Part['type']> = Extract<Part, { readonly type: T }>

/** What a writer of this format puts back, by the level that it stands on. */
export type ResponsesExtra = {
  /** Of the response: `metadata`, `billing`, … */
  readonly response?: JsonObject
  /** Of one item: its id, `phase`, `namespace`, … */
  readonly item?: JsonObject
}

/** Fields of a response that its parts say. */
export const responseFields: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created_at',
  'completed_at',
  'status',
  'error',
  'incomplete_details',
  'model',
  'output',
  'output_text',
  'usage',
])

/** Fields of each item that its parts say. */
export const itemFields: ReadonlySet<string> = new Set([
  'type',
  'status',
  'role',
  'content',
  'summary',
  'encrypted_content',
  'call_id',
  'name',
  'arguments',
  'input',
  'result',
])

/** Fields that are not among the named ones, under this name; nothing where there are none. */
export const othersAs = (
  name: keyof ResponsesExtra,
  from: JsonObject,
  named: ReadonlySet<string>,
): { readonly extra?: JsonObject } => {
  const others = Object.entries(from).filter(
    ([field, value]) => !named.has(field) && value !== null && value !== undefined && field !== '__proto__',
  )
  return others.length === 0 ? {} : { extra: { [name]: Object.fromEntries(others) } }
}

/** Carried fields of a part that came in this format. */
export const extraOf = (part: Part): ResponsesExtra => {
  const extra = 'extra' in part && part.extra !== undefined ? part.extra : {}
  const { response, item } = extra
  return { ...(isObject(response) ? { response } : {}), ...(isObject(item) ? { item } : {}) }
}
