/** Fields of a request as it is read into the shared words: what is taken is taken out, and the rest is carried. */

import { toNumber } from '#base/exact-json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'

/** Refuses a request that cannot be read, naming the field. */
export const unreadable = (field: string, expected: string): never => {
  throw new Problem('invalid_request_error', {
    message: `'${field}' cannot be read: ${expected} is expected there.`,
    param: field,
  })
}

/** The fields of one object, taken one by one. A field that is `null` is taken for absent. */
export class Fields {
  readonly #object: JsonObject
  readonly #place: string
  readonly #taken = new Set<string>()

  constructor(object: JsonObject, place = '') {
    this.#object = object
    this.#place = place
  }

  at(name: string): string {
    return this.#place === '' ? name : `${this.#place}.${name}`
  }

  take(name: string): Json | undefined {
    this.#taken.add(name)
    const value = this.#object[name]
    return value === null ? undefined : value
  }

  drop(...names: readonly string[]): void {
    for (const name of names) this.#taken.add(name)
  }

  text(name: string): string | null {
    const value = this.take(name)
    if (value === undefined) return null
    return typeof value === 'string' ? value : unreadable(this.at(name), 'a string')
  }

  number(name: string): number | null {
    const value = this.take(name)
    if (value === undefined) return null
    const number = toNumber(value)
    return typeof number === 'number' ? number : unreadable(this.at(name), 'a number')
  }

  flag(name: string): boolean | null {
    const value = this.take(name)
    if (value === undefined) return null
    return typeof value === 'boolean' ? value : unreadable(this.at(name), 'a boolean')
  }

  object(name: string): JsonObject | null {
    const value = this.take(name)
    if (value === undefined) return null
    return isObject(value) ? value : unreadable(this.at(name), 'an object')
  }

  list(name: string): readonly Json[] | null {
    const value = this.take(name)
    if (value === undefined) return null
    return Array.isArray(value) ? value : unreadable(this.at(name), 'an array')
  }

  texts(name: string): readonly string[] | null {
    const list = this.list(name)
    if (list === null) return null
    return list.map((item, index) =>
      typeof item === 'string' ? item : unreadable(`${this.at(name)}[${index}]`, 'a string'),
    )
  }

  /** A string, or a list of strings. */
  oneOrMoreTexts(name: string): readonly string[] | null {
    const value = this.take(name)
    if (value === undefined) return null
    if (typeof value === 'string') return [value]
    return Array.isArray(value) ? this.texts(name) : unreadable(this.at(name), 'a string or an array of strings')
  }

  /** A list of objects. */
  objects(name: string): readonly JsonObject[] {
    const list = this.list(name) ?? []
    return list.map((item, index) => (isObject(item) ? item : unreadable(`${this.at(name)}[${index}]`, 'an object')))
  }

  /** What nobody took, as a field `extra`; nothing where everything was. */
  rest(): { readonly extra?: JsonObject } {
    const left = Object.entries(this.#object).filter(
      ([name, value]) => !this.#taken.has(name) && value !== null && value !== undefined,
    )
    return left.length === 0 ? {} : { extra: Object.fromEntries(left) }
  }
}

/** Members whose value is something: `null` and `undefined` are left out. */
export const given = (members: Readonly<Record<string, unknown>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined)) as JsonObject

const dataUrl = /^data:([\w.+/-]+)?(?:;[\w=.-]+)*;base64,/

/** A `data:` URL taken apart; `null` = it is another address. */
export const readDataUrl = (url: string): { readonly mediaType: string; readonly data: string } | null => {
  const head = dataUrl.exec(url)
  return head === null ? null : { mediaType: head[1] ?? 'application/octet-stream', data: url.slice(head[0].length) }
}
