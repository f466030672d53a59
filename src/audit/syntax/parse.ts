/** A source text as items. Never fails: what is not understood is stepped over. */

import { parseFunctionExpression } from './definition.ts'
import { parseItems } from './items.ts'
import type { Language } from './language.ts'
import { lex } from './lex.ts'
import { withEmptyTypes } from './literal-type.ts'
import type { Item } from './node.ts'
import type { Reader } from './reader.ts'

/** The items of a file. Time is near to linear in its length; memory is some ten times the text. */
export const parse = (source: string, language: Language): readonly Item[] => {
  const tokens = lex(source, language)
  const reader: Reader = {
    source,
    language,
    tokens: language.name === 'go' ? withEmptyTypes(tokens) : tokens,
    at: 0,
    depth: 0,
    isHead: false,
    isCommand: false,
    indent: -1,
    grammar: { items: parseItems, functionExpression: parseFunctionExpression },
  }
  const items: Item[] = []
  // A closing bracket too many ends one row; the next one begins behind it.
  while (reader.at < reader.tokens.length - 1) {
    const before = reader.at
    items.push(...parseItems(reader, 'end'))
    if (reader.at === before) reader.at += 1
  }
  return items
}
