/**
 * Whether a value is an instance of a JSON Schema: the part of draft 2020-12 that tool parameters and structured answers
 * use (https://json-schema.org/draft/2020-12/json-schema-validation, read 2026-11-28). Formats are not judged. Pure.
 */

import type { Json, JsonObject } from './json-type.ts'
import { isObject } from './json-type.ts'

/** What is still looked at; below 0 nothing is. */
type Work = { left: number }
type Reading = {
  readonly root: JsonObject
  readonly path: string
  readonly depth: number
  readonly work: Work
  /** Expressions are whatever their author wrote, and some of them take for ever on some texts. */
  readonly triesPatterns: boolean
}

/** References that lead in a circle end here. */
const depthMax = 64
const faultsMax = 20

const typeOf = (value: Json): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value
}

const isOfType = (value: Json, type: Json): boolean =>
  typeOf(value) === type || (type === 'number' && typeof value === 'number')

/** Equal as JSON values, whatever the order of members. */
export const sameValue = (left: Json | undefined, right: Json | undefined): boolean => {
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => sameValue(item, right[index] as Json))
  if (isObject(left) && isObject(right)) {
    const names = Object.keys(left)
    return names.length === Object.keys(right).length && names.every((name) => sameValue(left[name], right[name]))
  }
  return left === right
}

const resolved = (reference: string, root: JsonObject): Json | undefined => {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let at: Json | undefined = root
  for (const step of reference.slice(2).split('/')) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return at
}

type Check = (value: Json, said: Json, reading: Reading & { readonly schema: JsonObject }) => readonly string[]

const fault = ({ path }: Reading, text: string): readonly string[] => [`${path === '' ? 'the value' : path} ${text}`]
const list = (value: Json): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])
const below = (reading: Reading, step: string | number): Reading => ({
  ...reading,
  path:
    typeof step === 'number' ? `${reading.path}[${step}]` : `${reading.path}${reading.path === '' ? '' : '.'}${step}`,
  depth: reading.depth + 1,
})

const bound =
  (measure: (value: Json) => number | null, holds: (size: number, limit: number) => boolean, word: string): Check =>
  (value, said, reading) => {
    const size = measure(value)
    return size === null || typeof said !== 'number' || holds(size, said)
      ? []
      : fault(reading, `is not ${word} ${said}`)
  }

const numeric = (value: Json): number | null => (typeof value === 'number' ? value : null)
const characters = (value: Json): number | null => (typeof value === 'string' ? [...value].length : null)
const items = (value: Json): number | null => (Array.isArray(value) ? value.length : null)
const members = (value: Json): number | null => (isObject(value) ? Object.keys(value).length : null)
const atLeast = (size: number, limit: number): boolean => size >= limit
const atMost = (size: number, limit: number): boolean => size <= limit

const properties: Check = (value, said, reading) =>
  isObject(value) && isObject(said)
    ? Object.entries(said).flatMap(([name, schema]) =>
        Object.hasOwn(value, name) ? faultsOf(value[name] as Json, schema as Json, below(reading, name)) : [],
      )
    : []

const isNamed = (name: string, { schema, triesPatterns }: Parameters<Check>[2]): boolean =>
  (isObject(schema['properties']) && Object.hasOwn(schema['properties'], name)) ||
  (isObject(schema['patternProperties']) &&
    Object.keys(schema['patternProperties']).some((pattern) => !triesPatterns || new RegExp(pattern, 'u').test(name)))

const additional: Check = (value, said, reading) =>
  isObject(value)
    ? Object.keys(value)
        .filter((name) => !isNamed(name, reading))
        .flatMap((name) => faultsOf(value[name] as Json, said, below(reading, name)))
    : []

const patterned: Check = (value, said, reading) =>
  reading.triesPatterns && isObject(value) && isObject(said)
    ? Object.entries(said).flatMap(([pattern, schema]) =>
        Object.keys(value)
          .filter((name) => new RegExp(pattern, 'u').test(name))
          .flatMap((name) => faultsOf(value[name] as Json, schema as Json, below(reading, name))),
      )
    : []

const required: Check = (value, said, reading) =>
  isObject(value)
    ? list(said).flatMap((name) =>
        typeof name === 'string' && !Object.hasOwn(value, name) ? fault(reading, `lacks "${name}"`) : [],
      )
    : []

const itemChecks: Check = (value, said, reading) => {
  if (!Array.isArray(value)) return []
  const from = list(reading.schema['prefixItems'] ?? null).length
  return list(value)
    .slice(from)
    .flatMap((item, index) => faultsOf(item, said, below(reading, from + index)))
}

const prefixItems: Check = (value, said, reading) =>
  list(value).flatMap((item, index) => {
    const schema = list(said)[index]
    return schema === undefined ? [] : faultsOf(item, schema, below(reading, index))
  })

const passing = (value: Json, said: Json, reading: Reading): number =>
  list(said).filter((schema) => faultsOf(value, schema, { ...reading, depth: reading.depth + 1 }).length === 0).length

const unique: Check = (value, said, reading) => {
  const all = said === true ? list(value) : []
  reading.work.left -= all.length * all.length
  if (reading.work.left < 0) return []
  const isTwice = all.some((item, index) => all.slice(0, index).some((other) => sameValue(item, other)))
  return said === true && isTwice ? fault(reading, 'has an item twice') : []
}

const checks: Readonly<Record<string, Check>> = {
  type: (value, said, reading) =>
    (Array.isArray(said) ? list(said) : [said]).some((type) => isOfType(value, type))
      ? []
      : fault(reading, `is ${typeOf(value)}, not ${list(said).length > 0 ? list(said).join(' or ') : String(said)}`),
  enum: (value, said, reading) =>
    list(said).some((one) => sameValue(value, one)) ? [] : fault(reading, 'is none of the listed values'),
  const: (value, said, reading) => (sameValue(value, said) ? [] : fault(reading, 'is not the constant')),
  properties,
  additionalProperties: additional,
  patternProperties: patterned,
  required,
  items: itemChecks,
  prefixItems,
  uniqueItems: unique,
  minimum: bound(numeric, atLeast, 'at least'),
  maximum: bound(numeric, atMost, 'at most'),
  exclusiveMinimum: bound(numeric, (size, limit) => size > limit, 'above'),
  exclusiveMaximum: bound(numeric, (size, limit) => size < limit, 'below'),
  multipleOf: bound(
    numeric,
    (size, limit) => Math.abs(size / limit - Math.round(size / limit)) < 1e-9,
    'a multiple of',
  ),
  minLength: bound(characters, atLeast, 'of a length of at least'),
  maxLength: bound(characters, atMost, 'of a length of at most'),
  minItems: bound(items, atLeast, 'of a count of at least'),
  maxItems: bound(items, atMost, 'of a count of at most'),
  minProperties: bound(members, atLeast, 'of a count of at least'),
  maxProperties: bound(members, atMost, 'of a count of at most'),
  pattern: (value, said, reading) =>
    !reading.triesPatterns || typeof value !== 'string' || typeof said !== 'string' || new RegExp(said, 'u').test(value)
      ? []
      : fault(reading, `does not match ${said}`),
  $ref: (value, said, reading) => {
    const schema = typeof said === 'string' ? resolved(said, reading.root) : undefined
    return schema === undefined
      ? fault(reading, `has a schema that refers to ${String(said)}, which is nowhere`)
      : faultsOf(value, schema, { ...reading, depth: reading.depth + 1 })
  },
  allOf: (value, said, reading) =>
    list(said).flatMap((schema) => faultsOf(value, schema, { ...reading, depth: reading.depth + 1 })),
  anyOf: (value, said, reading) => (passing(value, said, reading) > 0 ? [] : fault(reading, 'fits none of anyOf')),
  oneOf: (value, said, reading) => {
    const count = passing(value, said, reading)
    return count === 1 ? [] : fault(reading, `fits ${count} of oneOf, not one`)
  },
  not: (value, said, reading) =>
    faultsOf(value, said, { ...reading, depth: reading.depth + 1 }).length > 0
      ? []
      : fault(reading, 'fits what it must not'),
}

const faultsOf = (value: Json, schema: Json, reading: Reading): readonly string[] => {
  reading.work.left -= 1
  if (schema === true || reading.depth > depthMax || reading.work.left < 0) return []
  if (schema === false) return fault(reading, 'is not allowed')
  if (!isObject(schema)) return []
  return Object.entries(schema).flatMap(([keyword, said]) => {
    const check = Object.hasOwn(checks, keyword) ? checks[keyword] : undefined
    return check === undefined || said === undefined ? [] : check(value, said, { ...reading, schema })
  })
}

/** Where the value breaks the schema, as sentences; none = it is an instance. At most 20. */
export const schemaFaults = (value: Json, schema: JsonObject): readonly string[] =>
  faultsOf(value, schema, {
    root: schema,
    path: '',
    depth: 0,
    work: { left: Number.POSITIVE_INFINITY },
    triesPatterns: true,
  }).slice(0, faultsMax)

/** Pieces of a value that are held against a piece of a schema: a few milliseconds. */
const workMax = 20_000

/**
 * Whether the value is an instance of a schema that anybody may have written, in a bounded time: `pattern` and `patternProperties` are not tried. `null` = it is too much to
 * look at.
 */
export const fitsSchema = (value: Json, schema: JsonObject): boolean | null => {
  const work = { left: workMax }
  const faults = faultsOf(value, schema, { root: schema, path: '', depth: 0, work, triesPatterns: false })
  return work.left < 0 ? null : faults.length === 0
}
