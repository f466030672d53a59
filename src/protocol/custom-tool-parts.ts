/**
 * A tool of free text, asked of a target that knows only functions: it was written as a function with one member `input`, and
 * its calls come back as what the caller had offered.
 */

import { isObject } from '#base/json-type.ts'
import type { Part } from './part.ts'

/** The free text in the arguments of such a function; arguments of any other form are the text themselves. */
export const freeTextOf = (args: string): string => {
  try {
    const value: unknown = JSON.parse(args)
    return isObject(value) && typeof value['input'] === 'string' ? value['input'] : args
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return args
    throw thrown
  }
}

/** Turns calls of these tools back, part by part; stateful. Their text is known only at the end of the call. */
export const customToolParts = (names: ReadonlySet<string>): ((part: Part) => readonly Part[]) => {
  const texts = new Map<string, string>()
  return (part) => {
    if (part.type === 'tool-input-start' && part.kind === 'function' && names.has(part.name)) {
      texts.set(`${part.choice}/${part.block}`, '')
      return [{ ...part, kind: 'custom' }]
    }
    if (part.type !== 'tool-input-delta' && part.type !== 'tool-input-end') return [part]
    const key = `${part.choice}/${part.block}`
    const text = texts.get(key)
    if (text === undefined) return [part]
    if (part.type === 'tool-input-delta') {
      texts.set(key, text + part.text)
      return []
    }
    texts.delete(key)
    const { choice, block } = part
    return [{ type: 'tool-input-delta', choice, block, text: freeTextOf(text) }, part]
  }
}
