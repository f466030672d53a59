/**
 * Moonshot's subset of JSON Schema ("Moonshot Flavored JSON Schema", MFJS), as data: https://github.com/MoonshotAI/walle, its validator, and
 * the pages mfjs-spec.md and walle.md in it, commit 196bb0c of 2026-06-29, read 2026-11-29. The endpoint refuses with "tools.function.parameters
 * is not a valid moonshot flavored json schema, details: <At path …>" (https://github.com/MoonshotAI/kimi-code/issues/2661), and a root without
 * "object" with "tools.function.parameters.type is required" (https://github.com/lidge-jun/opencodex/issues/228, both read 2026-11-29).
 */

import { toNumber } from '#base/exact-json.ts'
import type { Json } from '#base/json-type.ts'

export const typeNames: readonly string[] = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object']

/** What may stand beside every type, `anyOf` and `$ref`. */
export const labels: readonly string[] = ['description', 'title']
/** Only at the root. */
export const rootOnly: readonly string[] = ['$defs', '$id']

const number = ['minimum', 'maximum', 'enum']

/** Beside `type`, `default` and the labels. */
const ownKeywords: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', '$ref', 'anyOf'],
  array: ['items', 'minItems', 'maxItems', '$ref'],
  string: ['minLength', 'maxLength', 'pattern', 'enum'],
  boolean: ['enum'],
  null: ['enum'],
  number,
  integer: number,
}

/** The keywords that a schema of these types may have; of several, those that each of them may have. */
export const keywordsOf = (types: readonly string[]): ReadonlySet<string> => {
  const [first = [], ...others] = types.map((type) => ownKeywords[type] ?? [])
  const all = first.filter((keyword) => others.every((keywords) => keywords.includes(keyword)))
  return new Set(['type', 'default', ...labels, ...all])
}

export const keywords: ReadonlySet<string> = new Set([
  'type',
  'default',
  ...labels,
  ...rootOnly,
  ...Object.values(ownKeywords).flat(),
])

/** Names that a property cannot have. */
export const reservedNames: ReadonlySet<string> = new Set([
  '$defs',
  '$ref',
  'anyOf',
  'required',
  'additionalProperties',
])

/** Pairs of bounds, with the types that they bind. */
export const bounds: readonly { readonly min: string; readonly max: string; readonly types: readonly string[] }[] = [
  { min: 'minLength', max: 'maxLength', types: ['string'] },
  { min: 'minItems', max: 'maxItems', types: ['array'] },
  { min: 'minimum', max: 'maximum', types: ['number', 'integer'] },
]

export const limits = { depthMax: 30, anyOfMax: 500, enumValuesMax: 1_000, namesMax: 3_000, bytesMax: 120_000 } as const

/** The names of `type`, one or several; `null` = there are none, or not only such. */
export const typesOf = (type: Json | undefined): readonly string[] | null => {
  const names = Array.isArray(type) ? (type as readonly Json[]) : [type]
  const known = names.filter((name): name is string => typeof name === 'string' && typeNames.includes(name))
  return known.length > 0 && known.length === names.length ? known : null
}

/** Whether a value is of the type. */
export const isOfType = (given: Json, type: string): boolean => {
  const value = toNumber(given)
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

/** The part of the document that a pointer like `#/$defs/a/items` names; `null` where there is none. */
export const pointed = (root: Json, pointer: string): Json | null => {
  if (pointer === '#' || pointer === '') return root
  if (!pointer.startsWith('#/')) return null
  let found: Json | undefined = root
  for (const step of pointer.slice(2).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    found = typeof found === 'object' && found !== null ? (found as Readonly<Record<string, Json>>)[name] : undefined
  }
  return found ?? null
}
