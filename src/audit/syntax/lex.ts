/** Cuts a source text into tokens. Tolerant: whatever it meets, it goes on, and it always ends. */

import type { Language } from './language.ts'
import { readLiteral } from './text-literal.ts'
import type { Token } from './token.ts'

type Lexer = {
  readonly source: string
  readonly language: Language
  readonly end: number
  readonly tokens: Token[]
  at: number
  line: number
  newLine: boolean
  space: boolean
  lineStart: number
  depth: number
}

const marks =
  /\.\.\.|\?\.(?!\d)|\?->|===|!==|==|!=|=>|->|<-|::|:=|\?\?=|\|\|=|\?\?|\?:|\|\||&&|<=|>=|\+=|-=|\*=|\/=|%=|\|=|&=|\*\*|&\.|[^\s]/y
const numberForm = /0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?(?:[a-zA-Z_]\w{0,4})?/y
const rubySymbol = /:(?:[A-Za-z_]\w*[?!]?|"[^"\n]*")/y
const heredocForm = /<<[~-]?(["'`]?)([A-Z_][A-Z0-9_]*)\1|<<<\s*(["']?)([A-Za-z_]\w*)\3/y

const isNameStart = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36 || code > 0x7f
const isNamePart = (code: number): boolean => isNameStart(code) || (code >= 48 && code <= 57)

const push = (
  lexer: Lexer,
  kind: Token['kind'],
  given: { text: string; end: number; pieces?: Token['pieces'] },
): void => {
  const { at, line, newLine, space, lineStart } = lexer
  const { text, end, pieces } = given
  const isLine = newLine && (lexer.depth === 0 || !lexer.language.joinsLines)
  const base = { kind, text, start: at, end, line, newLine: isLine, space: space || newLine, column: at - lineStart }
  lexer.tokens.push(pieces === undefined || pieces === null ? base : { ...base, pieces })
  lexer.newLine = false
  lexer.space = false
  step(lexer, end)
}

/** Goes on to a place, counting the lines on the way. */
const step = (lexer: Lexer, to: number): void => {
  for (let at = lexer.source.indexOf('\n', lexer.at); at !== -1 && at < to; at = lexer.source.indexOf('\n', at + 1)) {
    lexer.line += 1
    lexer.lineStart = at + 1
  }
  lexer.at = to
}

const skipSpace = (lexer: Lexer): boolean => {
  const { source, at } = lexer
  const code = source.charCodeAt(at)
  if (code === 10) {
    lexer.newLine = true
    step(lexer, at + 1)
    return true
  }
  if (code === 32 || code === 9 || code === 13 || code === 0xfeff || code === 0xa0) {
    lexer.space = true
    lexer.at += 1
    return true
  }
  // A backslash at the end of a line joins it with the next one.
  if (code === 92 && /^\\\r?\n/.test(source.slice(at, at + 3))) {
    step(lexer, source.indexOf('\n', at) + 1)
    lexer.space = true
    return true
  }
  return false
}

const skipComment = (lexer: Lexer): boolean => {
  const { source, at, language } = lexer
  const block = language.blockComment
  if (block !== null && (source.startsWith(block[0], at) || (at === 0 && source.startsWith(block[0].trim())))) {
    if (!block[0].startsWith('\n') || source.startsWith(block[0], at) || at === 0) {
      const end = source.indexOf(block[1], at + block[0].length - 1)
      step(lexer, end === -1 ? lexer.end : Math.min(end + block[1].length, lexer.end))
      lexer.space = true
      return true
    }
  }
  for (const comment of language.lineComments) {
    if (!source.startsWith(comment, at)) continue
    // `#[attribute]` of PHP is no comment.
    if (language.name === 'php' && comment === '#' && source[at + 1] === '[') continue
    const end = source.indexOf('\n', at)
    lexer.at = end === -1 ? lexer.end : Math.min(end, lexer.end)
    return true
  }
  return false
}

const readText = (lexer: Lexer): boolean => {
  const { source, language, at } = lexer
  for (const quote of language.quotes) {
    quote.open.lastIndex = at
    const match = quote.open.exec(source)
    if (match === null) continue
    const last = match[1]
    const close = quote.close ?? (last === undefined ? match[0] : last.startsWith('#') ? `"${last}` : last)
    const literal = readLiteral({ source, from: at + match[0].length, close, quote })
    push(lexer, 'text', {
      text: literal.text,
      end: literal.end,
      ...(literal.pieces === null ? {} : { pieces: literal.pieces }),
    })
    return true
  }
  return false
}

const readHeredoc = (lexer: Lexer): boolean => {
  const { source, at, language } = lexer
  if (language.name !== 'ruby' && language.name !== 'php') return false
  heredocForm.lastIndex = at
  const match = heredocForm.exec(source)
  const word = match?.[2] ?? match?.[4]
  if (match === null || word === undefined || (language.name === 'ruby') !== (match[2] !== undefined)) return false
  const lineEnd = source.indexOf('\n', at)
  const close = new RegExp(`^[ \\t]*${word}\\b`, 'm')
  const rest = lineEnd === -1 ? '' : source.slice(lineEnd + 1, lineEnd + 20_000)
  const found = close.exec(rest)
  if (found === null) return false
  // Ruby goes on behind the opening word; what follows on that line is lost, which is seldom more than a bracket.
  push(lexer, 'text', { text: rest.slice(0, found.index), end: lineEnd + 1 + found.index + found[0].length })
  return true
}

const beforeRegex = /[(,=:[!&|?{};+\-*%<>~^]$/
const beforeRegexWords = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'do',
  'else',
  'await',
  'yield',
  'if',
  'when',
  'and',
  'or',
  'not',
])

const readRegex = (lexer: Lexer): boolean => {
  const { source, at, language, tokens } = lexer
  if (!language.regexLiterals || source[at] !== '/') return false
  const last = tokens.at(-1)
  const isHere =
    last === undefined ||
    (last.kind === 'mark' && beforeRegex.test(last.text)) ||
    (last.kind === 'name' && beforeRegexWords.has(last.text))
  if (!isHere) return false
  let isInClass = false
  for (let end = at + 1; end < lexer.end && source[end] !== '\n'; end += 1) {
    const character = source[end]
    if (character === '\\') end += 1
    else if (character === '[') isInClass = true
    else if (character === ']') isInClass = false
    else if (character === '/' && !isInClass) {
      push(lexer, 'mark', { text: '/regex/', end: end + 1 })
      return true
    }
  }
  return false
}

const readName = (lexer: Lexer): boolean => {
  const { source, language } = lexer
  let start = lexer.at
  // Instance variables of Ruby, decorators elsewhere stay apart from their names.
  if (language.name === 'ruby' && source[start] === '@') start += source[start + 1] === '@' ? 2 : 1
  if (!isNameStart(source.charCodeAt(start))) return false
  let end = start + 1
  while (end < lexer.end && isNamePart(source.charCodeAt(end))) end += 1
  if (language.name === 'ruby' && /[?!]/.test(source.charAt(end)) && source[end + 1] !== '=') end += 1
  if (language.name === 'php')
    while (source[end] === '\\' && isNameStart(source.charCodeAt(end + 1))) end = nameEnd(source, end + 1)
  push(lexer, 'name', { text: source.slice(lexer.at, end), end })
  return true
}

const nameEnd = (source: string, from: number): number => {
  let end = from
  while (end < source.length && isNamePart(source.charCodeAt(end))) end += 1
  return end
}

const readRest = (lexer: Lexer): void => {
  const { source, at, language } = lexer
  numberForm.lastIndex = at
  const isDigit = source.charCodeAt(at) >= 48 && source.charCodeAt(at) <= 57
  const number = isDigit ? numberForm.exec(source) : null
  if (number !== null) {
    push(lexer, 'number', { text: number[0], end: at + number[0].length })
    return
  }
  if (language.name === 'ruby' && source[at] === ':' && source[at + 1] !== ':' && source[at - 1] !== ':') {
    rubySymbol.lastIndex = at
    const symbol = rubySymbol.exec(source)
    if (symbol !== null) {
      push(lexer, 'text', { text: symbol[0].slice(1).replaceAll('"', ''), end: at + symbol[0].length })
      return
    }
  }
  if (language.name === 'php' && source[at] === '\\' && isNameStart(source.charCodeAt(at + 1))) {
    lexer.at += 1
    readName(lexer)
    return
  }
  if (source.startsWith('?>', at) && language.name === 'php') {
    const next = source.indexOf('<?php', at)
    step(lexer, next === -1 ? lexer.end : Math.min(next + 5, lexer.end))
    return
  }
  if (language.name === 'rust' && source[at] === "'" && isNameStart(source.charCodeAt(at + 1))) {
    // A lifetime.
    lexer.at = nameEnd(source, at + 1)
    return
  }
  marks.lastIndex = at
  let text = marks.exec(source)?.[0] ?? source.charAt(at)
  // `name?: Type` of TypeScript.
  if (text === '?:' && language.name !== 'kotlin' && language.name !== 'php') text = '?'
  if (text === '(' || text === '[' || text === '{') {
    push(lexer, 'mark', { text, end: at + 1 })
    lexer.depth += 1
    return
  }
  if (text === ')' || text === ']' || text === '}') lexer.depth = Math.max(0, lexer.depth - 1)
  push(lexer, 'mark', { text, end: at + text.length })
}

/** Where in a text to read, for the code within strings. */
export type Span = { readonly start: number; readonly end: number; readonly line: number }

/** The tokens of a text, closed by an `end` token. Time is linear in its length. */
export const lex = (source: string, language: Language, span?: Span): readonly Token[] => {
  const opening = language.name === 'php' && span === undefined ? source.indexOf('<?php') : -1
  const lexer: Lexer = {
    source,
    language,
    end: span?.end ?? source.length,
    tokens: [],
    at: span?.start ?? 0,
    line: span?.line ?? 1,
    newLine: span === undefined,
    space: false,
    lineStart: span?.start ?? 0,
    depth: 0,
  }
  if (opening !== -1) step(lexer, opening + 5)
  while (lexer.at < lexer.end) {
    if (skipComment(lexer) || skipSpace(lexer) || readHeredoc(lexer) || readText(lexer)) continue
    if (readRegex(lexer) || readName(lexer)) continue
    readRest(lexer)
  }
  lexer.newLine = true
  lexer.depth = 0
  lexer.lineStart = lexer.at
  push(lexer, 'end', { text: '', end: lexer.at })
  return lexer.tokens
}
