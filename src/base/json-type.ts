/** JSON as data. Objects keep every field, known or not. */

import { isLongNumber } from './exact-json.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json | undefined }

/** Whether a value is a JSON object: not null, not an array, and no number that kept its digits. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isLongNumber(value)

const nothing: JsonObject = Object.freeze({})

/** The first of the named members that is an object; an empty one where none is. */
export const objectAt = (value: JsonObject, ...names: readonly string[]): JsonObject => {
  for (const name of names) {
    const member = value[name]
    if (isObject(member)) return member
  }
  return nothing
}
