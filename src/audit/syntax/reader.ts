/** A place in a row of tokens, and the steps that every part of the parser takes. */

import type { Language } from './language.ts'
import type { Item, Node } from './node.ts'
import type { Token } from './token.ts'

/** Ends a row of items; see items.ts. */
export type Close = ')' | ']' | '}' | 'indent' | 'end' | null

/** The rules that call one another in a circle, handed along so that no module imports in one. */
export type Grammar = {
  readonly items: (reader: Reader, close: Close) => readonly Item[]
  readonly functionExpression: (reader: Reader) => Node | null
}

export type Reader = {
  readonly grammar: Grammar
  readonly source: string
  readonly language: Language
  readonly tokens: readonly Token[]
  at: number
  /** How deep expressions are nested; one that is deeper than the maximum is not read. */
  depth: number
  /** Within the head of an `if` or a loop, where a brace opens the body. */
  isHead: boolean
  /** Within a command of Ruby, `post path do |x|`: the block belongs to the command, not to its last argument. */
  isCommand: boolean
  /** The columns of the blocks around, in languages whose indentation counts. */
  indent: number
}

export const depthMax = 400

/** The token at the place, or some tokens behind it; the last one is always `end`. */
export const peek = (reader: Reader, ahead = 0): Token => {
  const token = reader.tokens[Math.min(reader.at + ahead, reader.tokens.length - 1)]
  if (token === undefined) throw new RangeError('a row of tokens is never empty')
  return token
}

export const take = (reader: Reader): Token => {
  const token = peek(reader)
  if (reader.at < reader.tokens.length - 1) reader.at += 1
  return token
}

export const isMark = (token: Token, text: string): boolean => token.kind === 'mark' && token.text === text
export const isWord = (token: Token, text: string): boolean => token.kind === 'name' && token.text === text

/** Takes the mark if it is next. */
export const takeMark = (reader: Reader, text: string): boolean => {
  if (!isMark(peek(reader), text)) return false
  take(reader)
  return true
}

/** The end of what has been read so far. */
export const lastEnd = (reader: Reader): number => reader.tokens[Math.max(0, reader.at - 1)]?.end ?? 0

export const unknownAt = (token: Token): Node => ({
  kind: 'unknown',
  start: token.start,
  end: token.end,
  line: token.line,
})

/** Whether a new logical line begins here, in a language in which that ends a statement. */
export const isLineEnd = (reader: Reader): boolean => {
  const token = peek(reader)
  return token.kind === 'end' || (reader.language.indented && token.newLine)
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' }

/** Steps over a bracketed stretch, brackets of its kind only counted; stops at the end of the tokens. */
export const skipBrackets = (reader: Reader): void => {
  const open = take(reader).text
  const close = closers[open] ?? open
  for (let depth = 1; depth > 0 && peek(reader).kind !== 'end'; ) {
    const { kind, text } = take(reader)
    if (kind !== 'mark') continue
    if (text === open) depth += 1
    else if (text === close) depth -= 1
  }
}

/** The column of the line on which the token lies. */
export const columnAt = (reader: Reader, at: number): number => {
  for (let index = at; index >= 0; index -= 1) {
    const token = reader.tokens[index]
    if (token?.newLine === true) return token.column
  }
  return 0
}

/** Lines set deeper than the one that opened the block. */
export const indented = (reader: Reader, column: number): readonly Item[] => {
  const outer = reader.indent
  reader.indent = column
  const items = reader.grammar.items(reader, 'indent')
  reader.indent = outer
  return items
}

/** `...` of Python, which stands for itself; in other languages it spreads what follows. */
export const isEllipsis = (reader: Reader): boolean => reader.language.name === 'python' && isMark(peek(reader), '...')
