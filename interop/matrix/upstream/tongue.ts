/** One format as a provider speaks it, written by hand from the provider's own documents, without a line of the relay's. */

import type { Answer, Heard } from '../script.ts'

export type Tongue = {
  readonly name: 'chat' | 'responses' | 'messages' | 'google'
  readonly hear: (body: Record<string, unknown>, path: string) => Omit<Heard, 'cell'>
  readonly whole: (answer: Answer, model: string) => object
  /** Events of a stream, each with its blank line. */
  readonly events: (answer: Answer, model: string) => readonly string[]
  /** How many of the last events say that the answer is complete. */
  readonly endEvents: number
  readonly failure: (status: number, message: string) => object
  /** What a stream says when it fails in the middle. */
  readonly failureEvent: string
}

export type Json = Record<string, unknown>

export const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : [])
export const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export const parsed = (value: unknown): unknown => {
  try {
    return JSON.parse(text(value)) as unknown
  } catch {
    return `not JSON: ${text(value)}`
  }
}

/** `data:TYPE;base64,DATA` in its two pieces. */
export const dataUrl = (url: string): { readonly mediaType: string; readonly data: string } => {
  const [, mediaType = '', data = url] = /^data:([^;]+);base64,(.*)$/s.exec(url) ?? []
  return { mediaType, data }
}

export const dataEvent = (data: object | string): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

export const namedEvent = (data: { readonly type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

/** A text in three pieces, wherever its letters fall. */
export const inThree = (whole: string): readonly string[] => {
  const third = Math.ceil(whole.length / 3)
  return [whole.slice(0, third), whole.slice(third, 2 * third), whole.slice(2 * third)].filter((piece) => piece !== '')
}
