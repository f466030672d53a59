/** Steps by which one node of a schema is brought into Moonshot's subset (sources in keyword.ts). Pure. */

import { toNumber } from '#base/exact-json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { bounds, isOfType, keywordsOf, labels, limits, typesOf } from './keyword.ts'

/** Says nothing of the values that are wanted. */
const annotations: ReadonlySet<string> = new Set([
  ...[
    '$schema',
    '$comment',
    '$anchor',
    '$id',
    '$defs',
    'definitions',
    '$vocabulary',
    '$dynamicAnchor',
    'readOnly',
    'writeOnly',
  ],
])
const saidMax = 500

type Mutable = Record<string, Json | undefined>

/** The node with what it cannot say in its description; `charactersMax` of it at most. */
export const said = (node: JsonObject, lost: JsonObject, charactersMax: number = saidMax): JsonObject => {
  const told = Object.entries(lost).filter(([name, value]) => value !== undefined && !annotations.has(name))
  if (told.length === 0) return node
  const text = JSON.stringify(Object.fromEntries(told)).slice(0, charactersMax)
  const before = typeof node['description'] === 'string' && node['description'] !== '' ? `${node['description']} ` : ''
  return { ...node, description: `${before}(JSON Schema: ${text})` }
}

const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])

/** Several schemas that all hold as one; of what two of them say differently the first counts. */
export const mergeSchemas = (schemas: readonly JsonObject[]): JsonObject => {
  const merged: Mutable = {}
  for (const schema of schemas)
    for (const [name, value] of Object.entries(schema)) {
      const before = merged[name]
      if (before === undefined) merged[name] = value
      else if (name === 'properties' && isObject(before) && isObject(value)) merged[name] = { ...value, ...before }
      else if (name === 'required') merged[name] = [...new Set([...list(before), ...list(value)])]
    }
  return merged
}

/** A list of schemas for the places of an array becomes one schema for all of them; `items` that is no schema goes. */
export const tupleItems = (node: JsonObject): JsonObject => {
  const { prefixItems, ...rest } = node
  const places = Array.isArray(prefixItems) ? prefixItems : node['items']
  if (!Array.isArray(places)) {
    if (node['items'] === undefined || isObject(node['items'])) return node
    const { items: refused, ...bare } = node
    return refused === false ? { ...bare, maxItems: 0 } : bare
  }
  const schemas = [
    ...new Map((places as readonly Json[]).filter(isObject).map((one) => [JSON.stringify(one), one])).values(),
  ]
  const { items: beyond, additionalItems: _more, ...bare } = rest
  const all = isObject(beyond) ? [...schemas, beyond] : schemas
  const [only] = all
  if (only === undefined) return bare
  const items = all.length === 1 ? only : { anyOf: all.slice(0, limits.anyOfMax) }
  return said({ ...bare, items }, { prefixItems: places })
}

const typeOf = (given: Json): string => {
  const value = toNumber(given)
  if (value === null) return 'null'
  if (Number.isInteger(value)) return 'integer'
  if (Array.isArray(value)) return 'array'
  return typeof value
}

/** One type of all the values; integers among other numbers are numbers. */
const typesOfValues = (values: readonly Json[]): readonly string[] => {
  const found = [...new Set(values.map(typeOf))]
  return found.includes('number') ? found.filter((type) => type !== 'integer') : found
}

const isPair = (types: readonly string[]): boolean =>
  types.length === 1 || (types.length === 2 && types.includes('null'))

/** `const` as a list of one, `oneOf` as `anyOf`; a list of values has the type that they have. */
export const typedEnum = (node: JsonObject): JsonObject => {
  const { const: only, oneOf, enum: given, ...rest } = node
  const choices = list(oneOf).length > 0 && rest['anyOf'] === undefined ? { ...rest, anyOf: oneOf } : rest
  const bare: JsonObject = choices === rest && oneOf !== undefined ? said(rest, { oneOf }) : choices
  const values = only === undefined ? list(given).slice(0, limits.enumValuesMax) : [only]
  if (values.length === 0) return bare
  const stated = typesOf(bare['type'])
  if (stated !== null && isPair(stated) && values.every((value) => stated.some((type) => isOfType(value, type))))
    return { ...bare, enum: values }
  const types = typesOfValues(values)
  if (types.includes('object') || types.includes('array')) return said(bare, { enum: values })
  const { type: _type, ...untyped } = bare
  const [first] = types
  if (isPair(types)) return { ...untyped, type: types.length === 1 ? (first as string) : types, enum: values }
  const branch = (type: string): JsonObject => ({ type, enum: values.filter((value) => isOfType(value, type)) })
  return { ...untyped, anyOf: types.map(branch) }
}

const isFit = (value: Json | undefined, types: readonly string[]): boolean =>
  value !== undefined && types.some((type) => isOfType(value, type))

/** What stands beside a choice goes into the branches that it can hold for; the labels stay, unless a branch has its own. */
const intoBranch = (branch: JsonObject, beside: JsonObject): JsonObject => {
  const merged = mergeSchemas([branch, beside])
  const types = typesOf(merged['type'])
  if (types === null || types.length !== 1) return merged
  const allowed = keywordsOf(types)
  const kept = Object.entries(merged).filter(
    ([name, value]) =>
      Object.hasOwn(branch, name) || (allowed.has(name) && (name !== 'default' || isFit(value, types))),
  )
  const { enum: values, ...rest } = Object.fromEntries(kept)
  if (values === undefined || Object.hasOwn(branch, 'enum'))
    return { ...rest, ...(values === undefined ? {} : { enum: values }) }
  const own = list(values).filter((value) => isFit(value, types))
  return own.length === 0 ? rest : { ...rest, enum: own }
}

const labelled = (branch: JsonObject, labelsAbove: JsonObject): JsonObject => {
  const above = labelsAbove['description']
  const own = branch['description']
  if (typeof above !== 'string') return branch
  return { ...branch, description: typeof own === 'string' ? `${above} ${own}` : above }
}

/** A choice with what stands beside it: labels that a branch has as well go into the branches. */
export const labelledChoice = (beside: JsonObject, branches: readonly JsonObject[]): JsonObject => {
  const isDouble = labels.some(
    (label) => beside[label] !== undefined && branches.some((one) => one[label] !== undefined),
  )
  if (!isDouble) return { ...beside, anyOf: branches }
  const rest = Object.entries(beside).filter(([name]) => !labels.includes(name))
  return { ...Object.fromEntries(rest), anyOf: branches.map((branch) => labelled(branch, beside)) }
}

/** Several types as branches of a choice; of a choice, everything beside it in its branches. */
export const spreadChoice = (given: JsonObject, written: (branch: JsonObject) => JsonObject | null): JsonObject => {
  const { anyOf: choices, ...unchosen } = given
  const node = choices === undefined || list(choices).some(isObject) ? given : unchosen
  const types = [...new Set(typesOf(node['type']) ?? [])]
  const { type: _type, ...untyped } = node
  const isBare = Object.keys(untyped).every((name) => labels.includes(name))
  const isEnumPair =
    node['enum'] !== undefined && isPair(types) && Object.keys(untyped).every((name) => keywordsOf(types).has(name))
  if (types.length > 1 && node['anyOf'] === undefined && !isEnumPair)
    if (isBare) return { ...node, type: types }
    else return spreadChoice({ ...untyped, anyOf: types.map((type) => ({ type })) }, written)
  const single: JsonObject = types.length === 1 && Array.isArray(node['type']) ? { ...node, type: types } : node
  const { anyOf, ...beside } = single
  if (anyOf === undefined) return beside
  const branches = list(anyOf).filter(isObject).slice(0, limits.anyOfMax)
  if (branches.length === 0) return beside
  const above = Object.fromEntries(Object.entries(beside).filter(([name]) => labels.includes(name)))
  const rest: JsonObject = Object.fromEntries(Object.entries(beside).filter(([name]) => !labels.includes(name)))
  const full = branches.map((branch) => {
    if (Object.keys(rest).length === 0) return branch
    const whole = written(branch)
    return whole === null ? branch : intoBranch(whole, rest)
  })
  return labelledChoice(above, full)
}

/** Bounds that are no numbers, negative or the wrong way round go; those of whole numbers become whole. */
export const withoutBadBounds = (node: JsonObject): JsonObject => {
  const kept: Mutable = { ...node }
  const type = typesOf(node['type'])?.[0]
  const drop = (...names: string[]): void => {
    for (const name of names) delete kept[name]
  }
  for (const { min, max } of bounds) {
    for (const name of [min, max]) {
      const value = toNumber(kept[name])
      if (value === undefined) continue
      const counts = min !== 'minimum'
      const round = name === min ? Math.ceil : Math.floor
      if (typeof value !== 'number' || (counts && value < 0)) drop(name)
      else if (!Number.isInteger(value) && (counts || type === 'integer')) kept[name] = round(value)
    }
    if (Number(kept[min] ?? 0) > Number(kept[max] ?? Number.POSITIVE_INFINITY)) drop(min, max)
  }
  return kept
}

/** A tool's schema whose top is a choice: one object with the properties of every branch, and the branches in words. */
export const flatRoot = (node: JsonObject, definition: (pointer: string) => JsonObject | null): JsonObject => {
  if (typeof node['$ref'] === 'string') {
    const target = definition(node['$ref'])
    return target === null
      ? node
      : flatRoot(
          { ...target, ...(node['description'] === undefined ? {} : { description: node['description'] }) },
          () => null,
        )
  }
  const { anyOf, ...rest } = node
  if (!Array.isArray(anyOf)) return node['type'] === undefined ? { ...node, type: 'object' } : node
  const branches = (anyOf as readonly Json[])
    .filter(isObject)
    .map((branch) => (typeof branch['$ref'] === 'string' ? (definition(branch['$ref']) ?? branch) : branch))
  if (!branches.every(({ type }) => type === 'object')) return node
  const common = list(branches[0]?.['required']).filter((name) =>
    branches.every(({ required }) => list(required).includes(name)),
  )
  const merged = mergeSchemas(branches.map(({ properties }) => ({ properties: properties ?? {} })))
  return said(
    { ...rest, type: 'object', ...merged, required: common },
    {
      anyOf: branches.map(({ required, description }) => ({
        required,
        ...(description === undefined ? {} : { description }),
      })),
    },
  )
}
