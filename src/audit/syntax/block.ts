/** Blocks of Ruby behind a call: `{ |x| … }` and `do |x| … end`. */

import type { CallNode, Item, Node } from './node.ts'
import type { Reader } from './reader.ts'
import { columnAt, indented, isMark, isWord, lastEnd, peek, take } from './reader.ts'

/** Tokens between the bars of a block. */
const parametersMax = 40
/** No line that may hold a whole block is looked through further than this, in tokens. */
const lineMax = 200

/** Whether a block over lines opens here: the heads of loops have a `do` of their own, and so has the command around. */
export const isBlockAhead = (reader: Reader, node: Node): boolean => {
  const token = peek(reader)
  if (!reader.language.commands || reader.isHead || reader.isCommand || token.newLine || !isWord(token, 'do'))
    return false
  if (node.kind !== 'call' && node.kind !== 'member') return false
  // All on one line: its `end` is not told by its column.
  for (let ahead = 1; ahead < lineMax; ahead += 1) {
    const next = peek(reader, ahead)
    if (next.newLine || next.kind === 'end') return true
    if (isWord(next, 'end')) return false
  }
  return false
}

/** `|request, (key, value)|`: steps over the parameters, and gives the first one. */
const subjectOf = (reader: Reader): string | null => {
  if (!isMark(peek(reader), '|')) return null
  take(reader)
  const first = peek(reader)
  for (let count = 0; count < parametersMax && !isMark(peek(reader), '|') && !peek(reader).newLine; count += 1)
    take(reader)
  if (isMark(peek(reader), '|')) take(reader)
  return first.kind === 'name' ? first.text : null
}

const withBlock = (
  node: Node,
  { brace, subject, end }: { readonly brace: readonly Item[]; readonly subject: string | null; readonly end: number },
): CallNode => {
  const call: CallNode =
    node.kind === 'call' && node.brace === null
      ? { ...node, brace, end }
      : { kind: 'call', callee: node, items: [], isNew: false, brace, start: node.start, end, line: node.line }
  return subject === null ? call : { ...call, subject }
}

/** Takes the `do`, what it holds and its `end`. */
export const blockOf = (reader: Reader, node: Node): CallNode => {
  const column = columnAt(reader, reader.at)
  take(reader)
  const subject = subjectOf(reader)
  const brace = indented(reader, column)
  if (isWord(peek(reader), 'end')) take(reader)
  return withBlock(node, { brace, subject, end: lastEnd(reader) })
}

/** The same between braces. */
export const bracedBlockOf = (reader: Reader, node: Node): CallNode => {
  take(reader)
  const subject = subjectOf(reader)
  const wasHead = reader.isHead
  reader.isHead = false
  const brace = reader.grammar.items(reader, '}')
  reader.isHead = wasHead
  return withBlock(node, { brace, subject, end: lastEnd(reader) })
}
