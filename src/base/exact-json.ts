/**
 * JSON whose whole numbers keep their digits. A number holds 15 to 17 of them, and ids of many systems have 19: read and written
 * again by JSON.parse and JSON.stringify, such an id is another one.
 */

type JsonWithSource = typeof JSON & {
  readonly rawJSON?: (text: string) => object
  readonly isRawJSON?: (value: unknown) => boolean
}

// https://github.com/tc39/proposal-json-parse-with-source, read 2026-12-01. TypeScript's library does not have it yet, nor has Node 20.
const { rawJSON, isRawJSON } = JSON as JsonWithSource

/** No number of fewer digits is too long to be held. */
const digitsMin = 16

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** Looks at one character in so many: a row of as many digits lies on one of those. */
const hasLongRow = (text: string): boolean => {
  for (let at = digitsMin - 1; at < text.length; at += digitsMin) {
    if (!isDigit(text.charCodeAt(at))) continue
    let [start, end] = [at, at + 1]
    while (isDigit(text.charCodeAt(start - 1))) start -= 1
    while (isDigit(text.charCodeAt(end))) end += 1
    if (end - start >= digitsMin) return true
  }
  return false
}

const whole = /^-?\d+$/

const keepDigits = (_name: string, value: unknown, context?: { readonly source?: string }): unknown => {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value
  return whole.test(source) && String(value) !== source ? (rawJSON?.(source) ?? value) : value
}

/**
 * As JSON.parse, but a whole number that would lose digits is a value that JSON.stringify writes as it came: neither an object
 * (`isObject`) nor a number. Node 20, which only looks at code, reads as JSON.parse does.
 * @throws SyntaxError.
 */
export const parseExactly = (text: string): unknown =>
  hasLongRow(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)

/** Whether a value is a number that kept its digits. */
export const isLongNumber = (value: unknown): value is { readonly rawJSON: string } =>
  typeof value === 'object' && value !== null && isRawJSON?.(value) === true

/** The nearest number that can be calculated with; other values as they are. */
export const toNumber = <Value>(value: Value): Value | number => (isLongNumber(value) ? Number(value.rawJSON) : value)
