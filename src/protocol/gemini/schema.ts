/** Gemini's own dialect of schemas (OpenAPI 3.0's subset, https://ai.google.dev/api/caching#Schema, read 2026-11-28) as JSON Schema. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'

/** Members that only order or show what is there. */
const shown = new Set(['propertyOrdering', 'property_ordering', 'example'])
/** Whole numbers that Google writes as texts, because they have 64 bits. */
const numbers = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

const typeOf = (type: string, nullable: boolean): Json => {
  const name = type.toLowerCase()
  return nullable ? [name, 'null'] : name
}

const memberOf = (name: string, value: Json): Json => {
  if (numbers.has(name) && typeof value === 'string' && /^\d+$/.test(value)) return Number(value)
  if (name === 'properties' && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, jsonSchemaOf(inner ?? null)]))
  if (name === 'items' || name === 'additionalProperties') return jsonSchemaOf(value)
  if ((name === 'anyOf' || name === 'prefixItems') && Array.isArray(value)) return value.map(jsonSchemaOf)
  return value
}

/** What is no object stays as it is. */
export const jsonSchemaOf = (schema: Json): Json => {
  if (!isObject(schema)) return schema
  const { type, nullable, ...rest } = schema
  const entries = Object.entries(rest)
    .filter(([name, value]) => !shown.has(name) && value !== undefined)
    .map(([name, value]) => [name, memberOf(name, value as Json)] as const)
  const typed = typeof type === 'string' && type !== 'TYPE_UNSPECIFIED' ? { type: typeOf(type, nullable === true) } : {}
  return { ...typed, ...Object.fromEntries(entries) } as JsonObject
}
