/** Types of Go that stand before a literal: `[]T{…}`, `map[K]V{…}`, and `interface{}`, which as one word is told from a block. */

import type { Node } from './node.ts'
import type { Reader } from './reader.ts'
import { isMark, peek } from './reader.ts'
import type { Token } from './token.ts'

const typeTokensMax = 24

/** How many tokens behind `[]` or `map[K]` belong to the type of the literal that follows them; 0 = none does. */
export const elementTokens = (reader: Reader, node: Node): number => {
  const isList = node.kind === 'list' && node.items.length <= 1
  const isMap = node.kind === 'index' && node.object.kind === 'name' && node.object.name === 'map'
  if (reader.language.name !== 'go' || !(isList || isMap)) return 0
  for (let ahead = 0; ahead < typeTokensMax; ahead += 1) {
    const token = peek(reader, ahead)
    if (token.space || token.newLine) return 0
    if (isMark(token, '{')) return ahead
    if (token.kind !== 'name' && !/^[.*[\]]$/.test(token.text)) return 0
  }
  return 0
}

/** The tokens with `interface{}` and `struct{}` as the one word `any`. */
export const withEmptyTypes = (tokens: readonly Token[]): readonly Token[] => {
  const kept: Token[] = []
  for (let at = 0; at < tokens.length; at += 1) {
    const [token, open, close] = tokens.slice(at, at + 3)
    if (token === undefined) continue
    const isEmpty =
      token.kind === 'name' &&
      (token.text === 'interface' || token.text === 'struct') &&
      open?.kind === 'mark' &&
      open.text === '{' &&
      close?.kind === 'mark' &&
      close.text === '}' &&
      // `type Empty struct {}` defines one.
      !(kept.at(-2)?.kind === 'name' && kept.at(-2)?.text === 'type')
    if (isEmpty) at += 2
    kept.push(isEmpty ? { ...token, text: 'any', end: close?.end ?? token.end } : token)
  }
  return kept
}
