/**
 * Repairs of what an endpoint deviates in beyond parameters: of its replies, before they are read, and of the histories and schemas
 * that it is sent. A vendor declares those that it needs; an operator adds others for an endpoint of their own (`options: { shims: … }`), as
 * `drover probe` names them.
 */

export type ReplyShim = 'tool-index' | 'tool-finish' | 'usage-position'
export type HistoryShim = 'tool-ids' | 'reasoning-cut' | 'reasoning-empty'
export type WireShim = ReplyShim | HistoryShim | 'schema-subset'

/** What each does, for people. */
export const wireShims: Readonly<Record<WireShim, string>> = {
  'tool-index': 'numbers the tool calls of a stream that lack an index or share one',
  'tool-finish': 'ends a turn that called tools with "tool_calls"',
  'usage-position': 'copies usage from a choice to the top of its event',
  'tool-ids': 'writes the ids of tool calls in a history as functions.NAME:NUMBER',
  'reasoning-cut': 'leaves reasoning_content out of a history',
  'reasoning-empty': 'puts an empty reasoning_content where a tool turn of a history has none',
  'schema-subset':
    'fits the schemas of tools and answers to what Kimi takes of JSON Schema; said as a warning, refused by strict targets',
}

/** The option of vendors that take it. */
export const shimOption = {
  shims: `repairs of replies and histories, with commas: ${Object.keys(wireShims).join(', ')}; or none`,
} as const
