/**
 * A schema as Moonshot takes it (sources in keyword.ts). It says the same where the subset can; what it cannot say stands in the
 * description, so that the model still reads it. A schema that has no faults comes back as it was. Pure.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { withoutEndless } from './endless.ts'
import { faultsOf, hasSlash } from './fault.ts'
import {
  flatRoot,
  labelledChoice,
  mergeSchemas,
  said,
  spreadChoice,
  tupleItems,
  typedEnum,
  withoutBadBounds,
} from './fitting.ts'
import { keywords, keywordsOf, labels, limits, pointed, reservedNames, rootOnly, typesOf } from './keyword.ts'

/** Nodes that one schema may grow to while references are written out. */
const nodesMax = 5_000
/** Nodes within each other, whatever they are: deeper ones are told in words. */
const levelsMax = 96
/** Characters of a schema that is told in words instead. */
const toldMax = 20_000

type Mutable = Record<string, Json | undefined>

class Fitting {
  readonly #root: JsonObject
  readonly #depthMax: number
  readonly #definitions: Record<string, JsonObject> = {}
  /** Names of definitions by what pointed at them. */
  readonly #names = new Map<string, string>()
  /** What is being fitted now, with what was written out for it: none of it is written out within itself. */
  #open: Set<Json> = new Set()
  #nodes = 0
  #level = 0

  constructor(root: JsonObject, depthMax: number) {
    this.#root = root
    this.#depthMax = depthMax
    this.#open.add(root)
  }

  root(isTool: boolean): JsonObject {
    const { $defs, definitions, ...rest } = this.#root
    for (const name of Object.keys(isObject($defs) ? $defs : {})) this.#define(`#/$defs/${name}`, name)
    const fitted = this.node(rest, 0, true)
    const named = (pointer: string): JsonObject | null => this.#definitions[pointer.slice('#/$defs/'.length)] ?? null
    const own = isTool ? this.#known(flatRoot(fitted, named), true) : fitted
    const kept = Object.keys(this.#definitions).length > 0
    return kept ? { ...own, $defs: this.#definitions } : own
  }

  /** Takes the definition in; gives its name, or `null` where a reference cannot lead to it. */
  #define(pointer: string, wished: string): string | null {
    const known = this.#names.get(pointer)
    if (known !== undefined) return known
    const target = pointed(this.#root, pointer)
    if (!isObject(target) || hasSlash(target)) return null
    let name = wished.replaceAll(/[^\w.-]/g, '_') || 'definition'
    while (Object.hasOwn(this.#definitions, name)) name = `${name}_`
    this.#names.set(pointer, name)
    this.#definitions[name] = {}
    this.#definitions[name] = this.node(target, 0, false)
    return name
  }

  node(value: Json, depth: number, isRoot: boolean): JsonObject {
    this.#nodes += 1
    if (!isObject(value)) return typeof value === 'string' && typesOf(value) !== null ? { type: value } : {}
    if (depth > this.#depthMax || this.#nodes > nodesMax || this.#level >= levelsMax) return said({}, value)
    const before = new Set(this.#open)
    this.#level += 1
    this.#open.add(value)
    const whole = this.#resolved(value, isRoot)
    const fitted = spreadChoice(typedEnum(tupleItems(whole)), (branch) => this.#written(branch))
    const bare = this.#known(this.#children(fitted, depth), isRoot)
    this.#open = before
    this.#level -= 1
    return bare
  }

  /** The schema that the node refers to, or the node itself; `null` where it would be written out without end. */
  #written(node: JsonObject): JsonObject | null {
    if (typeof node['$ref'] !== 'string') return node
    const target = this.#target(node['$ref'])
    if (target === null || this.#open.has(target) || this.#nodes > nodesMax) return null
    this.#open.add(target)
    const { $ref: _reference, ...rest } = node
    return mergeSchemas([rest, target])
  }

  #target(reference: string): JsonObject | null {
    const named = /^[\w.-]+$/.test(reference) ? `#/$defs/${reference}` : reference
    const target = pointed(this.#root, named) ?? pointed(this.#root, named.replace('#/$defs/', '#/definitions/'))
    return isObject(target) ? target : null
  }

  /** `allOf` and `$ref` as they may stand. */
  #resolved(node: JsonObject, isRoot: boolean): JsonObject {
    const { allOf, ...rest } = node
    const parts = Array.isArray(allOf) ? (allOf as readonly Json[]).filter(isObject) : []
    const [only] = parts
    const isLabelled = Object.keys(rest).every((name) => labels.includes(name))
    if (parts.length === 1 && only !== undefined && isLabelled) return this.#resolved({ ...only, ...rest }, isRoot)
    if (parts.length > 0)
      return this.#resolved(mergeSchemas([rest, ...parts.map((part) => this.#written(part) ?? {})]), isRoot)
    const { $ref, ...beside } = rest
    if ($ref === undefined) return rest
    const target = typeof $ref === 'string' ? this.#target($ref) : null
    if (typeof $ref !== 'string' || target === null) return said(beside, typeof $ref === 'string' ? { $ref } : {})
    const siblings = Object.keys(beside).filter((name) => !(isRoot && rootOnly.includes(name)))
    const agrees = siblings.every((name) => labels.includes(name) && target[name] === undefined)
    const name = $ref === '#' ? null : this.#define(this.#pointerOf($ref), $ref.split('/').at(-1) ?? '')
    const reference = $ref === '#' ? '#' : `#/$defs/${name}`
    const canRefer = $ref === '#' || name !== null
    if (agrees && canRefer) return { $ref: reference, ...beside }
    const written = this.#written(rest)
    if (written !== null) return this.#resolved(written, isRoot)
    return canRefer ? { $ref: reference } : said({}, { $ref })
  }

  #pointerOf(reference: string): string {
    const named = /^[\w.-]+$/.test(reference) ? `#/$defs/${reference}` : reference
    return pointed(this.#root, named) === null ? named.replace('#/$defs/', '#/definitions/') : named
  }

  #children(node: JsonObject, depth: number): JsonObject {
    const fitted: Mutable = { ...node }
    if (node['properties'] !== undefined || Array.isArray(node['required']))
      Object.assign(fitted, this.#properties(node, depth))
    if (isObject(node['items'])) fitted['items'] = this.node(node['items'], depth, false)
    const others = node['additionalProperties']
    if (isObject(others)) fitted['additionalProperties'] = this.node(others, depth, false)
    else if (typeof others !== 'boolean') delete fitted['additionalProperties']
    if (node['required'] !== undefined && !Array.isArray(node['required'])) delete fitted['required']
    if (!Array.isArray(node['anyOf'])) return fitted
    const { anyOf, ...beside } = fitted
    const branches = (anyOf as readonly Json[]).map((branch) => this.node(branch, depth, false))
    return labelledChoice(beside, branches)
  }

  /** What is required is named as a property; a name that no property can have goes into the description. */
  #properties(node: JsonObject, depth: number): JsonObject {
    const given = isObject(node['properties']) ? Object.entries(node['properties']) : []
    const listed = Array.isArray(node['required']) ? (node['required'] as readonly Json[]) : []
    const isFine = (name: string): boolean => name !== '' && !reservedNames.has(name)
    const isText = (name: Json): name is string => typeof name === 'string'
    const required = [...new Set(listed.filter(isText).filter(isFine))]
    const missing = required.filter((name) => !given.some(([own]) => own === name)).map((name) => [name, {}] as const)
    const kept = [...given, ...missing].filter(([name, inner]) => isFine(name) && inner !== false)
    const lost = given.filter(([name]) => !isFine(name))
    const properties = Object.fromEntries(
      kept.map(([name, inner]) => [name, this.node(inner ?? null, depth + 1, false)]),
    )
    const names = required.filter((name) => Object.hasOwn(properties, name))
    const words = lost.length === 0 ? {} : said(node, { properties: Object.fromEntries(lost) })
    return {
      ...words,
      properties,
      required: Array.isArray(node['required']) ? names : undefined,
    }
  }

  /** Only known keywords, each beside what it may stand beside; the others in words. */
  #known(node: JsonObject, isRoot: boolean): JsonObject {
    const types = typesOf(node['type'])
    const own = types === null ? keywords : keywordsOf(types)
    const kept: Mutable = {}
    const lost: Mutable = {}
    for (const [name, value] of Object.entries(withoutBadBounds(node))) {
      if (value === undefined || (name === 'type' && types === null)) continue
      if (rootOnly.includes(name)) {
        if (isRoot && typeof value === 'string') kept[name] = value
      } else if (name === 'description') kept[name] = typeof value === 'string' ? value : JSON.stringify(value)
      else if (keywords.has(name) && own.has(name)) kept[name] = value
      else lost[name] = value
    }
    for (const name of ['title', 'pattern']) if (typeof kept[name] !== 'string') delete kept[name]
    return said(kept, lost)
  }
}

export type FitOrder = {
  /** A tool's arguments are an object, and its schema says so at the top. */
  readonly isTool: boolean
  readonly depthMax?: number
}

/** Whether the schema says of itself that it is of an object. */
export const isObjectSchema = ({ type }: JsonObject): boolean =>
  type === 'object' || (Array.isArray(type) && type.join() === 'object')

/** A schema without faults. One that cannot be fitted becomes any object, with the schema in its description. */
export const fitSchema = (schema: JsonObject, { isTool, depthMax = limits.depthMax }: FitOrder): JsonObject => {
  const fine = (one: JsonObject): boolean => faultsOf(one, depthMax).length === 0 && (!isTool || isObjectSchema(one))
  if (fine(schema)) return schema
  const fitted = new Fitting(schema, depthMax).root(isTool)
  if (fine(fitted)) return fitted
  const finite = withoutEndless(fitted)
  return fine(finite) ? finite : said({ type: 'object' }, schema, toldMax)
}
