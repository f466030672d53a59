/** Money: `bigint` nano-USD (or nano units of another currency) inside, decimal strings in JSON. Never a float. */

/** Nano units per whole unit of a currency. */
export const nanoPerUnit = 1_000_000_000n

/** Prices are per million tokens. */
export const tokensPerPrice = 1_000_000n

/** One amount that is given, ordered or set as a limit: at most 9 digits before the point and 9 after it. */
export const amountNanoMax = 999_999_999_999_999_999n
/** What amounts come to together in one place, such as the credit of an account: a store keeps 64 bits of it. */
export const sumNanoMax = 9_000_000_000_000_000_000n

/** An amount, or nothing where it is less than that. */
export const notBelowZero = (nano: bigint): bigint => (nano < 0n ? 0n : nano)

const decimalForm = /^(-?)(\d{1,18})(?:\.(\d{1,9}))?$/

/**
 * Nano units of a decimal string such as `0.0028` or `-12.50`. At most 18 digits before the point and 9 after it.
 * @throws RangeError on any other text; exponents, thousands separators and blanks are other text.
 */
export const nanoOf = (decimal: string): bigint => {
  const match = decimalForm.exec(decimal)
  if (match === null) throw new RangeError(`"${decimal.slice(0, 40)}" is not a decimal amount such as "0.25"`)
  const [, sign, whole, fraction = ''] = match
  const nano = BigInt(whole ?? '0') * nanoPerUnit + BigInt(fraction.padEnd(9, '0'))
  return sign === '-' ? -nano : nano
}

/** The exact decimal of nano units, at least `placesMin` (0 to 9) digits after the point: `63.00`, `0.0000035`. */
export const decimalOf = (nano: bigint, placesMin = 2): string => {
  const size = nano < 0n ? -nano : nano
  const fraction = (size % nanoPerUnit).toString().padStart(9, '0')
  let places = fraction.length
  while (places > placesMin && fraction[places - 1] === '0') places -= 1
  const whole = (size / nanoPerUnit).toString()
  return `${nano < 0n ? '-' : ''}${whole}${places === 0 ? '' : `.${fraction.slice(0, places)}`}`
}

/** A number of JSON with every digit that the integer has: no float is made on the way. Give it to `JSON.stringify`. */
export const jsonNumberOf = (nano: bigint): unknown =>
  // In every Node that may serve; TypeScript's own list of JSON's members lacks it.
  (JSON as unknown as { readonly rawJSON: (text: string) => unknown }).rawJSON(decimalOf(nano, 0))

/** `numerator / denominator`, rounded half up (away from zero at exactly half for positive values). */
export const divideHalfUp = (numerator: bigint, denominator: bigint): bigint => {
  const doubled = 2n * numerator + denominator
  const divisor = 2n * denominator
  const quotient = doubled / divisor
  return doubled % divisor < 0n ? quotient - 1n : quotient
}

const numberForm = /^(-?)(\d{1,18})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,3}))?$/

/** Moves the point: `1.25`, -2 is `0.0125`, as digits and how many of them stand behind the point. */
const shifted = (digits: string, places: number): { readonly digits: bigint; readonly places: number } =>
  places >= 0 ? { digits: BigInt(digits), places } : { digits: BigInt(digits) * 10n ** BigInt(-places), places: 0 }

/**
 * Nano-USD of a decimal or JSON number such as `0.06`, `1.5e-7` or `12`, in units of which `unitsPerUsd` make a dollar;
 * rounded half up. `null` for any other text. No float is made on the way.
 */
export const nanoOfNumber = (value: unknown, unitsPerUsd = 1n): bigint | null => {
  const text = typeof value === 'number' ? String(value) : value
  const match = typeof text === 'string' ? numberForm.exec(text.trim()) : null
  if (match === null) return null
  const [, sign, whole = '0', fraction = '', exponent = '0'] = match
  const { digits, places } = shifted(whole + fraction, fraction.length - Number(exponent))
  const nano = divideHalfUp(digits * nanoPerUnit, 10n ** BigInt(places) * unitsPerUsd)
  return sign === '-' ? -nano : nano
}
