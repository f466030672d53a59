/** JSON in one spelling: what says the same is the same text. */

import { parseExactly } from './exact-json.ts'
import type { Json } from './json-type.ts'
import { isObject } from './json-type.ts'

const sorted = (value: Json | undefined): Json => {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return (value ?? null) as Json
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, sorted(value[name])]),
  )
}

/** The same for texts that differ in the order of members, or in blanks; no text at all is an empty object. What is no JSON is given back as it is. */
export const canonicalJson = (text: string): string => {
  try {
    return JSON.stringify(sorted(parseExactly(text === '' ? '{}' : text) as Json))
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return text
    throw thrown
  }
}
