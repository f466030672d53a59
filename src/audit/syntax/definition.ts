/** Reads definitions of functions and classes, however the language spells them. */

import { parseExpression } from './expression.ts'
import { closingAhead, isBodyAhead, typeTokens } from './look-ahead.ts'
import type { Item, Node } from './node.ts'
import type { Reader } from './reader.ts'
import { columnAt, indented, isMark, isWord, lastEnd, peek, skipBrackets, take, takeMark } from './reader.ts'
import { headWords } from './word.ts'

const classWords = new Set([
  'class',
  'interface',
  'struct',
  'trait',
  'object',
  'enum',
  'record',
  'module',
  'impl',
  'mod',
  'namespace',
  'protocol',
])
const functionWords: Readonly<Record<string, readonly string[]>> = {
  python: ['def'],
  ruby: ['def'],
  javascript: ['function'],
  typescript: ['function'],
  go: ['func'],
  kotlin: ['fun', 'constructor', 'init'],
  rust: ['fn'],
  php: ['function', 'fn'],
  java: [],
  csharp: [],
}

const place = (reader: Reader, from: { readonly start: number; readonly line: number }) => ({
  start: from.start,
  end: lastEnd(reader),
  line: from.line,
})

const braced = (reader: Reader): readonly Item[] => {
  take(reader)
  return reader.grammar.items(reader, '}')
}

const parametersOf = (reader: Reader): readonly Item[] => {
  if (!isMark(peek(reader), '(')) return []
  take(reader)
  return reader.grammar.items(reader, ')')
}

/** Ruby has none: `class Name < Base` says what it extends. */
const skipGenerics = (reader: Reader): void => {
  if (isMark(peek(reader), '<') && reader.language.name !== 'ruby') skipBrackets(reader)
}

/** The type behind the parameters, up to the body. */
const skipReturnType = (reader: Reader): void => {
  for (let count = 0; count < 80; count += 1) {
    const token = peek(reader)
    if (
      token.kind === 'end' ||
      isMark(token, '{') ||
      isMark(token, '=') ||
      isMark(token, ';') ||
      isMark(token, ')') ||
      isMark(token, ',') ||
      isMark(token, ']') ||
      isMark(token, '}') ||
      isMark(token, '=>')
    ) {
      // `interface{}` and `{ a: string }` are types; the body's brace comes behind them.
      const isType =
        isMark(token, '{') &&
        (isWord(reader.tokens[reader.at - 1] ?? token, 'interface') ||
          isMark(reader.tokens[reader.at - 1] ?? token, ':'))
      if (!isType) return
      skipBrackets(reader)
      continue
    }
    if (
      token.newLine &&
      count > 0 &&
      reader.language.name !== 'csharp' &&
      reader.language.name !== 'rust' &&
      reader.language.name !== 'java'
    )
      return
    const isGeneric = reader.language.generics && isMark(token, '<')
    if (isMark(token, '(') || isMark(token, '[') || isGeneric) skipBrackets(reader)
    else take(reader)
  }
}

const returned = (node: Node): readonly Item[] => [{ kind: 'return', node }]

const body = (reader: Reader, from: number): readonly Item[] => {
  const { language } = reader
  const column = columnAt(reader, from)
  if (language.name === 'python') {
    while (!isMark(peek(reader), ':') && peek(reader).kind !== 'end' && !peek(reader).newLine) take(reader)
    takeMark(reader, ':')
    return indented(reader, column)
  }
  if (language.name === 'ruby') {
    if (isMark(peek(reader), '=')) {
      take(reader)
      return returned(parseExpression(reader))
    }
    return withKept(withLastReturned(indented(reader, column)))
  }
  skipReturnType(reader)
  if (isMark(peek(reader), '{'))
    return language.name === 'rust' || language.name === 'kotlin' ? withLastReturned(braced(reader)) : braced(reader)
  if (takeMark(reader, '=') || takeMark(reader, '=>')) return returned(parseExpression(reader))
  return []
}

/** In languages where the last value of a body is its result. */
const withLastReturned = (items: readonly Item[]): readonly Item[] => {
  const last = items.at(-1)
  if (last?.kind === 'node') return [...items.slice(0, -1), { kind: 'return', node: last.node }]
  return last?.kind === 'assign' ? [...items, { kind: 'return', node: last.value, isSeen: true }] : items
}

/** `@x ||= make do |y| … end`: the block's lines stand behind it, and what is kept is the result all the same. */
const withKept = (items: readonly Item[]): readonly Item[] => [
  ...items.flatMap((item): readonly Item[] => {
    const [target] = item.kind === 'assign' ? item.targets : []
    return item.kind === 'assign' && target?.kind === 'name' && target.name.startsWith('@')
      ? [{ kind: 'return', node: item.value, isSeen: true }]
      : []
  }),
  ...items,
]

const keywordFunction = (reader: Reader): Node => {
  const from = reader.at
  const first = take(reader)
  takeMark(reader, '*')
  takeMark(reader, '&')
  skipGenerics(reader)
  const isReceiver = reader.language.name === 'go' && isMark(peek(reader), '(') && receiverFollows(reader)
  const receiver = isReceiver ? parametersOf(reader) : []
  let name: string | null = first.text === 'constructor' || first.text === 'init' ? 'constructor' : null
  while (peek(reader).kind === 'name' && name !== 'constructor') {
    name = take(reader).text
    if (!takeMark(reader, '.')) break
  }
  skipGenerics(reader)
  if (reader.language.name === 'go' && isMark(peek(reader), '[')) skipBrackets(reader)
  const parameters = isMark(peek(reader), '(')
    ? parametersOf(reader)
    : reader.language.name === 'ruby'
      ? rubyParameters(reader)
      : []
  if (reader.language.name === 'php' && isWord(peek(reader), 'use')) {
    take(reader)
    if (isMark(peek(reader), '(')) skipBrackets(reader)
  }
  const items = body(reader, from)
  return { ...place(reader, first), kind: 'function', name, parameters, body: items, receiver }
}

/** `func (s *Server) Name(`: the first bracket holds the receiver if a name follows it. */
const receiverFollows = (reader: Reader): boolean => {
  const close = closingAhead(reader, 0)
  return close !== -1 && peek(reader, close + 1).kind === 'name' && isMark(peek(reader, close + 2), '(')
}

const rubyParameters = (reader: Reader): readonly Item[] =>
  peek(reader).newLine || isMark(peek(reader), '=') ? [] : reader.grammar.items(reader, null)

const notMethods = new Set([
  'await',
  'function',
  'catch',
  'return',
  'super',
  'throw',
  'typeof',
  'new',
  'yield',
  'void',
  'delete',
])

/** A method that no keyword announces: `Type name(…) {`, `name(…) {`. */
const plainMethod = (reader: Reader): Node | null => {
  const { name } = reader.language
  const isTyped = name === 'java' || name === 'csharp'
  if (!isTyped && name !== 'javascript' && name !== 'typescript') return null
  const first = peek(reader)
  if (isMark(first, '<') && isTyped) skipGenerics(reader)
  const starred = isMark(first, '*') ? 1 : 0
  const accessor = !isTyped && (isWord(first, 'get') || isWord(first, 'set')) && peek(reader, 1).kind === 'name' ? 1 : 0
  const before = isTyped ? typeTokens(reader) : starred + accessor
  const named = peek(reader, before)
  if (named.kind !== 'name' || headWords.has(named.text) || notMethods.has(named.text)) return null
  let open = before + 1
  if (isMark(peek(reader, open), '<')) {
    for (let depth = 0; open < before + 40; open += 1) {
      if (isMark(peek(reader, open), '<')) depth += 1
      if (isMark(peek(reader, open), '>')) depth -= 1
      if (depth === 0) break
    }
    open += 1
  }
  if (!isMark(peek(reader, open), '(')) return null
  const close = closingAhead(reader, open)
  if (close === -1 || !isBodyAhead(reader, close + 1)) return null
  reader.at += open
  const parameters = parametersOf(reader)
  if (isMark(peek(reader), ':') && isTyped) {
    // The constructor of the base is called: its arguments count.
    take(reader)
    parseExpression(reader)
  }
  const items = body(reader, reader.at)
  return { ...place(reader, first), kind: 'function', name: named.text, parameters, body: items, receiver: [] }
}

const basesOf = (reader: Reader): readonly Node[] => {
  const bases: Node[] = []
  for (let count = 0; count < 40; count += 1) {
    const token = peek(reader)
    if (token.kind === 'end' || isMark(token, '{') || isMark(token, ';') || isMark(token, '}')) break
    if (reader.language.indented && token.newLine) break
    if (token.newLine && reader.language.name === 'kotlin') break
    if (token.kind === 'mark' || ['extends', 'implements', 'with', 'for', 'where', 'permits'].includes(token.text)) {
      take(reader)
      continue
    }
    reader.isHead = true
    bases.push(parseExpression(reader))
    reader.isHead = false
  }
  return bases
}

const classNode = (reader: Reader): Node | null => {
  const from = reader.at
  const first = take(reader)
  skipGenerics(reader)
  if (isWord(peek(reader), 'class') || isWord(peek(reader), 'struct')) take(reader)
  if (peek(reader).kind !== 'name' && !isMark(peek(reader), '{')) return null
  let name = ''
  while (peek(reader).kind === 'name') {
    name = take(reader).text
    skipGenerics(reader)
    if (!takeMark(reader, '::') && !takeMark(reader, '.')) break
  }
  if (first.text === 'impl' && isWord(peek(reader), 'for')) {
    take(reader)
    name = take(reader).text
    skipGenerics(reader)
  }
  if (isWord(peek(reader), 'constructor') || isWord(peek(reader), 'private') || isWord(peek(reader), 'internal'))
    while (peek(reader).kind === 'name') take(reader)
  if (reader.language.name === 'python') {
    const bases = parametersOf(reader).flatMap((item) => (item.kind === 'node' ? [item.node] : []))
    const items = body(reader, from)
    return { ...place(reader, first), kind: 'class', name, bases, body: items }
  }
  const fields = isMark(peek(reader), '(') ? primaryConstructor(reader) : []
  const bases = basesOf(reader)
  const items =
    reader.language.name === 'ruby'
      ? indented(reader, columnAt(reader, from))
      : isMark(peek(reader), '{')
        ? braced(reader)
        : []
  return { ...place(reader, first), kind: 'class', name, bases, body: [...fields, ...items] }
}

/** `class Name(private val client: Client)`: its parameters are fields. */
const primaryConstructor = (reader: Reader): readonly Item[] =>
  parametersOf(reader).map((item) =>
    item.kind === 'entry' && item.key !== null
      ? { kind: 'declare', name: item.key, type: item.value, modifiers: [], line: item.keyNode.line }
      : item,
  )

/** `type Name struct { … }` of Go. */
const goType = (reader: Reader): Node | null => {
  const first = peek(reader)
  const name = peek(reader)
  if (name.kind !== 'name' || !(isWord(peek(reader, 1), 'struct') || isWord(peek(reader, 1), 'interface'))) return null
  reader.at += 2
  const items = isMark(peek(reader), '{') ? braced(reader) : []
  return { ...place(reader, first), kind: 'class', name: name.text, bases: [], body: items }
}

/** The definition at the place, if there is one. */
export const parseDefinition = (reader: Reader, modifiers: readonly string[]): readonly Item[] | null => {
  const token = peek(reader)
  const next = peek(reader, 1)
  const made = definitionNode(reader, modifiers)
  if (made === null) return null
  const item: Item = { kind: 'node', node: made }
  const name = made.kind === 'function' || made.kind === 'class' ? made.name : null
  if (!modifiers.includes('default')) return [item]
  return token === next || name === null
    ? [
        {
          kind: 'assign',
          targets: [{ kind: 'name', name: 'default', start: made.start, end: made.end, line: made.line }],
          value: made,
          type: null,
          modifiers,
        },
      ]
    : [item, { kind: 'export', names: [{ local: name, name: 'default' }], module: null }]
}

const definitionNode = (reader: Reader, modifiers: readonly string[]): Node | null => {
  const token = peek(reader)
  const next = peek(reader, 1)
  const { name } = reader.language
  if (name === 'go' && modifiers.includes('type')) return goType(reader)
  if (
    token.kind === 'name' &&
    (functionWords[name] ?? []).includes(token.text) &&
    !(next.kind === 'mark' && /^[:=.,)]$/.test(next.text))
  ) {
    const isInit = token.text === 'init' && !isMark(next, '{')
    const isArrow = token.text === 'fn' && name === 'php'
    return isInit || isArrow ? null : keywordFunction(reader)
  }
  const isClass =
    token.kind === 'name' &&
    classWords.has(token.text) &&
    (next.kind === 'name' ||
      (token.text === 'impl' && isMark(next, '<')) ||
      (modifiers.includes('companion') && isMark(next, '{')))
  if (
    isClass &&
    !(name === 'python' && token.text !== 'class') &&
    !(name === 'ruby' && token.text !== 'class' && token.text !== 'module')
  ) {
    if (name === 'ruby' && isMark(next, '<')) return null
    return classNode(reader)
  }
  return plainMethod(reader)
}

const arrowBody = (reader: Reader): readonly Item[] => {
  take(reader)
  return isMark(peek(reader), '{') ? braced(reader) : returned(parseExpression(reader))
}

const arrowAhead = (reader: Reader): boolean => {
  const { arrow } = reader.language
  if (arrow === null) return false
  const token = peek(reader)
  if (token.kind === 'name') return isMark(peek(reader, 1), arrow)
  const close = closingAhead(reader, 0)
  if (close === -1) return false
  if (isMark(peek(reader, close + 1), arrow)) return true
  if (!isMark(peek(reader, close + 1), ':') || reader.language.name !== 'typescript') return false
  for (let ahead = close + 2; ahead < close + 50; ahead += 1) {
    const next = peek(reader, ahead)
    if (isMark(next, '=>')) return true
    if (
      next.kind === 'end' ||
      isMark(next, ';') ||
      isMark(next, '=') ||
      isMark(next, '}') ||
      next.kind === 'text' ||
      next.newLine
    )
      return false
  }
  return false
}

const arrowFunction = (reader: Reader): Node => {
  const first = peek(reader)
  const parameters: readonly Item[] =
    first.kind === 'name'
      ? [
          {
            kind: 'node',
            node: { kind: 'name', name: take(reader).text, start: first.start, end: first.end, line: first.line },
          },
        ]
      : parametersOf(reader)
  if (isMark(peek(reader), ':')) while (!isMark(peek(reader), '=>') && peek(reader).kind !== 'end') take(reader)
  const items = arrowBody(reader)
  return { ...place(reader, first), kind: 'function', name: null, parameters, body: items, receiver: [] }
}

const lambda = (reader: Reader): Node => {
  const first = take(reader)
  while (!isMark(peek(reader), ':') && peek(reader).kind !== 'end' && !peek(reader).newLine) take(reader)
  take(reader)
  const items = returned(parseExpression(reader))
  return { ...place(reader, first), kind: 'function', name: null, parameters: [], body: items, receiver: [] }
}

const closure = (reader: Reader): Node => {
  const first = take(reader)
  if (first.text === '|') {
    while (!isMark(peek(reader), '|') && peek(reader).kind !== 'end' && peek(reader).line - first.line < 3) take(reader)
    take(reader)
  }
  const items = isMark(peek(reader), '{') ? braced(reader) : returned(parseExpression(reader))
  return { ...place(reader, first), kind: 'function', name: null, parameters: [], body: items, receiver: [] }
}

/** A function or class where a value is expected; `null` = something else stands here. */
export const parseFunctionExpression = (reader: Reader): Node | null => {
  const token = peek(reader)
  const next = peek(reader, 1)
  const { name } = reader.language
  if (token.kind === 'name') {
    if (token.text === 'lambda' && name === 'python') return lambda(reader)
    if (token.text === 'async' && (isMark(next, '(') || isWord(next, 'function') || isMark(peek(reader, 2), '=>'))) {
      reader.at += 1
      const made = parseFunctionExpression(reader)
      if (made !== null) return made
      reader.at -= 1
      return null
    }
    const isFunction =
      ['function', 'func', 'fun', 'fn'].includes(token.text) && (functionWords[name] ?? []).includes(token.text)
    if (isFunction && (isMark(next, '(') || next.kind === 'name' || isMark(next, '*') || isMark(next, '&')))
      return keywordFunction(reader)
    if (token.text === 'class' && reader.language.arrow === '=>' && (isMark(next, '{') || next.kind === 'name'))
      return classNode(reader)
    return arrowAhead(reader) ? arrowFunction(reader) : null
  }
  if (name === 'rust' && (isMark(token, '|') || isMark(token, '||'))) return closure(reader)
  return isMark(token, '(') && arrowAhead(reader) ? arrowFunction(reader) : null
}
