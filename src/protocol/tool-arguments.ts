/** Arguments of a call of a tool, for the formats that have them as an object where others have a text. */

import { parseExactly } from '#base/exact-json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { ToolCallBlock } from './chat-request.ts'

/**
 * The arguments as an object. `broken`: the text is no JSON object, and stands in `input` as it is. Empty and `null`, which
 * some servers say for a tool that takes nothing, are the empty object.
 */
export const objectArguments = (text: string): { readonly input: JsonObject; readonly broken: boolean } => {
  if (text.trim() === '') return { input: {}, broken: false }
  try {
    const value = parseExactly(text) as Json
    if (isObject(value)) return { input: value, broken: false }
    if (value === null) return { input: {}, broken: false }
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown
  }
  return { input: { input: text }, broken: true }
}

/** The same for a call in a conversation: free text of a custom tool is its member `input`; what is broken is warned of. */
export const argumentsOfCall = (
  { kind, input: text }: Pick<ToolCallBlock, 'kind' | 'input'>,
  warn: (place: string, reason: string) => void,
  place: string,
): JsonObject => {
  if (kind === 'custom') return { input: text }
  const { input, broken } = objectArguments(text)
  if (broken) warn(place, 'the arguments are no JSON object: they stand in "input" as a text')
  return input
}
