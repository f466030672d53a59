/** Messages on the wire: what of a reply has parts, and what is carried. */

import type { JsonObject } from '#base/json-type.ts'

/** What a writer of this format puts back, by the level that it stands on. */
export type MessagesExtra = {
  /** Of the message: `container`, … */
  readonly message?: JsonObject
  /** Of one block: `caller`, `server_name`, … */
  readonly block?: JsonObject
  /** The word of the block, where several are one part: `mcp_tool_use`. */
  readonly type?: string
  /** Of the `delta` of the last event: `stop_sequence`, `container`. */
  readonly delta?: JsonObject
}

export const messageFields: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'usage',
])

/** Fields of each block that its parts say. */
export const blockFields: ReadonlySet<string> = new Set([
  'type',
  'text',
  'citations',
  'thinking',
  'signature',
  'data',
  'id',
  'name',
  'input',
])

/** Fields that are not among the named ones; `undefined` = none. */
export const othersOf = (from: JsonObject, named: ReadonlySet<string>): JsonObject | undefined => {
  const others = Object.entries(from).filter(
    ([name, value]) => !named.has(name) && value !== null && value !== undefined,
  )
  return others.length === 0 ? undefined : Object.fromEntries(others)
}
