/** What a call is given beside its arguments: fields that are set on what it hands out, in a block or line by line behind it. */

import type { CallNode, Item, Node } from '#audit/syntax/node.ts'
import type { CallPlace } from './scope.ts'
import { dottedName } from './scope.ts'

const entry = (key: string, keyNode: Node, value: Node): Item => ({ kind: 'entry', key, keyNode, value })

/** All headers as one record, as they would stand among the arguments. */
const asHeaders = (headers: readonly Item[], { start, end, line }: Node): readonly Item[] => {
  if (headers.length === 0) return []
  const value: Node = { kind: 'brace', items: headers, start, end, line }
  return [entry('headers', value, value)]
}

/** `request["Name"]` and `request.headers["Name"]`: the header that is set. */
const headerOf = (target: Node, subject: string): string | null => {
  if (target.kind !== 'index') return null
  const object = dottedName(target.object)
  const [only] = target.items
  const isHeaders = object === subject || object === `${subject}.headers`
  return isHeaders && only?.kind === 'node' && only.node.kind === 'text' ? only.node.value : null
}

/** What the lines of a block set on its first parameter: `request.body = …`, `request.url "…"`, `request.headers["…"] = …`. */
const setIn = (block: readonly Item[], subject: string, node: Node): readonly Item[] => {
  const headers: Item[] = []
  const fields = block.flatMap((item): readonly Item[] => {
    const [target] = item.kind === 'assign' ? item.targets : []
    if (item.kind === 'assign' && target !== undefined) {
      const header = headerOf(target, subject)
      if (header !== null) headers.push(entry(header, target, item.value))
      const isField = target.kind === 'member' && dottedName(target)?.startsWith(`${subject}.`) === true
      return isField ? [entry(target.name, target, item.value)] : []
    }
    const call = item.kind === 'node' && item.node.kind === 'call' ? item.node : null
    const [only] = call?.items ?? []
    return call?.callee.kind === 'member' && dottedName(call.callee.object) === subject && only?.kind === 'node'
      ? [entry(call.callee.name, call.callee, only.node)]
      : []
  })
  return [...fields, ...asHeaders(headers, node)]
}

/** What the brace behind a call gives it; the lines of a block of Ruby are code, and only what they set on its parameter counts. */
export const braceItems = (node: CallNode, { scope }: Pick<CallPlace, 'scope'>): readonly Item[] => {
  if (node.brace === null || scope.unit.language !== 'ruby') return node.brace ?? []
  return node.subject === undefined ? [] : setIn(node.brace, node.subject, node)
}

/** `request = Post.new(url)`, then `request.body = …` and, in Ruby, `request["Name"] = …`. */
export const setLater = ({ node, scope }: CallPlace): readonly Item[] => {
  const name = [...scope.bindings].find(([, bindings]) => bindings.some(({ value }) => value === node))?.[0]
  if (name === undefined) return []
  const headers: Item[] = []
  const fields: Item[] = []
  for (const [dotted, bindings] of scope.bindings) {
    const value = bindings.at(-1)?.value
    if (value == null || !dotted.startsWith(name)) continue
    const rest = dotted.slice(name.length)
    const header = /^\[(.+)\]$/.exec(rest)?.[1]
    const field = /^\.(\w+)$/.exec(rest)?.[1]
    if (header !== undefined) headers.push(entry(header, value, value))
    else if (field !== undefined) fields.push(entry(field, value, value))
  }
  return [...fields, ...asHeaders(headers, node)]
}
