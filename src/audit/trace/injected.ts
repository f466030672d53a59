/** Values that Spring and its like put in: `@Value("${openai.api-key}")` says what a field or a parameter holds. */

import { injectedText } from '#audit/syntax/annotated.ts'
import type { CallNode } from '#audit/syntax/node.ts'
import { propertyOf } from './property.ts'
import type { Scope } from './scope.ts'
import type { Tracer } from './tracer.ts'
import type { Value } from './value.ts'
import { unknown } from './value.ts'

/** Placeholders that name placeholders are followed no further. */
const depthMax = 8
const holes = /\$\{[^${}]+\}/g

/** The variable that Spring reads for a property: `openai.base-url` is `OPENAI_BASEURL`. */
const variableOf = (name: string): string => name.replaceAll('-', '').replaceAll(/\W+/g, '_').toUpperCase()

const resolved = (tracer: Tracer, text: string, { path, depth }: { path: string; depth: number }): Value => {
  const inside = (inner: string): Value =>
    depth < depthMax ? resolved(tracer, inner, { path, depth: depth + 1 }) : unknown
  const [, name, fallback] = /^\$\{([^:${}]+)(?::(.*))?\}$/s.exec(text) ?? []
  if (name !== undefined && (fallback === undefined || !/^[^{]*\}/.test(fallback))) {
    const property = propertyOf(tracer.project, name, path)
    if (property !== null) return inside(property)
    if (fallback?.includes('${') === true) return inside(fallback)
    return { kind: 'environment', name: variableOf(name), fallback: fallback ?? null }
  }
  let isWhole = true
  const value = text.replace(holes, (hole) => {
    const inner = inside(hole)
    if (inner.kind === 'text') return inner.value
    isWhole = false
    return inner.kind === 'environment' ? (inner.fallback ?? `{${inner.name}}`) : '{value}'
  })
  return { kind: 'text', value, isWhole }
}

/** What `Value("…")` puts in, by the files of settings; null = the call is another. */
export const injectedValue = (tracer: Tracer, node: CallNode, { unit }: Scope): Value | null => {
  const text = injectedText(node, unit.language)
  return text === null ? null : resolved(tracer, text, { path: unit.path, depth: 0 })
}
