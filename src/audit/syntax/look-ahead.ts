/** What lies ahead, without taking it: where a bracket closes, how long a type is, whether a body follows. */

import type { Reader } from './reader.ts'
import { isMark, isWord, peek } from './reader.ts'

/** How far ahead the closing bracket of parameters is looked for. */
const lookAheadMax = 600

/** How many tokens ahead the bracket closes that opens `ahead` tokens from here; -1 = not soon. */
export const closingAhead = (reader: Reader, ahead: number): number => {
  let depth = 0
  for (let index = ahead; index < ahead + lookAheadMax; index += 1) {
    const token = peek(reader, index)
    if (token.kind === 'end') return -1
    if (token.kind !== 'mark') continue
    if (/^[([{]$/.test(token.text)) depth += 1
    else if (/^[)\]}]$/.test(token.text)) {
      depth -= 1
      if (depth === 0) return index
    }
  }
  return -1
}

/** `Type<Of>.Other[]? name(`: how many tokens the type has, or 0 if none stands here. */
export const typeTokens = (reader: Reader): number => {
  let ahead = 0
  let depth = 0
  for (; ahead < 40; ahead += 1) {
    const token = peek(reader, ahead)
    if (isMark(token, '<')) depth += 1
    else if (isMark(token, '>')) depth -= 1
    else if (token.kind === 'name') {
      const before = ahead === 0 ? undefined : peek(reader, ahead - 1)
      if (depth === 0 && before !== undefined && (before.kind === 'name' || /^[>\]?*]$/.test(before.text))) return ahead
    } else if (
      !/^(?:[.,?[\]&*:|(]|::|\?)$/.test(token.text) ||
      isMark(token, '(') ||
      (depth === 0 && isMark(token, ','))
    )
      return 0
  }
  return 0
}

/** What follows the parameters of a method that has a body. */
export const isBodyAhead = (reader: Reader, ahead: number): boolean => {
  const token = peek(reader, ahead)
  const { name } = reader.language
  if (isMark(token, '{')) return name === 'java' || name === 'csharp' || !token.newLine
  if (name === 'java') return isWord(token, 'throws')
  if (name === 'csharp')
    return (
      isMark(token, '=>') ||
      isWord(token, 'where') ||
      (isMark(token, ':') && /^(?:base|this)$/.test(peek(reader, ahead + 1).text))
    )
  if (name !== 'typescript' && name !== 'javascript') return false
  if (!isMark(token, ':')) return false
  for (let index = ahead + 1; index < ahead + 60; index += 1) {
    const next = peek(reader, index)
    if (isMark(next, '{')) return index > ahead + 1
    if (next.kind === 'end' || isMark(next, ';') || isMark(next, '=>') || isMark(next, ')') || isMark(next, '='))
      return false
  }
  return false
}
