/** Reading single fields of a request body; each refusal names the field and what it must be. */

import type { TopLevel } from '#base/json.ts'
import { memberText, readMember } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return 'an integer'
    return Number.isInteger(value) ? 'a number that is too large' : 'a decimal number'
  }
  return { string: 'a string', boolean: 'a boolean', object: 'an object' }[typeof value as string] ?? 'nothing'
}

/** The refusal of one field. */
export const refuse = (param: string, message: string): never => {
  throw new Problem('invalid_request_error', { message, param })
}

const refuseKind = (param: string, expected: string, value: unknown): never =>
  refuse(param, `Wrong type for '${param}': ${expected} is expected, and ${kindOf(value)} was sent.`)

/** Absent and `null` mean the same to every OpenAI-compatible server. */
const given = (value: unknown): boolean => value !== undefined && value !== null

/** A string that must be there and not be empty. */
export const requiredText = (value: unknown, param: string): string => {
  if (!given(value)) return refuse(param, `The request has no '${param}'. Add it as a string.`)
  if (typeof value !== 'string') return refuseKind(param, 'a string', value)
  return value === '' ? refuse(param, `'${param}' is empty.`) : value
}

/** A boolean; absent = false. */
export const flag = (value: unknown, param: string): boolean => {
  if (!given(value)) return false
  return typeof value === 'boolean' ? value : refuseKind(param, 'a boolean', value)
}

/** A whole number; absent = `null`. */
export const wholeNumber = (value: unknown, param: string): number | null => {
  if (!given(value)) return null
  return Number.isSafeInteger(value) ? (value as number) : refuseKind(param, 'an integer', value)
}

/** A number between bounds, both of them taken; absent = `null`. */
export const numberWithin = (value: unknown, param: string, [from, to]: readonly [number, number]): number | null => {
  if (!given(value)) return null
  if (typeof value !== 'number') return refuseKind(param, 'a number', value)
  return value >= from && value <= to
    ? value
    : refuse(param, `'${param}' is ${value}; it must be from ${from} to ${to}.`)
}

/** A list; absent = none. */
export const listed = (value: unknown, param: string): readonly unknown[] => {
  if (!given(value)) return []
  return Array.isArray(value) ? value : refuseKind(param, 'an array', value)
}

/** An object; absent = `null`. */
export const object = (value: unknown, param: string): JsonObject | null => {
  if (!given(value)) return null
  return isObject(value) ? value : refuseKind(param, 'an object', value)
}

/** A list of strings with at most `lengthMax` members; absent = none. */
export const texts = (value: unknown, param: string, lengthMax: number): readonly string[] => {
  if (!given(value)) return []
  if (!Array.isArray(value)) return refuseKind(param, 'an array of strings', value)
  if (value.length > lengthMax)
    return refuse(param, `'${param}' has ${value.length} members; at most ${lengthMax} are taken.`)
  return value.map((item: unknown, index) => requiredText(item, `${param}[${index}]`))
}

/** Whether a member is there, and not `null`. */
export const hasValue = (top: TopLevel, param: string): boolean => {
  const text = memberText(top, param)
  return text !== undefined && text[0] !== 0x6e
}

/** A member that must be there; its content is looked at no further than the first byte. */
export const requireMember = (top: TopLevel, param: string, expected: 'array' | 'anything'): void => {
  if (!hasValue(top, param)) refuse(param, `The request has no '${param}'.`)
  if (expected === 'array' && memberText(top, param)?.[0] !== 0x5b)
    refuseKind(param, 'an array', readMember(top, param))
}
