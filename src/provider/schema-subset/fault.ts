/** What Moonshot's subset of JSON Schema does not take of a schema. Pure; the sources are in keyword.ts. */

import { toNumber } from '#base/exact-json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { endlessReferences } from './endless.ts'
import {
  bounds,
  isOfType,
  keywords,
  keywordsOf,
  labels,
  limits,
  pointed,
  reservedNames,
  rootOnly,
  typesOf,
} from './keyword.ts'

/** `path`: `root`, or like `properties.user.items`. */
export type Fault = { readonly path: string; readonly reason: string }

/** More than a reader wants to hear of one schema. */
const faultsMax = 50

/** What a type never stands beside is told as that. */
const isChoice = (name: string): boolean => name === 'anyOf' || name === '$ref'

const isText = (value: Json | undefined): value is string => typeof value === 'string'

type Place = { readonly path: string; readonly depth: number; readonly isRoot: boolean }

/** Looks through one document. */
class Search {
  readonly faults: Fault[] = []
  readonly #root: JsonObject
  readonly #depthMax: number
  #names = 0

  constructor(root: JsonObject, depthMax: number) {
    this.#root = root
    this.#depthMax = depthMax
  }

  say({ path }: Place, reason: string): void {
    if (this.faults.length < faultsMax) this.faults.push({ path, reason })
  }

  node(node: Json | undefined, place: Place): void {
    if (!isObject(node)) {
      this.say(place, 'a schema must be an object')
      return
    }
    if (place.depth > this.#depthMax) {
      this.say(place, `nested deeper than ${this.#depthMax} levels`)
      return
    }
    for (const name of Object.keys(node)) {
      if (!keywords.has(name)) this.say(place, `${name} is not known`)
      else if (!place.isRoot && rootOnly.includes(name)) this.say(place, `${name} is only for the root`)
    }
    for (const name of ['description', 'title', '$id', 'pattern'])
      if (node[name] !== undefined && !isText(node[name])) this.say(place, `${name} must be a text`)
    this.#type(node, place)
    this.#choice(node, place)
    this.#reference(node, place)
    this.#required(node, place)
    this.#inner(node, place)
  }

  #type(node: JsonObject, place: Place): void {
    const { type } = node
    if (type === undefined) {
      if (node['enum'] !== undefined) this.say(place, 'enum without a type')
      return
    }
    for (const name of ['anyOf', '$ref']) if (node[name] !== undefined) this.say(place, `type beside ${name}`)
    const types = typesOf(type)
    if (types === null) {
      this.say(place, 'no such type')
      return
    }
    if (new Set(types).size < types.length) this.say(place, 'a type twice')
    const allowed = types.length > 1 && node['enum'] === undefined ? new Set(['type', ...labels]) : keywordsOf(types)
    for (const name of Object.keys(node))
      if (keywords.has(name) && !rootOnly.includes(name) && !isChoice(name) && !allowed.has(name))
        this.say(place, `${name} beside the type ${types.join(' or ')}`)
    this.#enum(node, types, place)
    for (const { min, max, types: bound } of bounds)
      if (types.length === 1 && bound.includes(types[0] ?? ''))
        this.#range(node, { min, max, type: types[0] ?? '' }, place)
  }

  #enum({ enum: values }: JsonObject, types: readonly string[], place: Place): void {
    if (values === undefined) return
    if (!Array.isArray(values) || values.length === 0) {
      this.say(place, 'enum must be a list of values')
      return
    }
    if (values.length > limits.enumValuesMax) this.say(place, `more than ${limits.enumValuesMax} values of enum`)
    const pair = types.length === 2 && types.includes('null') && !types.includes('object') && !types.includes('array')
    if (types.length > 1 && !pair) this.say(place, 'enum beside several types')
    if (!values.every((value: Json) => types.some((type) => isOfType(value, type))))
      this.say(place, 'a value of enum is not of the type')
  }

  #range(node: JsonObject, { min, max, type }: { min: string; max: string; type: string }, place: Place): void {
    const counts = type === 'string' || type === 'array'
    for (const name of [min, max]) {
      const value = toNumber(node[name])
      if (value === undefined || value === null) continue
      const fits = type === 'number' ? typeof value === 'number' : Number.isInteger(value)
      if (!fits || (counts && Number(value) < 0)) this.say(place, `${name} is no such number`)
    }
    const [low, high] = [toNumber(node[min]), toNumber(node[max])]
    if (typeof low === 'number' && typeof high === 'number' && low > high) this.say(place, `${min} over ${max}`)
  }

  #besides(node: JsonObject, keyword: string, place: Place): void {
    for (const name of Object.keys(node)) {
      const isFine = name === keyword || labels.includes(name) || (place.isRoot && rootOnly.includes(name))
      if (!isFine && name !== 'type' && keywords.has(name)) this.say(place, `${name} beside ${keyword}`)
    }
  }

  #choice(node: JsonObject, place: Place): void {
    const { anyOf } = node
    if (anyOf === undefined) return
    if (!Array.isArray(anyOf) || anyOf.length === 0 || anyOf.length > limits.anyOfMax) {
      this.say(place, `anyOf must be a list of 1 to ${limits.anyOfMax} schemas`)
      return
    }
    this.#besides(node, 'anyOf', place)
    for (const branch of anyOf as readonly Json[])
      for (const label of labels)
        if (node[label] !== undefined && isObject(branch) && branch[label] !== undefined)
          this.say(place, `${label} beside anyOf and in it`)
  }

  #reference(node: JsonObject, place: Place): void {
    const { $ref } = node
    if ($ref === undefined) return
    if (!isText($ref)) {
      this.say(place, '$ref must be a text')
      return
    }
    if ($ref !== '#' && !/^#\/\$defs\/./.test($ref)) {
      this.say(place, '$ref must begin with #/$defs/')
      return
    }
    const target = pointed(this.#root, $ref)
    if (!isObject(target)) {
      this.say(place, '$ref leads nowhere')
      return
    }
    this.#besides(node, '$ref', place)
    for (const label of labels)
      if (node[label] !== undefined && target[label] !== undefined)
        this.say(place, `${label} beside $ref and where it leads`)
  }

  #required({ required, properties }: JsonObject, place: Place): void {
    if (required === undefined) return
    if (!Array.isArray(required)) {
      this.say(place, 'required must be a list')
      return
    }
    const names = required as readonly Json[]
    if (new Set(names).size < names.length) this.say(place, 'a name twice in required')
    for (const name of names)
      if (!isText(name) || name === '' || !isObject(properties) || !Object.hasOwn(properties, name))
        this.say(place, 'required names what is not in properties')
  }

  #named(value: Json | undefined, member: string, place: Place): void {
    if (value === undefined) return
    if (!isObject(value)) {
      this.say(place, `${member} must be an object`)
      return
    }
    const isDefinition = member === '$defs'
    const depth = isDefinition ? place.depth : place.depth + 1
    if (!isDefinition) this.#names += Object.keys(value).length
    if (this.#names > limits.namesMax) this.say(place, `more than ${limits.namesMax} properties in all`)
    for (const [name, inner] of Object.entries(value)) {
      const path = place.path === 'root' ? `${member}.${name}` : `${place.path}.${member}.${name}`
      if (name === '' || (!isDefinition && reservedNames.has(name))) this.say(place, `${member} cannot name "${name}"`)
      if (isDefinition && (name.includes('/') || hasSlash(inner ?? null))) this.say(place, '/ in a name below $defs')
      this.node(inner, { path, depth, isRoot: false })
    }
  }

  #inner(node: JsonObject, place: Place): void {
    const below = (name: string): Place => ({
      path: place.path === 'root' ? name : `${place.path}.${name}`,
      depth: place.depth,
      isRoot: false,
    })
    this.#named(node['$defs'], '$defs', place)
    this.#named(node['properties'], 'properties', place)
    const { items, additionalProperties: others, anyOf } = node
    if (items !== undefined) this.node(items, below('items'))
    if (others !== undefined && typeof others !== 'boolean') this.node(others, below('additionalProperties'))
    if (Array.isArray(anyOf))
      for (const [at, branch] of (anyOf as readonly Json[]).entries()) this.node(branch, below(`anyOf[${at}]`))
  }
}

/** Whether any name in it holds a slash, which a reference could not tell from a step. */
export const hasSlash = (value: Json): boolean => {
  if (Array.isArray(value)) return value.some(hasSlash)
  return isObject(value) && Object.entries(value).some(([name, inner]) => name.includes('/') || hasSlash(inner ?? null))
}

/** Everything that the subset does not take, up to 50 faults; none where it takes the schema. */
export const faultsOf = (schema: JsonObject, depthMax: number = limits.depthMax): readonly Fault[] => {
  const search = new Search(schema, depthMax)
  const place: Place = { path: 'root', depth: 0, isRoot: true }
  if (JSON.stringify(schema).length > limits.bytesMax) search.say(place, `longer than ${limits.bytesMax} bytes`)
  search.node(schema, place)
  if (search.faults.length > 0) return search.faults
  return endlessReferences(schema).map((path) => ({ path, reason: '$ref has no end' }))
}
