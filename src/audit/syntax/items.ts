/** Reads rows of items: the statements of a block, the arguments of a call, the entries of a record. One form for all of them. */

import { parseDefinition } from './definition.ts'
import { parseExpression } from './expression.ts'
import { parseImport } from './import.ts'
import type { Item, Node } from './node.ts'
import type { Close, Reader } from './reader.ts'
import { depthMax, isEllipsis, isMark, peek, take } from './reader.ts'
import { headWords, modifierWords } from './word.ts'

const assignMarks = new Set(['=', ':=', '+=', '||=', '??='])

/** Whether the row ends here. Of a closing bracket that is not ours, we leave it to whoever opened it. */
const isEnd = (reader: Reader, close: string | null): boolean => {
  const token = peek(reader)
  if (token.kind === 'end') return true
  if (close === null)
    return (
      token.newLine ||
      isMark(token, ';') ||
      /^[)\]}]$/.test(token.text) ||
      (token.kind === 'name' && ['do', 'if', 'unless', 'end'].includes(token.text))
    )
  if (close === 'indent') return token.newLine && token.column <= reader.indent
  if (close === 'end') return false
  return token.kind === 'mark' && /^[)\]}]$/.test(token.text)
}

/**
 * Reads items up to the closing bracket, which is taken. `null`: up to the end of the line (commands of Ruby); `indent`: as long as
 * lines are set deeper than `reader.indent`; `end`: all.
 */
export const parseItems = (reader: Reader, close: Close): readonly Item[] => {
  const items: Item[] = []
  if (reader.depth >= depthMax) {
    take(reader)
    return items
  }
  reader.depth += 1
  const wasCommand = reader.isCommand
  reader.isCommand = close === null
  while (!isEnd(reader, close)) {
    const before = reader.at
    const token = peek(reader)
    if (isMark(token, ',') && close === null) {
      take(reader)
      const next = peek(reader)
      // A comma at the end of the line goes on with the next one.
      if (next.newLine && next.kind !== 'end') {
        const item = parseItem(reader)
        if (item !== null) items.push(...item)
      }
      continue
    }
    if (token.kind === 'mark' && /^[,;]$/.test(token.text)) {
      take(reader)
      continue
    }
    const found = parseItem(reader)
    if (found !== null) items.push(...found)
    if (reader.at === before) take(reader)
  }
  reader.isCommand = wasCommand
  reader.depth -= 1
  if (close !== null && close !== 'indent' && close !== 'end' && isMark(peek(reader), close)) take(reader)
  return items
}

const spread = (reader: Reader): Item | null => {
  const token = peek(reader)
  const isSpread =
    token.text === '...' || token.text === '**' || (token.text === '..' && reader.language.name === 'rust')
  // Python's `...` is a value of its own: the body of what has none.
  if (token.kind !== 'mark' || !isSpread || isEllipsis(reader)) return null
  take(reader)
  return { kind: 'spread', node: parseExpression(reader) }
}

const keyOf = (node: Node): string | null => {
  if (node.kind === 'name') return node.name
  if (node.kind === 'text') return node.value
  if (node.kind === 'list' || node.kind === 'group') {
    const [only] = node.items
    return only?.kind === 'node' && only.node.kind === 'text' ? only.node.value : null
  }
  return node.kind === 'literal' && typeof node.value === 'number' ? String(node.value) : null
}

/** The head of an `if` or a loop; its body follows as items of the same row. */
const parseHead = (reader: Reader): readonly Item[] => {
  take(reader)
  const items: Item[] = []
  reader.isHead = true
  for (let count = 0; count < 12; count += 1) {
    const token = peek(reader)
    if (
      token.kind === 'end' ||
      (token.kind === 'mark' && /^[{}):\]]$/.test(token.text)) ||
      (token.newLine && count > 0) ||
      (token.newLine && reader.language.indented)
    )
      break
    if (token.kind === 'name' && headWords.has(token.text) && count > 0) break
    const before = reader.at
    const found = parseItem(reader)
    if (found !== null) items.push(...found.map((item) => withAlias(reader, item)))
    if (!isMark(peek(reader), ';') && reader.at === before) break
    if (isMark(peek(reader), ';')) take(reader)
    else if (!isMark(peek(reader), ',')) break
    else take(reader)
  }
  reader.isHead = false
  if (isMark(peek(reader), ':') && reader.language.name === 'python') take(reader)
  return items
}

/** `with open() as name` of Python binds the name. */
const withAlias = (reader: Reader, item: Item): Item => {
  const word = peek(reader)
  if (item.kind !== 'node' || word.kind !== 'name' || word.text !== 'as' || reader.language.name !== 'python')
    return item
  take(reader)
  return { kind: 'assign', targets: [parseExpression(reader)], value: item.node, type: null, modifiers: [] }
}

const modifiersOf = (reader: Reader): readonly string[] => {
  const words: string[] = []
  for (;;) {
    const token = peek(reader)
    const next = peek(reader, 1)
    if (token.kind !== 'name' || !modifierWords.has(token.text)) return words
    // As a name of its own (`default: 1`, `type = x`, `data.y`) it is no modifier.
    const isName = next.kind === 'end' || (next.kind === 'mark' && !/^[{[@*&(<]$/.test(next.text))
    if (isName || (isMark(next, '(') && token.text !== 'export' && token.text !== 'pub' && token.text !== 'default'))
      return words
    words.push(take(reader).text)
    if (token.text === 'pub' && isMark(peek(reader), '(')) {
      while (!isMark(peek(reader), ')') && peek(reader).kind !== 'end') take(reader)
      take(reader)
    }
  }
}

/** `const ( … )` and `var ( … )` of Go: statements of their own, one a line. */
const parseGroup = (reader: Reader): readonly Item[] | null => {
  const token = peek(reader)
  const isGroup =
    reader.language.name === 'go' &&
    token.kind === 'name' &&
    (token.text === 'const' || token.text === 'var') &&
    isMark(peek(reader, 1), '(')
  if (!isGroup) return null
  take(reader)
  take(reader)
  return parseItems(reader, ')')
}

/** One item, or several where one statement says several things; `null` = nothing that counts. */
export const parseItem = (reader: Reader): readonly Item[] | null => {
  const taken = spread(reader)
  if (taken !== null) return [taken]
  const group = parseGroup(reader)
  if (group !== null) return group
  const token = peek(reader)
  if (isMark(token, '@') || isMark(token, '#')) {
    take(reader)
    return null
  }
  const imported = parseImport(reader)
  if (imported !== null) return imported
  if (token.kind === 'name' && headWords.has(token.text) && !isName(reader)) return parseHead(reader)
  const modifiers = modifiersOf(reader)
  const inner = peek(reader)
  if (modifiers.length > 0 && inner.kind === 'name' && headWords.has(inner.text) && !isName(reader))
    return parseHead(reader)
  const defined = parseDefinition(reader, modifiers)
  if (defined !== null) return defined
  const word = peek(reader)
  if (word.kind === 'name' && (word.text === 'return' || word.text === 'yield') && !isName(reader)) {
    take(reader)
    const next = peek(reader)
    if (next.newLine || isMark(next, ';') || isMark(next, '}')) return null
    return [{ kind: 'return', node: withRest(reader, parseExpression(reader)) }]
  }
  const items = parseSimple(reader, modifiers)
  return items === null ? null : items.map((item) => withModifiers(item, modifiers))
}

/** `export default value` binds the default; a parameter with modifiers is a field. */
const withModifiers = (item: Item, modifiers: readonly string[]): Item => {
  if (modifiers.length === 0) return item
  if (item.kind === 'entry') return { ...item, modifiers }
  if (item.kind !== 'node' || !modifiers.includes('default')) return item
  const { node } = item
  const target: Node = { kind: 'name', name: 'default', start: node.start, end: node.start, line: node.line }
  return { kind: 'assign', targets: [target], value: node, type: null, modifiers }
}

/** A reserved word that is used as a key or a name. */
const isName = (reader: Reader): boolean => {
  const next = peek(reader, 1)
  return (
    next.kind === 'mark' &&
    /^(?:[:=,.)\]]|=>|\?\.|\+=)$/.test(next.text) &&
    !(isMark(next, ':') && reader.language.name === 'python') &&
    !(isMark(next, '.') && next.space)
  )
}

/** `return a, err` of Go and tuples of Python: the first value is the one that is followed. */
const withRest = (reader: Reader, first: Node): Node => {
  const items: Item[] = [{ kind: 'node', node: first }]
  while (isMark(peek(reader), ',') && !peek(reader, 1).newLine && items.length < 8) {
    take(reader)
    items.push({ kind: 'node', node: parseExpression(reader) })
  }
  return items.length === 1 ? first : { kind: 'group', items, start: first.start, end: first.end, line: first.line }
}

type Simple = { modifiers: readonly string[]; targets: Node[]; type: Node | null }

const parseSimple = (reader: Reader, modifiers: readonly string[]): readonly Item[] | null => {
  const state: Simple = { modifiers, targets: [parseExpression(reader)], type: null }
  for (let count = 0; count < 24; count += 1) {
    const token = peek(reader)
    const [first] = state.targets
    if (first === undefined) return null
    if (token.kind === 'mark' && assignMarks.has(token.text) && !(token.newLine && reader.language.indented))
      return [assignment(reader, state)]
    if (isMark(token, '=>') || isMark(token, '->')) return arrowEntry(reader, first)
    if (isMark(token, ':') || (isMark(token, '?') && isMark(peek(reader, 1), ':'))) {
      const entry = colonEntry(reader, state)
      if (entry !== null) return entry
      continue
    }
    if (isMark(token, ',') && isTargets(reader)) {
      take(reader)
      state.targets.push(parseExpression(reader))
      continue
    }
    if (isAdjacent(reader, first)) {
      const declared = adjacent(reader, state)
      if (declared !== null) return declared
      continue
    }
    return bare(reader, state)
  }
  return bare(reader, state)
}

/** A comma between targets: an assignment mark follows on the same line, behind names only. */
const isTargets = (reader: Reader): boolean => {
  const { name } = reader.language
  if (name !== 'go' && name !== 'python' && name !== 'ruby') return false
  for (let ahead = 0; ahead < 24; ahead += 1) {
    const token = peek(reader, ahead)
    if (token.newLine || token.kind === 'end') return false
    if (token.kind === 'mark' && (token.text === ':=' || token.text === '='))
      return name !== 'python' || (ahead > 1 && !isCallArguments(reader))
    if (token.kind !== 'name' && !isMark(token, ',') && !isMark(token, '.')) return false
  }
  return false
}

/** Whether we are within brackets, where `a, b=1` are two arguments. */
const isCallArguments = (reader: Reader): boolean => {
  let depth = 0
  for (let at = reader.at; at >= 0 && reader.at - at < 400; at -= 1) {
    const token = reader.tokens[at]
    if (token === undefined) return false
    if (token.kind === 'mark' && /^[)\]}]$/.test(token.text)) depth += 1
    if (token.kind === 'mark' && /^[([{]$/.test(token.text)) {
      if (depth === 0) return true
      depth -= 1
    }
    if (token.newLine && depth === 0) return false
  }
  return false
}

const assignment = (reader: Reader, { targets, type, modifiers }: Simple): Item => {
  take(reader)
  let value = withTuple(reader, parseExpression(reader), targets.length)
  const all = [...targets]
  while (isMark(peek(reader), '=') && all.length < 8) {
    take(reader)
    all.push(value)
    value = parseExpression(reader)
  }
  return { kind: 'assign', targets: all, value: typedNew(value, type), type, modifiers }
}

/** `Type name = new(…)` of C#: the type says what is made. */
const typedNew = (value: Node, type: Node | null): Node =>
  type !== null && value.kind === 'call' && value.callee.kind === 'name' && value.callee.name === 'new'
    ? { ...value, callee: type }
    : value

const withTuple = (reader: Reader, value: Node, count: number): Node => (count > 1 ? withRest(reader, value) : value)

const arrowEntry = (reader: Reader, keyNode: Node): readonly Item[] => {
  take(reader)
  return [{ kind: 'entry', key: keyOf(keyNode), keyNode, value: parseExpression(reader) }]
}

/** `key: value`, `name: Type = value`, `name?: Type`; `null` when the type is kept and an assignment may follow. */
const colonEntry = (reader: Reader, state: Simple): readonly Item[] | null => {
  const [keyNode] = state.targets
  if (keyNode === undefined) return []
  if (isMark(peek(reader), '?')) take(reader)
  take(reader)
  const next = peek(reader)
  if (next.kind === 'end' || (reader.language.indented && next.newLine && reader.language.name === 'python'))
    return [{ kind: 'node', node: keyNode }]
  if (isMark(next, ',') || isMark(next, ')') || isMark(next, '}')) {
    // `key:` alone, the shorthand of Ruby.
    return [{ kind: 'entry', key: keyOf(keyNode), keyNode, value: keyNode }]
  }
  const value = parseExpression(reader)
  if (isMark(peek(reader), '=')) {
    state.type = value
    return null
  }
  return [{ kind: 'entry', key: keyOf(keyNode), keyNode, value }]
}

const isTypeNode = (node: Node): boolean =>
  node.kind === 'name' ||
  node.kind === 'member' ||
  node.kind === 'index' ||
  (node.kind === 'join' && node.parts.every(isTypeNode))

const isAdjacent = (reader: Reader, first: Node): boolean => {
  const token = peek(reader)
  if (token.newLine || !isTypeNode(first)) return false
  const isGoType = reader.language.types === 'after' && (isMark(token, '[') || isMark(token, '*')) && token.space
  return token.kind === 'name' && reader.language.types !== 'colon' ? true : isGoType
}

/** `Type name` or, in Go, `name Type`; `null` when an assignment follows. */
const adjacent = (reader: Reader, state: Simple): readonly Item[] | null => {
  const [first] = state.targets
  if (first === undefined) return []
  const second = parseExpression(reader)
  const [named, type] = reader.language.types === 'after' ? [first, second] : [second, first]
  if (named.kind === 'call' && reader.language.types === 'before') {
    // A method: its definition was not recognised by its brace, as in an interface.
    return [{ kind: 'node', node: named }]
  }
  state.targets = [named]
  state.type = type
  const token = peek(reader)
  if (isMark(token, '=')) return null
  return named.kind === 'name'
    ? [{ kind: 'declare', name: named.name, type, modifiers: state.modifiers, line: named.line }]
    : [{ kind: 'node', node: second }]
}

const bare = (reader: Reader, { targets, type, modifiers }: Simple): readonly Item[] => {
  const [first] = targets
  if (first === undefined) return []
  // `client *openai.Client` of Go reads as a product.
  if (reader.language.types === 'after' && first.kind === 'join' && first.operator === '*') {
    const [named, pointed] = first.parts
    if (named?.kind === 'name' && pointed !== undefined)
      return [{ kind: 'declare', name: named.name, type: pointed, modifiers, line: named.line }]
  }
  if (type !== null && first.kind === 'name')
    return [{ kind: 'declare', name: first.name, type, modifiers, line: first.line }]
  return targets.map((node) => ({ kind: 'node', node }))
}
