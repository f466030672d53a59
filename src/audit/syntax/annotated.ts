/** `@Value("${openai.api-key}")` and `@ConfigurationProperties("openai")` of Spring: what annotations say that fields and parameters hold. */

import type { LanguageName } from './language.ts'
import type { CallNode, Item, Node } from './node.ts'

const isJvm = (language: LanguageName): boolean => language === 'java' || language === 'kotlin'

/** The text of `Value("…")`, or null if the call is another. */
export const injectedText = ({ callee, items }: CallNode, language: LanguageName): string | null => {
  if (!isJvm(language)) return null
  if (callee.kind !== 'name' || callee.name !== 'Value' || items.length !== 1) return null
  const [only] = items
  const node = only?.kind === 'node' || only?.kind === 'assign' ? (only.kind === 'node' ? only.node : only.value) : null
  return node?.kind === 'text' && node.value.includes('${') ? node.value : null
}

/** What is declared, with the annotation before it as its value. */
const assigned = (value: Node, item: Item): Item | null => {
  if (item.kind === 'declare') {
    const { name, type, modifiers, line } = item
    return {
      kind: 'assign',
      targets: [{ kind: 'name', name, start: value.end, end: value.end, line }],
      value,
      type,
      modifiers,
    }
  }
  return item.kind === 'entry' && item.key !== null && item.keyNode.kind === 'name'
    ? { kind: 'assign', targets: [item.keyNode], value, type: item.value, modifiers: item.modifiers ?? [] }
    : null
}

/** The prefix of `ConfigurationProperties("openai")`, or null if the node is another. */
const prefixOf = (node: Node): string | null => {
  if (node.kind !== 'call' || node.callee.kind !== 'name' || node.callee.name !== 'ConfigurationProperties') return null
  const texts = node.items.flatMap((item) =>
    item.kind === 'node' ? [item.node] : item.kind === 'assign' ? [item.value] : [],
  )
  const text = texts.find(({ kind }) => kind === 'text')
  return text?.kind === 'text' ? text.value : null
}

/** A class whose fields are bound to properties by their names: each is as if it said so itself. */
const bound = (node: Extract<Node, { kind: 'class' }>, prefix: string): Item => {
  const { start, end, line } = node
  const put = (name: string, fallback: string): Node => {
    const text: Node = { kind: 'text', value: `\${${prefix}.${name}${fallback}}`, start, end: start, line }
    const callee: Node = { kind: 'name', name: 'Value', start, end: start, line }
    return { kind: 'call', callee, items: [{ kind: 'node', node: text }], isNew: false, brace: null, start, end, line }
  }
  const body = node.body.map((item): Item => {
    if (item.kind === 'declare') return assigned(put(item.name, ''), item) ?? item
    const [target] = item.kind === 'assign' ? item.targets : []
    return item.kind === 'assign' && target?.kind === 'name' && item.value.kind === 'text'
      ? { ...item, value: put(target.name, `:${item.value.value}`) }
      : item
  })
  return { kind: 'node', node: { ...node, body } }
}

/** Items in which an annotated field or parameter is an assignment of what the annotation names. */
export const withInjected = (items: readonly Item[], language: LanguageName): readonly Item[] => {
  if (!isJvm(language)) return items
  const found: Item[] = []
  let value: Node | null = null
  let prefix: string | null = null
  for (const item of items) {
    if (item.kind === 'node' && item.node.kind === 'class' && prefix !== null) {
      found.push(bound(item.node, prefix))
      prefix = null
      continue
    }
    if (item.kind === 'node') prefix = prefixOf(item.node) ?? prefix
    const isValue = item.kind === 'node' && item.node.kind === 'call' && injectedText(item.node, language) !== null
    found.push((value === null ? null : assigned(value, item)) ?? item)
    if (isValue) value = item.node
    // Other annotations may stand between the two.
    else if (item.kind !== 'node') value = null
  }
  return found
}
