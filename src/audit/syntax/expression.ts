/** Reads expressions: operands with what hangs on them, joined by operators without precedence. */

import { blockOf, bracedBlockOf, isBlockAhead } from './block.ts'
import { lex } from './lex.ts'
import { elementTokens } from './literal-type.ts'
import type { Item, Node } from './node.ts'
import type { Reader } from './reader.ts'
import {
  depthMax,
  isEllipsis,
  isLineEnd,
  isMark,
  isWord,
  lastEnd,
  peek,
  skipBrackets,
  take,
  unknownAt,
} from './reader.ts'
import type { Token } from './token.ts'

const place = (reader: Reader, from: { readonly start: number; readonly line: number }) => ({
  start: from.start,
  end: lastEnd(reader),
  line: from.line,
})

/** Words that join two operands or stand before one. */
const infixWords = new Set([
  'in',
  'is',
  'and',
  'or',
  'if',
  'else',
  'for',
  'instanceof',
  'of',
  'unless',
  'not',
  'xor',
  'satisfies',
])
const prefixWords = new Set([
  'await',
  'typeof',
  'void',
  'delete',
  'not',
  'yield',
  'async',
  'ref',
  'out',
  'mut',
  'move',
  'throw',
  'clone',
  'print',
  'echo',
  'defined',
])
const prefixMarks = new Set(['!', '-', '+', '&', '*', '~', '...', '**', '<-', '@', '^'])
const joinMarks = new Set([
  '+',
  '-',
  '*',
  '/',
  '%',
  '|',
  '||',
  '&',
  '&&',
  '??',
  '?:',
  '?',
  '==',
  '===',
  '!=',
  '!==',
  '<',
  '>',
  '<=',
  '>=',
  '**',
  '^',
  '.',
  '..',
  '<-',
])
const literals: Readonly<Record<string, boolean | null>> = {
  true: true,
  false: false,
  True: true,
  False: false,
  TRUE: true,
  FALSE: false,
  null: null,
  None: null,
  nil: null,
  undefined: null,
  NULL: null,
}

/** A string with code in it: the code is read with the same parser. */
const templateNode = (reader: Reader, token: Token): Node => {
  const at = { start: token.start, end: token.end, line: token.line }
  if (token.pieces === undefined) return { ...at, kind: 'text', value: token.text }
  const parts = token.pieces.map((piece): string | Node => {
    if (typeof piece === 'string') return piece
    const tokens = lex(reader.source, reader.language, { ...piece, line: token.line })
    const inner: Reader = { ...reader, tokens, at: 0, depth: reader.depth + 1, isHead: false, isCommand: false }
    return inner.depth > depthMax ? unknownAt(token) : parseExpression(inner)
  })
  return { ...at, kind: 'template', parts }
}

const parenthesised = (reader: Reader): Node => {
  const from = peek(reader)
  take(reader)
  const wasHead = reader.isHead
  reader.isHead = false
  const items = reader.grammar.items(reader, ')')
  reader.isHead = wasHead
  const [only] = items
  if (items.length === 1 && only?.kind === 'node') return { ...only.node }
  return { ...place(reader, from), kind: 'group', items }
}

const bracketed = (reader: Reader, close: ']' | '}'): readonly Item[] => {
  take(reader)
  const wasHead = reader.isHead
  reader.isHead = false
  const items = reader.grammar.items(reader, close)
  reader.isHead = wasHead
  return items
}

/** A number without what languages put behind it: `0.5f`, `512u32`, `10L`. */
const numberOf = (text: string): number => {
  const plain = text.replaceAll('_', '')
  if (/^0[xXbBoO]/.test(plain)) return Number(plain)
  return Number(/^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(plain)?.[0] ?? plain)
}

/** Texts of Python that stand beside each other are one. */
const textRow = (reader: Reader, first: Node): Node => {
  const parts = [first]
  while (reader.language.name === 'python' && peek(reader).kind === 'text' && !peek(reader).newLine)
    parts.push(templateNode(reader, take(reader)))
  return parts.length === 1 ? first : { ...place(reader, first), kind: 'join', operator: '+', parts }
}

const primary = (reader: Reader): Node | null => {
  const token = peek(reader)
  if (token.kind === 'text') {
    take(reader)
    return textRow(reader, templateNode(reader, token))
  }
  if (token.kind === 'number') {
    take(reader)
    const value = numberOf(token.text)
    return { ...place(reader, token), kind: 'literal', value: Number.isFinite(value) ? value : null }
  }
  if (token.kind === 'name') {
    const made = reader.grammar.functionExpression(reader)
    if (made !== null) return made
    take(reader)
    if (Object.hasOwn(literals, token.text))
      return { ...place(reader, token), kind: 'literal', value: literals[token.text] ?? null }
    return { ...place(reader, token), kind: 'name', name: token.text }
  }
  if (isMark(token, '(')) return reader.grammar.functionExpression(reader) ?? parenthesised(reader)
  if (isMark(token, '[')) return { ...place(reader, token), kind: 'list', items: bracketed(reader, ']') }
  if (isMark(token, '{')) return { kind: 'brace', items: bracketed(reader, '}'), ...place(reader, token) }
  if (isMark(token, '|') || isMark(token, '||')) return reader.grammar.functionExpression(reader)
  return null
}

/** `<…>` behind a name: the number of tokens of type arguments, or 0 if it is a comparison. */
const genericTokens = (reader: Reader): number => {
  if (!reader.language.generics || !isMark(peek(reader), '<')) return 0
  let depth = 0
  for (let ahead = 0; ahead < 60; ahead += 1) {
    const token = peek(reader, ahead)
    if (isMark(token, '<')) depth += 1
    else if (isMark(token, '>')) depth -= 1
    else if (
      token.kind === 'end' ||
      token.kind === 'number' ||
      (token.kind === 'mark' && !/^(?:[.,?&|[\]:(){}]|=>|->|::|'|\?|\*)$/.test(token.text))
    )
      return 0
    if (depth > 0) continue
    const next = peek(reader, ahead + 1)
    const isType = next.kind === 'name' || next.kind === 'end' || /^(?:[(){}[\],;.=>:?|&]|::|\?\.|=>)$/.test(next.text)
    return isType ? ahead + 1 : 0
  }
  return 0
}

/** Types that hold another one, which is what matters. */
const holders =
  /^(?:Arc|Rc|Box|Option|Mutex|RwLock|Lazy|LazyLock|OnceCell|OnceLock|Optional|Promise|Awaitable|Mono|Provider|ObjectProvider|Task|ValueTask|IOptions|Readonly|Partial|Ref|MutableRefObject|RefObject|Signal)$/

const isHolder = (node: Node): boolean => (node.kind === 'name' || node.kind === 'member') && holders.test(node.name)

/** The items between the angle brackets that are ahead. */
const heldType = (reader: Reader, tokens: number): readonly Item[] => {
  const slice = reader.tokens.slice(reader.at + 1, reader.at + tokens - 1)
  const end = peek(reader, tokens - 1)
  const inner: Reader = {
    ...reader,
    tokens: [...slice, { ...end, kind: 'end', text: '' }],
    at: 0,
    depth: reader.depth + 1,
  }
  return inner.depth > depthMax ? [] : reader.grammar.items(inner, 'end')
}

const takesBrace = (reader: Reader, node: Node, isNew: boolean): boolean => {
  const token = peek(reader)
  if (!isMark(token, '{') || reader.isHead) return false
  switch (reader.language.brace) {
    case 'composite':
      return (
        !token.space &&
        (node.kind === 'name' ||
          node.kind === 'member' ||
          node.kind === 'index' ||
          node.kind === 'list' ||
          node.kind === 'call')
      )
    case 'struct':
      return !token.newLine && (node.kind === 'name' || node.kind === 'member') && /^[A-Z]/.test(node.name)
    case 'lambda':
      return (
        !token.newLine &&
        (node.kind === 'call' ||
          ((node.kind === 'name' || node.kind === 'member') && reader.language.name === 'kotlin'))
      )
    case 'new':
      return isNew
    default:
      return false
  }
}

const asCall = (reader: Reader, node: Node, isNew: boolean): Node => {
  if (reader.language.commands) return bracedBlockOf(reader, node)
  const brace = bracketed(reader, '}')
  const end = lastEnd(reader)
  return asCallWith(node, { brace, isNew, end })
}

const asCallWith = (
  node: Node,
  { brace, isNew, end }: { readonly brace: readonly Item[]; readonly isNew: boolean; readonly end: number },
): Node =>
  node.kind === 'call' && node.brace === null
    ? { ...node, brace, end }
    : { kind: 'call', callee: node, items: [], isNew, brace, start: node.start, end: node.end, line: node.line }

const memberMarks = new Set(['.', '?.', '->', '?->', '::', '&.', '!!'])

const isMemberMark = (reader: Reader): boolean => {
  const token = peek(reader)
  const { language } = reader
  if (token.kind !== 'mark' || !memberMarks.has(token.text)) return false
  if (token.text === '->' && language.name !== 'php') return false
  if (token.text === '.' && language.dotJoins) return false
  return language.name === 'python' ? !token.newLine : true
}

const memberOf = (reader: Reader, node: Node): Node => {
  take(reader)
  const token = peek(reader)
  if (token.kind === 'name' || token.kind === 'number') {
    take(reader)
    const name = token.text.replace(/^#/, '')
    return { ...place(reader, node), kind: 'member', object: node, name }
  }
  // `a?.[0]`, `a?.(b)`, `client.(Type)` and turbofish go on with their bracket.
  if (isMark(token, '<')) skipBrackets(reader)
  else if (isMark(token, '#')) take(reader)
  return node
}

const callOf = (reader: Reader, callee: Node, isNew: boolean): Node => {
  take(reader)
  const wasHead = reader.isHead
  reader.isHead = false
  const items = reader.grammar.items(reader, ')')
  reader.isHead = wasHead
  return { ...place(reader, callee), kind: 'call', callee, items, isNew, brace: null }
}

/** Of Ruby: `method argument, key: value` without parentheses. */
const isCommand = (reader: Reader, node: Node): boolean => {
  if (!reader.language.commands || (node.kind !== 'name' && node.kind !== 'member')) return false
  const token = peek(reader)
  if (!token.space || token.newLine) return false
  if (token.kind === 'text' || token.kind === 'number') return true
  if (token.kind === 'name')
    return !infixWords.has(token.text) && !['do', 'then', 'end', 'rescue', 'while', 'until'].includes(token.text)
  const next = peek(reader, 1)
  return (isMark(token, '[') || isMark(token, '->') || isMark(token, '**') || isMark(token, '*')) && !next.space
}

const commandOf = (reader: Reader, callee: Node): Node => {
  const items = reader.grammar.items(reader, null)
  return { ...place(reader, callee), kind: 'call', callee, items, isNew: false, brace: null }
}

/** `Name.new` of Ruby needs no parentheses to be a call. */
const made = (reader: Reader, node: Node): Node => {
  const isMaker = reader.language.commands && node.kind === 'member' && node.name === 'new'
  if (!isMaker || (isMark(peek(reader), '(') && !peek(reader).newLine) || isCommand(reader, node)) return node
  return { ...place(reader, node), kind: 'call', callee: node, items: [], isNew: false, brace: null }
}

/** What hangs on an operand: members, calls, indexes, braces. */
const postfix = (reader: Reader, first: Node, isNew: boolean): Node => {
  let node = first
  let isMade = isNew
  for (;;) {
    const token = peek(reader)
    if (isMemberMark(reader)) node = made(reader, memberOf(reader, node))
    else if (isMark(token, '(') && !token.newLine) {
      node = callOf(reader, node, isMade)
      if (takesBrace(reader, node, isMade)) node = asCall(reader, node, isMade)
      isMade = false
    } else if (
      isMark(token, '[') &&
      !token.newLine &&
      !((reader.language.commands || reader.language.types === 'after') && token.space)
    )
      node = { kind: 'index', object: node, items: bracketed(reader, ']'), ...place(reader, node) }
    else if (elementTokens(reader, node) > 0) reader.at += elementTokens(reader, node)
    else if (takesBrace(reader, node, isMade)) {
      node = asCall(reader, node, isMade)
      isMade = false
    } else if (isBlockAhead(reader, node)) node = blockOf(reader, node)
    else if (isMark(token, '!') && !token.space && !token.newLine && /^[.)\];,[(]$/.test(peek(reader, 1).text))
      take(reader)
    else if (isMark(token, '!') && !token.space && reader.language.name === 'rust') take(reader)
    else if (
      isMark(token, '?') &&
      !token.space &&
      /^(?:[.;,)]|\?)$/.test(peek(reader, 1).text) &&
      reader.language.name === 'rust'
    )
      take(reader)
    else {
      const generic = genericTokens(reader)
      if (generic === 0) {
        if (!isCommand(reader, node)) return node
        const command = commandOf(reader, node)
        return isBlockAhead(reader, command) ? postfix(reader, blockOf(reader, command), false) : command
      }
      const inner = isHolder(node) ? heldType(reader, generic) : []
      reader.at += generic
      if (inner.length > 0) node = { kind: 'index', object: node, items: inner, ...place(reader, node) }
    }
  }
}

const keepsNew = new Set(['ruby', 'python', 'go'])

/** `new Type(…)`; `new()`, `new { … }` and `new[] { … }` of C# leave the type to the reader. */
const created = (reader: Reader): Node => {
  const token = take(reader)
  const isBare = ['(', '{', '['].some((mark) => isMark(peek(reader), mark))
  const inner: Node | null = isBare ? { ...place(reader, token), kind: 'name', name: 'new' } : primary(reader)
  return inner === null ? unknownAt(token) : postfix(reader, inner, true)
}

const isPrefix = (reader: Reader): boolean => {
  const token = peek(reader)
  if (token.kind === 'mark') return prefixMarks.has(token.text) && !isEllipsis(reader)
  const next = peek(reader, 1)
  if (token.kind !== 'name' || !prefixWords.has(token.text) || next.kind === 'end') return false
  return !/^(?:[.=,;:)\]}]|=>|\?\.)$/.test(next.text) && !parsesAsFunction(reader)
}

/** An operand with the marks and words before it, which say nothing that is needed. */
const operand = (reader: Reader): Node | null => {
  let before: Token | null = null
  while (isPrefix(reader)) before = take(reader)
  const token = peek(reader)
  if (isEllipsis(reader)) {
    const { start, end, line } = take(reader)
    return { kind: 'literal', value: null, start, end, line }
  }
  if (parsesAsFunction(reader)) return reader.grammar.functionExpression(reader)
  if (isWord(token, 'new') && !keepsNew.has(reader.language.name)) return created(reader)
  const first = primary(reader)
  const node = first === null ? null : postfix(reader, first, false)
  const isNegative = before?.text === '-' && node?.kind === 'literal' && typeof node.value === 'number'
  return isNegative && node.kind === 'literal' ? { ...node, value: -Number(node.value) } : node
}

const parsesAsFunction = (reader: Reader): boolean =>
  isWord(peek(reader), 'async') &&
  (isMark(peek(reader, 1), '(') || isWord(peek(reader, 1), 'function') || isMark(peek(reader, 2), '=>'))

const operatorAt = (reader: Reader): string | null => {
  const token = peek(reader)
  if (reader.language.indented && token.newLine) return null
  if (token.kind === 'mark') return joinMarks.has(token.text) ? token.text : null
  if (token.kind !== 'name' || token.newLine) return null
  if (token.text === 'as' && reader.language.name !== 'python') return 'as'
  return infixWords.has(token.text) ? token.text : null
}

/** Reads one expression; always takes at least one token unless it stands at the end or a closing bracket. */
export const parseExpression = (reader: Reader): Node => {
  const from = peek(reader)
  reader.depth += 1
  if (reader.depth > depthMax) {
    take(reader)
    reader.depth -= 1
    return unknownAt(from)
  }
  const first = operand(reader)
  if (first === null) {
    reader.depth -= 1
    return unknownAt(from)
  }
  const parts: Node[] = [first]
  let operator: string | null = null
  for (let next = operatorAt(reader); next !== null; next = operatorAt(reader)) {
    const before = reader.at
    take(reader)
    const part = operand(reader)
    if (part === null) {
      // `Type? name` and `name?: Type`: the mark belongs to what is read next.
      if (next !== '?' && next !== '.') reader.at = before
      break
    }
    if (next === 'as' || next === 'satisfies') continue
    operator = chosenOperator(operator, next)
    parts.push(part)
    if (next === '?') readTernary(reader, parts)
    if (isLineEnd(reader)) break
  }
  reader.depth -= 1
  return parts.length === 1 ? first : { ...place(reader, first), kind: 'join', operator: operator ?? '', parts }
}

/** A row of different operators is a choice if there is one among them, else a sum if all add. */
const chosenOperator = (before: string | null, next: string): string => {
  const choices = ['??', '||', 'or', '?:', '?', 'if', '||=', '??=']
  if (before === null || before === next) return next
  if (choices.includes(before)) return before
  return choices.includes(next) ? next : 'mixed'
}

const readTernary = (reader: Reader, parts: Node[]): void => {
  if (!isMark(peek(reader), ':')) return
  take(reader)
  const other = operand(reader)
  if (other !== null) parts.push(other)
}
