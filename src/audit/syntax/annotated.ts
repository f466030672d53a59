/** `@Value("${openai.api-key}")` of Spring and its like, before a field or a parameter: the annotation says what it holds. */

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

/** Items in which an annotated field or parameter is an assignment of what the annotation names. */
export const withInjected = (items: readonly Item[], language: LanguageName): readonly Item[] => {
  if (!isJvm(language)) return items
  const found: Item[] = []
  let value: Node | null = null
  for (const item of items) {
    const isValue = item.kind === 'node' && item.node.kind === 'call' && injectedText(item.node, language) !== null
    found.push((value === null ? null : assigned(value, item)) ?? item)
    if (isValue) value = item.node
    // Other annotations may stand between the two.
    else if (item.kind !== 'node') value = null
  }
  return found
}
