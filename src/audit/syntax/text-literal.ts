/** Reads one string literal: where it ends, what it says, and where code is put into it. */

import type { Hole, Quote } from './language.ts'
import type { Piece } from './token.ts'

/** A string that is longer is cut off: nothing that is looked for is as long, and a wrong guess ends somewhere. */
const literalCharactersMax = 200_000

const escaped: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '', '0': '\0' }

/** The end of a `{…}` whose brace is at `open`; strings in it are stepped over, roughly. */
const closingBrace = (source: string, open: number): number => {
  let depth = 0
  for (let at = open; at < source.length && at - open < literalCharactersMax; at += 1) {
    const character = source[at]
    if (character === '{') depth += 1
    else if (character === '}') {
      depth -= 1
      if (depth === 0) return at
    } else if (character === '"' || character === "'" || character === '`') {
      const end = source.indexOf(character, at + 1)
      if (end !== -1 && end - at < 500 && !source.slice(at, end).includes('\n')) at = end
    }
  }
  return source.length
}

const simpleName = /\$(?:this->)?[A-Za-z_]\w*/y

/** The code that is put in at this place, or null: `[from, to, next]`. */
const holeAt = (source: string, at: number, hole: Hole): readonly [number, number, number] | null => {
  const two = source.slice(at, at + 2)
  if ((hole === 'dollar-brace' || hole === 'dollar') && two === '${') {
    const end = closingBrace(source, at + 1)
    return [at + 2, end, end + 1]
  }
  if (hole === 'hash-brace' && two === '#{') {
    const end = closingBrace(source, at + 1)
    return [at + 2, end, end + 1]
  }
  if (hole === 'dollar' && two === '{$') {
    const end = closingBrace(source, at)
    return [at + 1, end, end + 1]
  }
  if (hole === 'dollar' && source[at] === '$') {
    simpleName.lastIndex = at
    const match = simpleName.exec(source)
    return match === null ? null : [at, at + match[0].length, at + match[0].length]
  }
  if (hole === 'brace' && source[at] === '{') {
    if (two === '{{') return null
    const end = closingBrace(source, at)
    return [at + 1, end, end + 1]
  }
  return null
}

export type Literal = { readonly end: number; readonly text: string; readonly pieces: readonly Piece[] | null }

type Opened = { readonly source: string; readonly from: number; readonly close: string; readonly quote: Quote }

/** Reads from behind the opening quote. A string that may not go over lines ends with the line. */
export const readLiteral = ({ source, from, close, quote }: Opened): Literal => {
  const pieces: Piece[] = []
  let text = ''
  let all = ''
  let at = from
  const limit = Math.min(source.length, from + literalCharactersMax)
  while (at < limit) {
    const character = source.charAt(at)
    if (source.startsWith(close, at)) {
      // A doubled quote stands for itself where nothing is escaped (C# verbatim strings).
      if (!quote.escapes && close === '"' && quote.lines && source[at + 1] === '"') {
        text += '"'
        at += 2
        continue
      }
      at += close.length
      break
    }
    if (character === '\n' && !quote.lines) break
    if (character === '\\' && quote.escapes) {
      const next = source.charAt(at + 1)
      text += escaped[next] ?? next
      at += 2
      continue
    }
    const hole = quote.hole === 'none' ? null : holeAt(source, at, quote.hole)
    if (hole === null) {
      text += character
      at += quote.hole === 'brace' && /^(?:\{\{|\}\})/.test(source.slice(at, at + 2)) ? 2 : 1
      continue
    }
    if (text !== '') pieces.push(text)
    all += text
    text = ''
    pieces.push({ start: hole[0], end: hole[1] })
    at = hole[2]
  }
  const hasHoles = pieces.length > 0
  if (hasHoles && text !== '') pieces.push(text)
  return { end: Math.min(at, source.length), text: all + text, pieces: hasHoles ? pieces : null }
}
