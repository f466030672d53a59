/** What statements give a name beside assignments to it: `payload["n"] = 2`, `payload.update(n=2)`, `body.put("n", 2)`, `define('N', 2)`. */

import type { LanguageName } from '#audit/syntax/language.ts'
import type { CallNode, Item, Node } from '#audit/syntax/node.ts'

/** `name`: as its binding is called, `payload.n`; `isOfFile`: bound for the whole file. */
export type KeySet = { readonly name: string; readonly value: Node; readonly isOfFile: boolean }

const textIn = (item: Item | undefined): string | null =>
  item?.kind === 'node' && item.node.kind === 'text' ? item.node.value : null

/** The key that is written out within the brackets. */
export const indexKey = (node: Node): string | null => (node.kind === 'index' ? textIn(node.items[0]) : null)

/** `["model"] = "x"` within braces: an entry of a dictionary of C#. */
export const bracketKey = (target: Node): string | null => (target.kind === 'list' ? textIn(target.items[0]) : null)

/** What an assignment to an entry binds. Ruby sets headers so as well, which are told apart from fields by their brackets. */
export const keyName = (target: Node, language: LanguageName): string | null => {
  const key = indexKey(target)
  if (key === null || target.kind !== 'index' || target.object.kind !== 'name') return null
  return language === 'ruby' ? `${target.object.name}[${key}]` : `${target.object.name}.${key}`
}

/** The entries of a record that is written out, and arguments by name. */
const entriesOf = (items: readonly Item[]): readonly (readonly [name: string, value: Node])[] =>
  items.flatMap((item): readonly (readonly [string, Node])[] => {
    if (item.kind === 'entry' && item.key !== null) return [[item.key, item.value]]
    const [target] = item.kind === 'assign' ? item.targets : []
    if (item.kind === 'assign' && target?.kind === 'name') return [[target.name, item.value]]
    return item.kind === 'node' && item.node.kind === 'brace' ? entriesOf(item.node.items) : []
  })

const pairSetters = /^(?:put|putIfAbsent|setdefault|set|add|Add|TryAdd|addProperty)$/

/** `json.NewEncoder(&buf).Encode(body)` of Go: what is in the buffer from then on. */
const encodedInto = ({ callee, items }: CallNode): readonly KeySet[] => {
  const maker = callee.kind === 'member' && callee.name === 'Encode' ? callee.object : null
  if (maker?.kind !== 'call' || maker.callee.kind !== 'member' || maker.callee.name !== 'NewEncoder') return []
  const [buffer] = maker.items
  const [body] = items
  return buffer?.kind === 'node' && buffer.node.kind === 'name' && body?.kind === 'node'
    ? [{ name: buffer.node.name, value: body.node, isOfFile: false }]
    : []
}

/** What a call sets on the name that it is made on, or that it is given: `Object.assign(payload, { n: 2 })`. */
export const keysSet = (node: CallNode, language: LanguageName): readonly KeySet[] => {
  const { callee, items } = node
  if (language === 'go') return encodedInto(node)
  const [first, second] = items
  const key = textIn(first)
  const value = second?.kind === 'node' ? second.node : null
  if (callee.kind === 'name') {
    const isConstant = language === 'php' && callee.name === 'define' && key !== null && value !== null
    return isConstant ? [{ name: key, value, isOfFile: true }] : []
  }
  if (callee.kind !== 'member' || callee.object.kind !== 'name') return []
  const entry = (owner: string, name: string, set: Node): KeySet => ({
    name: language === 'ruby' ? `${owner}[${name}]` : `${owner}.${name}`,
    value: set,
    isOfFile: false,
  })
  const owner = callee.object.name
  if (owner === 'Object' && callee.name === 'assign')
    return first?.kind === 'node' && first.node.kind === 'name' && first.node.name !== ''
      ? entriesOf(items.slice(1)).map(([name, set]) => entry((first.node as { name: string }).name, name, set))
      : []
  // `headers.setBearerAuth(key)` of Spring.
  if (callee.name === 'setBearerAuth' && first?.kind === 'node') return [entry(owner, 'Authorization', first.node)]
  if (/^(?:update|merge!|putAll)$/.test(callee.name))
    return entriesOf(items).map(([name, set]) => entry(owner, name, set))
  return pairSetters.test(callee.name) && items.length === 2 && key !== null && value !== null
    ? [entry(owner, key, value)]
    : []
}
