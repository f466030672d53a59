/** Which texts and numbers of a document guardrails look at: those that say something, and none that only name it. */

import type { JsonLeaf } from '#base/json-leaves.ts'

/** Members that name things and say no words: a change there would only break the call. */
export const namingKeys: ReadonlySet<string | null> = new Set([
  'model',
  'models',
  'id',
  'tool_call_id',
  'tool_use_id',
  'call_id',
  'item_id',
  'response_id',
  'responseId',
  'file_id',
  'type',
  'role',
  'signature',
  'thoughtSignature',
  'thought_signature',
  'encrypted_content',
])

/** A number shorter than this is nobody's. */
const numberLengthMin = 9
const mediumLengthMin = 256

/** A picture or a sound, and no text that only begins as one: who writes "data: …" is looked at. */
const isMedium = (text: string): boolean => {
  const head = /^data:[\w.+-]{1,64}\/[\w.+-]{1,64}(?:;[\w.+=-]{1,64}){0,4};base64,/.exec(text)?.[0] ?? ''
  return (head !== '' || text.length >= mediumLengthMin) && /^[\w+/=-]*$/.test(text.slice(head.length))
}

/** Whether a leaf is looked at. In a free object even a name says what any other word does. */
export const saysWords = ({ key, kind, text, isFree }: JsonLeaf): boolean => {
  if (kind === 'object' || (namingKeys.has(key) && !isFree)) return false
  return kind === 'number' ? text.length >= numberLengthMin : !isMedium(text)
}
