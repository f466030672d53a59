/** Schemas that no finite value can satisfy, as Moonshot's validator sees it (sources in keyword.ts). Pure. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { pointed, typesOf } from './keyword.ts'

/** `one`: of the properties that an object must have, one that ends is enough. */
type Question = { readonly one: boolean; readonly ending: ReadonlySet<string> }

const requiredOf = ({ required, properties }: JsonObject): readonly JsonObject[] =>
  Array.isArray(required) && isObject(properties)
    ? (required as readonly Json[]).map((name) => properties[String(name)]).filter(isObject)
    : []

/** Whether a value of the node can be written down in the end, where the references that end are known. */
const ends = (node: JsonObject, question: Question): boolean => {
  const { $ref, anyOf, items, type } = node
  const types = typesOf(type)
  if (types?.some((name) => name !== 'object' && name !== 'array') === true) return true
  if (types?.includes('array') === true) return !isObject(items) || ends(items, question)
  if (types?.includes('object') === true) {
    const required = requiredOf(node)
    if (required.length === 0) return true
    const endsOf = (inner: JsonObject): boolean => ends(inner, question)
    return question.one ? required.some(endsOf) : required.every(endsOf)
  }
  if (Array.isArray(anyOf)) return anyOf.filter(isObject).some((branch) => ends(branch, question))
  return typeof $ref !== 'string' || question.ending.has($ref)
}

const referencesOf = (value: Json): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(referencesOf)
  if (!isObject(value)) return []
  const own = typeof value['$ref'] === 'string' ? [value['$ref']] : []
  return [...own, ...Object.values(value).flatMap((inner) => referencesOf(inner ?? null))]
}

/** The references of a document that end: at first none, then those that end by what is known, until nothing is new. */
const questionOf = (root: JsonObject, one: boolean): Question => {
  const ending = new Set<string>()
  const open = new Set(referencesOf(root))
  for (let before = -1; before < ending.size; ) {
    before = ending.size
    for (const reference of open) {
      const target = pointed(root, reference)
      if (!isObject(target) || !ends(target, { one, ending })) continue
      ending.add(reference)
      open.delete(reference)
    }
  }
  return { one, ending }
}

/** The paths of references that lead back to themselves through what must be there. */
export const endlessReferences = (root: JsonObject): readonly string[] => {
  const question = questionOf(root, true)
  if (ends(root, question)) return []
  const found: string[] = []
  const look = (node: Json | undefined, path: string): void => {
    if (!isObject(node)) return
    if (typeof node['$ref'] === 'string' && !ends(node, question)) found.push(path === '' ? 'root' : path)
    const below = (name: string): string => (path === '' ? name : `${path}.${name}`)
    const needed = !Array.isArray(node['required']) || node['required'].length > 0
    if (needed && isObject(node['properties']))
      for (const [name, inner] of Object.entries(node['properties'])) look(inner, below(`properties.${name}`))
    look(node['items'], below('items'))
    if (Array.isArray(node['anyOf']))
      for (const [at, branch] of (node['anyOf'] as readonly Json[]).entries()) look(branch, below(`anyOf[${at}]`))
  }
  look(root, '')
  return found
}

/** References that lead to nothing but themselves mean nothing. */
const withoutCircles = (root: JsonObject): JsonObject => {
  const question = questionOf(root, false)
  const free = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(free)
    if (!isObject(value)) return value
    if (typeof value['$ref'] === 'string' && !question.ending.has(value['$ref'])) {
      const { $ref: _endless, ...rest } = value
      return rest
    }
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, free(member ?? null)]))
  }
  return free(root) as JsonObject
}

/** The same schema in which nothing must be there that leads back to itself. */
export const withoutEndless = (root: JsonObject): JsonObject => withoutCircles(withoutDemands(root))

const withoutDemands = (root: JsonObject): JsonObject => {
  const question = questionOf(root, false)
  const lax = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(lax)
    if (!isObject(value)) return value
    const inner = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, lax(member ?? null)]))
    const { required, properties } = value
    if (!Array.isArray(required) || !isObject(properties)) return inner
    const kept = (required as readonly Json[]).filter((name) => {
      const property = properties[String(name)]
      return !isObject(property) || ends(property, question)
    })
    return { ...inner, required: kept }
  }
  return lax(root) as JsonObject
}
