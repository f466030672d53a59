/** JSON held against the schemas of an OpenAPI document: as much of JSON Schema as those documents use. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'

/** Deeper nesting is not looked at. */
const depthMax = 64

export type Violation = { readonly path: string; readonly message: string }

/** Members that say what a value is. */
const naming = ['type', 'role', 'object'] as const

type At = { readonly path: string; readonly depth: number }

const typeOf = (value: Json | undefined): string => {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value
}

const isOfType = (value: Json | undefined, type: Json): boolean => {
  if (type === 'integer') return typeof value === 'number' && Number.isInteger(value)
  return typeOf(value) === type
}

const inside = ({ path, depth }: At, step: string): At => ({ path: `${path}${step}`, depth: depth + 1 })

/** A value of another kind is further away than one with a wrong member. */
const distanceOf = (found: readonly Violation[]): number =>
  found.length + (found.some(({ message }) => message.startsWith('is ')) ? 1_000 : 0)

const list = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** Validates against schemas of one document. */
export class SpecValidator {
  readonly #document: JsonObject
  readonly #words = new Map<JsonObject, ReadonlySet<string>>()

  constructor(document: JsonObject) {
    this.#document = document
  }

  /** What of the value the named schema does not allow. */
  check(name: string, value: Json): readonly Violation[] {
    return this.#check({ $ref: `#/components/schemas/${name}` }, value, { path: '', depth: 0 })
  }

  #resolve(schema: JsonObject): JsonObject {
    const ref = schema['$ref'] ?? schema['$recursiveRef']
    if (typeof ref !== 'string') return schema
    let here: Json | undefined = this.#document
    for (const step of ref.split('/').slice(1)) here = isObject(here) ? here[decodeURIComponent(step)] : undefined
    if (!isObject(here)) throw new Error(`the document has no ${ref}`)
    return this.#resolve(here)
  }

  #check(given: JsonObject, value: Json | undefined, at: At): readonly Violation[] {
    const schema = this.#resolve(given)
    if (at.depth > depthMax || value === undefined) return []
    if (value === null && this.#allowsNull(schema)) return []
    return [
      ...list(schema['allOf']).flatMap((one) => this.#check(one, value, at)),
      ...this.#choice(schema, value, at),
      ...this.#own(schema, value, at),
    ]
  }

  #allowsNull(schema: JsonObject): boolean {
    const { type, nullable } = schema
    return nullable === true || type === 'null' || (Array.isArray(type) && type.includes('null'))
  }

  /** Of several schemas one must fit; what is told is of the one that comes nearest. */
  #choice(schema: JsonObject, value: Json, at: At): readonly Violation[] {
    const choices = list(schema['anyOf'] ?? schema['oneOf'])
    if (choices.length === 0) return []
    let nearest: readonly Violation[] | null = null
    const meant = choices.filter((one) => this.#names(one, value))
    for (const one of meant.length === 0 ? choices : meant) {
      const found = this.#check(one, value, at)
      if (found.length === 0) return []
      if (nearest === null || distanceOf(found) < distanceOf(nearest)) nearest = found
    }
    return nearest ?? []
  }

  /** Whether the value says by its `type`, `role` or `object` that it is one of these. */
  #names(given: JsonObject, value: Json): boolean {
    if (!isObject(value)) return false
    const words = this.#wordsOf(given)
    return naming.some((name) => typeof value[name] === 'string' && words.has(`${name} ${value[name]}`))
  }

  /** Every name and word by which a value says that it is meant; reckoned once. */
  #wordsOf(given: JsonObject): ReadonlySet<string> {
    const schema = this.#resolve(given)
    const before = this.#words.get(schema)
    if (before !== undefined) return before
    const words = new Set<string>()
    this.#words.set(schema, words)
    for (const one of [...list(schema['allOf']), ...list(schema['anyOf']), ...list(schema['oneOf'])])
      for (const word of this.#wordsOf(one)) words.add(word)
    const properties = isObject(schema['properties']) ? schema['properties'] : {}
    for (const name of naming) {
      const own = properties[name]
      if (!isObject(own)) continue
      const { const: only, enum: several } = this.#resolve(own)
      const told = [...(only === undefined ? [] : [only]), ...(Array.isArray(several) ? several : [])]
      for (const word of told) words.add(`${name} ${String(word)}`)
    }
    return words
  }

  #own(schema: JsonObject, value: Json, at: At): readonly Violation[] {
    const { type } = schema
    const types = Array.isArray(type) ? type : type === undefined ? [] : [type]
    if (types.length > 0 && !types.some((one: Json) => isOfType(value, one)))
      return [{ path: at.path, message: `is ${typeOf(value)}, not ${types.join(' or ')}` }]
    const allowed = 'const' in schema ? [schema['const']] : schema['enum']
    if (Array.isArray(allowed) && !allowed.includes(value))
      return [{ path: at.path, message: `${JSON.stringify(value)} is none of its words` }]
    if (Array.isArray(value)) return this.#items(schema, value, at)
    return isObject(value) ? this.#members(schema, value, at) : this.#bounds(schema, value, at)
  }

  #items(schema: JsonObject, value: readonly Json[], at: At): readonly Violation[] {
    const { items, minItems } = schema
    const few = typeof minItems === 'number' && value.length < minItems
    return [
      ...(few ? [{ path: at.path, message: `has ${value.length} of at least ${minItems} items` }] : []),
      ...(isObject(items) ? value.flatMap((one) => this.#check(items, one, inside(at, '[]'))) : []),
    ]
  }

  #members(schema: JsonObject, value: JsonObject, at: At): readonly Violation[] {
    const properties = isObject(schema['properties']) ? schema['properties'] : {}
    const required = Array.isArray(schema['required']) ? schema['required'] : []
    const missing = required.filter((name: Json) => typeof name === 'string' && value[name] === undefined)
    const { additionalProperties: more } = schema
    return [
      ...missing.map((name: Json) => ({ path: `${at.path}.${String(name)}`, message: 'is missing' })),
      ...Object.entries(value).flatMap(([name, member]): readonly Violation[] => {
        const own = properties[name]
        if (isObject(own)) return this.#check(own, member, inside(at, `.${name}`))
        if (more === false) return [{ path: `${at.path}.${name}`, message: 'is not among its members' }]
        return isObject(more) ? this.#check(more, member, inside(at, '.*')) : []
      }),
    ]
  }

  #bounds(schema: JsonObject, value: Json, at: At): readonly Violation[] {
    const { minimum, maximum, minLength, maxLength } = schema
    const size = typeof value === 'string' ? value.length : typeof value === 'number' ? value : null
    const [least, most] = typeof value === 'string' ? [minLength, maxLength] : [minimum, maximum]
    if (size === null) return []
    if (typeof least === 'number' && size < least) return [{ path: at.path, message: `is under ${least}` }]
    return typeof most === 'number' && size > most ? [{ path: at.path, message: `is over ${most}` }] : []
  }
}
