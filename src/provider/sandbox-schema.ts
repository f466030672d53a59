/** The smallest value that a JSON Schema allows, for tool arguments and structured answers of the sandbox. Pure. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'

/** A schema that refers to itself by required properties has no finite value; below this it gets null. */
const depthMax = 32
const itemsMax = 64
/** Values within one value: a schema that refers to itself twice would double them at every level. */
const valuesMax = 10_000
const charactersMax = 4_096

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  duration: 'PT1S',
  email: 'sandbox@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
}

const numberAt = (schema: JsonObject, key: string): number | undefined => {
  const value = schema[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

const listAt = (schema: JsonObject, key: string): readonly Json[] | undefined => {
  const value = schema[key]
  return Array.isArray(value) ? (value as readonly Json[]) : undefined
}

const textOf = (schema: JsonObject): string => {
  const format = schema['format']
  const text = (typeof format === 'string' && Object.hasOwn(formats, format) ? formats[format] : undefined) ?? 'text'
  const least = Math.min(numberAt(schema, 'minLength') ?? 0, charactersMax)
  return text.padEnd(least, 'x').slice(0, numberAt(schema, 'maxLength') ?? charactersMax)
}

const numberOf = (schema: JsonObject, isWhole: boolean): number => {
  const multiple = numberAt(schema, 'multipleOf') ?? 0
  const step = multiple > 0 ? multiple : isWhole ? 1 : 0.5
  const above = numberAt(schema, 'exclusiveMinimum')
  const under = numberAt(schema, 'exclusiveMaximum')
  const least = above === undefined ? numberAt(schema, 'minimum') : (Math.floor(above / step) + 1) * step
  const most = under === undefined ? numberAt(schema, 'maximum') : (Math.ceil(under / step) - 1) * step
  const nearest = Math.min(Math.max(0, least ?? 0), most ?? Number.POSITIVE_INFINITY)
  const up = Math.ceil(nearest / step) * step
  return most !== undefined && up > most ? Math.floor(most / step) * step : up
}

/** A pointer into the same document: `#/$defs/name`. */
const resolve = (root: JsonObject, pointer: string): Json | undefined => {
  let value: Json | undefined = root
  for (const raw of pointer
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== '')) {
    const step = decodeURIComponent(raw).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) value = (value as readonly Json[])[Number(step)]
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
  }
  return value
}

const typeOf = (schema: JsonObject): string => {
  const given = schema['type']
  if (typeof given === 'string') return given
  const several = listAt(schema, 'type')?.filter((type) => typeof type === 'string') ?? []
  const first = several.find((type) => type !== 'null') ?? several[0]
  if (first !== undefined) return first as string
  if (isObject(schema['properties']) || schema['required'] !== undefined) return 'object'
  return schema['items'] === undefined ? 'string' : 'array'
}

/** `made` counts the values so far, over the whole document. */
type Place = { readonly root: JsonObject; readonly depth: number; readonly made: { count: number } }

const below = (place: Place): Place => ({ ...place, depth: place.depth + 1 })

const objectOf = (schema: JsonObject, place: Place): JsonObject => {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = (listAt(schema, 'required') ?? []).filter((name) => typeof name === 'string')
  return Object.fromEntries(
    required.map((name) => [name, make(Object.hasOwn(properties, name) ? properties[name] : {}, below(place))]),
  )
}

const arrayOf = (schema: JsonObject, place: Place): readonly Json[] => {
  const places = listAt(schema, 'prefixItems') ?? []
  const count = Math.min(numberAt(schema, 'minItems') ?? 0, itemsMax)
  return Array.from({ length: count }, (_, at) => make(places[at] ?? schema['items'] ?? {}, below(place)))
}

/** Every part of an `allOf` at once: properties and requirements add up, of the rest the last word counts. */
const joined = (parts: readonly JsonObject[]): JsonObject => ({
  ...Object.assign({}, ...parts),
  properties: Object.assign({}, ...parts.map((part) => part['properties'])),
  required: parts.flatMap((part) => listAt(part, 'required') ?? []),
})

const reduced = (schema: JsonObject, root: JsonObject): Json | undefined => {
  const reference = schema['$ref']
  if (typeof reference === 'string') return resolve(root, reference) ?? {}
  const { allOf, anyOf, oneOf, ...own } = schema
  const all = Array.isArray(allOf) ? (allOf as readonly Json[]).map((part) => follow(part, root)).filter(isObject) : []
  if (all.length > 0) return joined([own, ...all])
  const choices = [anyOf, oneOf].find((list) => Array.isArray(list) && list.length > 0) as readonly Json[] | undefined
  const first = choices?.[0]
  return isObject(first) ? joined([own, first]) : first
}

const follow = (schema: Json, root: JsonObject): Json =>
  isObject(schema) && typeof schema['$ref'] === 'string' ? (resolve(root, schema['$ref']) ?? {}) : schema

const make = (schema: Json | undefined, place: Place): Json => {
  place.made.count += 1
  if (!isObject(schema) || place.depth > depthMax || place.made.count > valuesMax)
    return schema === true ? 'text' : null
  if (schema['const'] !== undefined) return schema['const']
  const options = listAt(schema, 'enum')
  if (options?.[0] !== undefined) return options[0]
  const other = reduced(schema, place.root)
  if (other !== undefined) return make(other, below(place))
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema, place)
    case 'array':
      return arrayOf(schema, place)
    case 'integer':
      return numberOf(schema, true)
    case 'number':
      return numberOf(schema, false)
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      return textOf(schema)
  }
}

/**
 * Required properties only, first choices, numbers nearest to zero, at most 32 levels and 64 items a list. `pattern` is not
 * read: no text is made for a regular expression.
 */
export const exampleOf = (schema: JsonObject): Json => make(schema, { root: schema, depth: 0, made: { count: 0 } })
