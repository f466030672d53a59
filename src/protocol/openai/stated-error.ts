/** What an error body says, whoever wrote it: the OpenAI envelope and the others that stand in for it. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'

export type StatedError = {
  readonly message: string | null
  readonly type: string | null
  readonly code: string | null
  readonly param: string | null
  /** A status told inside the body; `null` = none. */
  readonly status: number | null
}

const textOf = (value: unknown): string | null => {
  if (typeof value === 'string') return value === '' ? null : value
  return typeof value === 'number' ? String(value) : null
}

const statusOf = (...values: readonly unknown[]): number | null => {
  for (const value of values) {
    const status = countOf(typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value)
    if (status !== null && status >= 400 && status <= 599) return status
  }
  return null
}

/** FastAPI: `detail` is a text, an object, or a list of `{loc, msg}`. */
const fromDetail = (detail: unknown): { readonly message: string | null; readonly param: string | null } => {
  const first: unknown = Array.isArray(detail) ? detail[0] : detail
  if (!isObject(first)) return { message: textOf(first), param: null }
  const place = Array.isArray(first['loc']) ? first['loc'].filter((step) => step !== 'body') : []
  const param = place.length === 0 ? null : place.map(String).join('.')
  return { message: textOf(first['msg']) ?? textOf(first['message']), param }
}

const fromObject = (error: JsonObject, body: JsonObject): StatedError => ({
  message: textOf(error['message']) ?? textOf(error['msg']) ?? textOf(body['message']),
  type: textOf(error['type']) ?? textOf(error['status']),
  code: textOf(error['code']),
  param: textOf(error['param']),
  status: statusOf(error['status_code'], error['status'], error['code'], error['http_code'], body['status']),
})

/**
 * Reads an error body. Shapes: `{error: {…}}`, `{error: "text"}`, `{message, type, code}` alone or with `object: "error"`,
 * `{detail: …}`, `{errors: [{message}]}`, and any of them in an array (Google). `null` = no error is told.
 */
export const statedError = (value: unknown): StatedError | null => {
  const body: unknown = Array.isArray(value) ? value[0] : value
  if (!isObject(body)) return null
  const { error, detail, errors } = body
  if (isObject(error)) return fromObject(error, body)
  if (typeof error === 'string' && error !== '') {
    const message = textOf(body['message'])
    const code = message === null ? textOf(body['code']) : error
    return { ...fromObject(body, body), message: message ?? error, code }
  }
  if (detail !== undefined && detail !== null)
    return { ...fromDetail(detail), type: null, code: null, status: statusOf(body['status']) }
  if (Array.isArray(errors) && isObject(errors[0])) return fromObject(errors[0], body)
  if (textOf(body['message']) === null) return null
  return { ...fromObject(body, body), status: statusOf(body['raw_status_code'], body['status'], body['code']) }
}

/** Whether a reply that came as a success, or an event of one, is an error all the same. */
export const isErrorDocument = (document: JsonObject): boolean => {
  const { error } = document
  if (isObject(error) || (typeof error === 'string' && error !== '')) return true
  return document['object'] === 'error'
}
