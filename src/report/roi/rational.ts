/** Exact fractions: everything that ROI multiplies and divides, so that rounding happens once, where a figure is written. */

import { divideHalfUp, nanoPerUnit } from '#base/money.ts'

export type Rational = { readonly over: bigint; readonly under: bigint }

const gcd = (one: bigint, other: bigint): bigint => {
  let [left, right] = [one < 0n ? -one : one, other]
  while (right !== 0n) [left, right] = [right, left % right]
  return left
}

/** `over / under` in lowest terms. `under` is positive. */
export const rational = (over: bigint, under = 1n): Rational => {
  const divisor = gcd(over, under)
  return divisor <= 1n ? { over, under } : { over: over / divisor, under: under / divisor }
}

export const zero: Rational = { over: 0n, under: 1n }
export const one: Rational = { over: 1n, under: 1n }

export const plus = (left: Rational, right: Rational): Rational =>
  rational(left.over * right.under + right.over * left.under, left.under * right.under)

export const minus = (left: Rational, right: Rational): Rational =>
  rational(left.over * right.under - right.over * left.under, left.under * right.under)

export const times = (left: Rational, right: Rational): Rational =>
  rational(left.over * right.over, left.under * right.under)

/** `null` where the divisor is zero. */
export const dividedBy = (left: Rational, right: Rational): Rational | null => {
  if (right.over === 0n) return null
  const sign = right.over < 0n ? -1n : 1n
  return rational(left.over * right.under * sign, left.under * right.over * sign)
}

export const sum = (values: readonly Rational[]): Rational => values.reduce(plus, zero)

/** Negative, zero or positive as left is less than, equal to or more than right. */
export const compare = (left: Rational, right: Rational): number => {
  const difference = left.over * right.under - right.over * left.under
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export const lesser = (left: Rational, right: Rational): Rational => (compare(left, right) <= 0 ? left : right)
export const greater = (left: Rational, right: Rational): Rational => (compare(left, right) >= 0 ? left : right)

/** Nano units to a fraction of whole ones. */
export const ofNano = (nano: bigint): Rational => rational(nano, nanoPerUnit)

const decimalForm = /^(-?)(\d{1,18})(?:\.(\d{1,18}))?$/

/** A decimal such as `7.30` exactly; `null` for any other text. */
export const ofDecimal = (text: string): Rational | null => {
  const match = decimalForm.exec(text)
  if (match === null) return null
  const [, sign, whole = '0', fraction = ''] = match
  const value = BigInt(whole + fraction)
  return rational(sign === '-' ? -value : value, 10n ** BigInt(fraction.length))
}

/** The nearest multiple of `10^-places`, half up, as a decimal with exactly so many digits after the point. */
export const decimal = (value: Rational, places: number): string => {
  const scaled = divideHalfUp(value.over * 10n ** BigInt(places), value.under)
  const size = (scaled < 0n ? -scaled : scaled).toString().padStart(places + 1, '0')
  const whole = size.slice(0, size.length - places)
  return `${scaled < 0n ? '-' : ''}${whole}${places === 0 ? '' : `.${size.slice(size.length - places)}`}`
}

/** The nearest whole number, half up. */
export const whole = (value: Rational): bigint => divideHalfUp(value.over, value.under)

/** The least whole number that is not less. */
export const ceiling = (value: Rational): bigint => {
  const quotient = value.over / value.under
  return quotient * value.under < value.over ? quotient + 1n : quotient
}

const dollarPlaces = 2
const smallPlaces = 6

/** Dollars to the cent; amounts under a dollar keep up to six digits, so that a small price is not told as nothing. */
export const dollars = (value: Rational): string => {
  const isSmall = compare(value.over < 0n ? { over: -value.over, under: value.under } : value, one) < 0
  if (!isSmall) return decimal(value, dollarPlaces)
  return decimal(value, smallPlaces).replace(/0{1,4}$/, '')
}

/** A share of one as percent with two digits. */
export const percent = (value: Rational): string => decimal(times(value, rational(100n)), 2)
