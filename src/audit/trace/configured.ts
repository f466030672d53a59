/** Settings that code of .NET asks for by their path: `configuration["OpenAI:ApiKey"]`, `GetValue<string>`, `GetSection`. */

import type { Item, Node } from '#audit/syntax/node.ts'
import { propertyOf } from './property.ts'
import type { Scope } from './scope.ts'
import { dottedName } from './scope.ts'
import type { Tracer } from './tracer.ts'
import type { Value } from './value.ts'

const configuration = /(?:^|\.)_?config(?:uration)?$/i

const textIn = (items: readonly Item[]): string | null => {
  const [only] = items
  return only?.kind === 'node' && only.node.kind === 'text' ? only.node.value : null
}

/** The callee of `GetValue<string>(…)`, whatever the type. */
const nameOf = (callee: Node): { readonly object: Node; readonly name: string } | null => {
  if (callee.kind === 'index') return nameOf(callee.object)
  return callee.kind === 'member' ? callee : null
}

/** The path that an expression asks for, `OpenAI:ApiKey`; null = it asks for none. */
const pathOf = (node: Node): string | null => {
  if (node.kind === 'index') {
    const key = textIn(node.items)
    const owner = ownerOf(node.object)
    return key === null || owner === null ? null : `${owner}${key}`
  }
  const got = node.kind === 'call' ? nameOf(node.callee) : null
  if (node.kind !== 'call' || got === null || got.name !== 'GetValue') return null
  const key = textIn(node.items)
  const owner = ownerOf(got.object)
  return key === null || owner === null ? null : `${owner}${key}`
}

/** Where paths of an object begin: empty for the configuration, `OpenAI:` for a section of it; null = it is neither. */
const ownerOf = (node: Node): string | null => {
  const dotted = dottedName(node)
  if (dotted !== null) return configuration.test(dotted) ? '' : null
  const got = node.kind === 'call' ? nameOf(node.callee) : null
  if (node.kind !== 'call' || got === null || !/^Get(?:Required)?Section$/.test(got.name)) return null
  const key = textIn(node.items)
  const owner = ownerOf(got.object)
  return key === null || owner === null ? null : `${owner}${key}:`
}

/** What the files of settings say under the path, else the variable that goes before them; null = no setting is asked for. */
export const configuredValue = (tracer: Tracer, node: Node, { unit }: Scope): Value | null => {
  const path = unit.language === 'csharp' ? pathOf(node) : null
  if (path === null) return null
  const value = propertyOf(tracer.project, path.replaceAll(':', '.'), unit.path)
  return value === null
    ? { kind: 'environment', name: path.replaceAll(':', '__'), fallback: null }
    : { kind: 'text', value, isWhole: true }
}
