/** Figures of other people's tables, which are floats in JSON: read by their shortest decimal, so that 2.5e-07 is exactly that. */

import type { PriceRates } from '#base/price-row.ts'
import { noRates } from '#base/price-row.ts'

/** Ten to this is what turns the table's unit into nano-USD per million tokens, or per piece. */
export const scales = {
  usdPerMillion: 9,
  usdPerToken: 15,
  centsPerToken: 13,
  usdPerPiece: 9,
  usdPerThousand: 6,
} as const

const form = /^(\d+)(?:\.(\d+))?(?:e([+-]\d{1,3}))?$/

/** Nano units of a number or a decimal string; digits past the nano are rounded half up. `null` where there is no sound figure. */
export const nanoFigure = (value: unknown, scale: number): bigint | null => {
  if (typeof value !== 'number' && typeof value !== 'string') return null
  const match = form.exec(String(value).toLowerCase())
  if (match === null) return null
  const [, whole = '0', fraction = '', exponent = '0'] = match
  const places = scale + Number(exponent) - fraction.length
  const digits = BigInt(`${whole}${fraction}`)
  if (places >= 0) return places > 60 ? null : digits * 10n ** BigInt(places)
  const divisor = 10n ** BigInt(Math.min(-places, 400))
  return (2n * digits + divisor) / (2n * divisor)
}

type RateName = Exclude<keyof PriceRates, 'items'>

/** Rates of the figures that are there. */
export const ratesOfFigures = (figures: Partial<Record<RateName, unknown>>, scale: number): PriceRates => {
  const rates: Record<string, bigint | null> = {}
  for (const [name, value] of Object.entries(figures)) {
    const nano = nanoFigure(value, scale)
    if (nano !== null || name !== 'cachedAudioInput') rates[name] = nano
  }
  return { ...noRates, ...rates } as PriceRates
}
