/** What PHP sets on a handle of curl: `curl_setopt($ch, CURLOPT_POSTFIELDS, …)`, `curl_setopt_array($ch, […])`. */

import type { CallNode, Item, Node } from '#audit/syntax/node.ts'
import type { CallPlace } from './scope.ts'

const lastName = ({ callee }: CallNode): string =>
  callee.kind === 'name' ? callee.name.replace(/^\\/, '') : callee.kind === 'member' ? callee.name : ''

const nodeAt = (items: readonly Item[], index: number): Node | null => {
  const item = items[index]
  return item?.kind === 'node' ? item.node : null
}

/** The handle that is made here, or on which something is set. */
const handleOf = ({ node, scope }: CallPlace): string | null => {
  if (lastName(node) === 'curl_init')
    return [...scope.bindings].find(([, bindings]) => bindings.some(({ value }) => value === node))?.[0] ?? null
  const handle = /^curl_setopt(?:_array)?$/.test(lastName(node)) ? nodeAt(node.items, 0) : null
  return handle?.kind === 'name' ? handle.name : null
}

/** `'Authorization: Bearer …'` as an entry: the name of the header, and the whole text, in which the credential is found. */
const headerEntry = (item: Item): readonly Item[] => {
  const node = item.kind === 'node' ? item.node : null
  const [first] =
    node?.kind === 'join' ? node.parts : node?.kind === 'template' ? node.parts : node === null ? [] : [node]
  const text = typeof first === 'string' ? first : first?.kind === 'text' ? first.value : ''
  const name = /^\s*([\w-]+)\s*:/.exec(text)?.[1]
  return node === null || name === undefined ? [] : [{ kind: 'entry', key: name, keyNode: node, value: node }]
}

const optionItems = (option: string, value: Node): readonly Item[] => {
  if (/CURLOPT_POSTFIELDS$/.test(option)) return [{ kind: 'entry', key: 'body', keyNode: value, value }]
  if (!/CURLOPT_HTTPHEADER$/.test(option) || value.kind !== 'list') return []
  const { start, end, line } = value
  const headers: Node = { kind: 'brace', items: value.items.flatMap(headerEntry), start, end, line }
  return [{ kind: 'entry', key: 'headers', keyNode: value, value: headers }]
}

const nameOf = (node: Node | null): string => (node?.kind === 'name' ? node.name : '')

/** What is set on the handle of this call anywhere in its function, as it would stand among the arguments of a request. */
export const curlOptions = (place: CallPlace): readonly Item[] => {
  if (place.scope.unit.language !== 'php') return []
  const handle = handleOf(place)
  if (handle === null) return []
  return place.scope.unit.calls
    .filter((other) => other.scope === place.scope && handleOf(other) === handle)
    .flatMap(({ node }) => {
      if (lastName(node) === 'curl_setopt') {
        const value = nodeAt(node.items, 2)
        return value === null ? [] : optionItems(nameOf(nodeAt(node.items, 1)), value)
      }
      const options = lastName(node) === 'curl_setopt_array' ? nodeAt(node.items, 1) : null
      return options?.kind === 'list'
        ? options.items.flatMap((item) => (item.kind === 'entry' ? optionItems(nameOf(item.keyNode), item.value) : []))
        : []
    })
}
