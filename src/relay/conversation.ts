/** Which calls belong together, so that they stay with one target and its prompt cache keeps its value. */

import { createHash } from 'node:crypto'
import { readMember } from '#base/json.ts'
import type { Call } from '#protocol/call.ts'

const nameCharactersMax = 512

/** Body fields by which callers name a conversation or a person, the closer one first. */
const fields: readonly string[] = ['prompt_cache_key', 'session_id', 'safety_identifier', 'user']

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * A digest of what the caller names the conversation by: `x-session-id`, else a body field; `null` = nothing. A
 * digest, because a caller's name for a person has no business in the records.
 */
export const conversationOf = (call: Call, session: string | null): string | null => {
  const named = (text: string): string => digestOf(text.slice(0, nameCharactersMax)).toString('hex').slice(0, 32)
  if (session !== null) return named(session)
  if (call.payload.kind !== 'json') return null
  for (const field of fields) {
    const value = readMember(call.payload.top, field)
    if (typeof value === 'string' && value !== '') return named(value)
  }
  return null
}

/** Chance that is the same for the same conversation: an endless row of numbers in [0, 1), drawn from its digest. */
export const chanceOf = (conversation: string): (() => number) => {
  let draws = 0
  return () => {
    draws += 1
    return digestOf(`${conversation}:${draws}`).readUInt32BE(0) / 2 ** 32
  }
}
