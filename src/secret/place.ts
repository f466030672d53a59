/** A secret that is kept elsewhere: its name there, the field of it that is meant, and who is asked. */

import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'

/** Where secrets are kept. Texts are as the place has them: a JSON object of fields, or the secret itself. */
export type SecretPlace = {
  /** @throws Problem `not_found` where it has none of this name, `upstream_error` where it does not answer as it should. */
  readonly read: (name: string) => Promise<string>
  /**
   * Writes a new version, made of the one that is there (`null` = there is none).
   * @throws Problem as `read`, and `conflict` where somebody else wrote at the same time.
   */
  readonly write: (name: string, change: (before: string | null) => string) => Promise<void>
}

export type Target = { readonly name: string; readonly field: string | null }

/** `name#field`; the last `#` counts, because names may have one. */
export const targetOf = (text: string): Target => {
  const at = text.lastIndexOf('#')
  return at === -1 ? { name: text, field: null } : { name: text.slice(0, at), field: text.slice(at + 1) }
}

const objectIn = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    // A secret that is no JSON is its own text.
    return null
  }
}

const noField = (message: string): Problem => new Problem('not_found', { message })

/** What is meant of a text. @throws Problem `not_found` that names the fields there are, never what they hold. */
export const valueIn = (text: string, field: string | null): string => {
  const fields = objectIn(text)
  if (field === null) return text
  if (fields === null) throw noField(`it holds one value and no field '${field}': leave '#${field}' out`)
  const value = fields[field]
  if (typeof value === 'string' && value !== '') return value
  const names = Object.keys(fields).slice(0, 10).join(', ')
  throw noField(`it has no text in the field '${field}'${names === '' ? '' : `; its fields are ${names}`}`)
}

/** The text with this value in it; other fields stay as they are. */
export const withValue = (before: string | null, field: string | null, value: string): string => {
  if (field === null) return value
  const fields = before === null ? {} : objectIn(before)
  if (fields === null) throw noField(`it holds one value, and no field can be put beside that: leave '#${field}' out`)
  return JSON.stringify({ ...fields, [field]: value })
}

/** What a place answered that is no secret, without anything of its body: that could hold one. */
export const refusedBy = (title: string, status: number, next: string): Problem =>
  new Problem('upstream_error', { message: `${title} answered ${status}: ${next}` })
