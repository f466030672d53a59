/**
 * P10 to P90 of the monthly saving. Each factor is drawn from a two-sided triangle whose 10th and 90th percentile are its low and
 * high; draws come from a seeded generator, so that the same input gives the same range. Integers: no float touches money.
 */

import { divideHalfUp, nanoPerUnit } from '#base/money.ts'
import type { Factors, Sums, Terms } from './forecast.ts'
import type { Spread } from './quantity.ts'
import type { Rational } from './rational.ts'
import { ofNano, rational, times, whole } from './rational.ts'

/** The standard error of a tenth of so many is 0.5 percentage points. */
export const drawsCount = 4_000

const ppm = 1_000_000n
const ppmOf = (value: Rational): bigint => whole(times(value, rational(ppm)))
const nanoOf = (value: Rational): bigint => whole(times(value, rational(nanoPerUnit)))

/** A xorshift generator of 32 bits (Marsaglia 2003): a draw in [0, 2^32). */
const generator = (seed: number): (() => bigint) => {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return BigInt(state >>> 0)
  }
}

const wordSize = 2n ** 32n
/** 1 over the 90th percentile of the difference of two uniforms, in thousandths. */
const widening = 1_809n

const drawer = (spread: Spread, next: () => bigint): (() => bigint) => {
  const [low, mid, high] = [ppmOf(spread.low), ppmOf(spread.mid), ppmOf(spread.high)]
  return () => {
    const lean = next() + next() - wordSize
    const half = lean < 0n ? mid - low : high - mid
    const drawn = mid + (lean * half * widening) / (wordSize * 1_000n)
    return drawn < 0n ? 0n : drawn
  }
}

const drawSavings = (
  sums: Sums,
  factors: Factors,
  { terms, seed }: { readonly terms: Terms; readonly seed: number },
): readonly bigint[] => {
  const next = generator(seed)
  const volume = drawer(factors.volume, next)
  const tokenizer = drawer(factors.tokenizerRatio, next)
  const output = drawer(factors.outputRatio, next)
  const cached = drawer(factors.cached.spread, next)
  const retries = drawer(factors.toRetries, next)
  const paid = (ppmOf(factors.fromRetries) + ppm) * (ppmOf(terms.fromFee) + ppm)
  const fees = (ppmOf(terms.toFee) + ppm) * (ppmOf(terms.relayFee) + ppm)
  const [from, input, gain] = [nanoOf(sums.from), nanoOf(sums.input) + nanoOf(sums.writeLoss), nanoOf(sums.cacheGain)]
  const [answer, calls, hosting] = [nanoOf(sums.output), nanoOf(sums.calls), nanoOf(terms.hosting)]
  return Array.from({ length: drawsCount }, () => {
    const size = volume()
    const share = cached()
    const read = (input * ppm - (share > ppm ? ppm : share) * gain + output() * answer) * tokenizer()
    const to = (read / ppm + calls * ppm) * (retries() + ppm)
    return divideHalfUp(from * size * paid - ((to * size) / ppm) * (fees / ppm), ppm * ppm * ppm) - hosting
  })
}

export type Range = { readonly low: Rational; readonly middle: Rational; readonly high: Rational }

/** The 10th, 50th and 90th percentile of the monthly saving in dollars. */
export const rangeOf = (
  sums: Sums,
  factors: Factors,
  given: { readonly terms: Terms; readonly seed: number },
): Range => {
  const sorted = drawSavings(sums, factors, given).toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0))
  const at = (part: number): Rational => ofNano(sorted[Math.floor(part * (drawsCount - 1))] ?? 0n)
  return { low: at(0.1), middle: at(0.5), high: at(0.9) }
}
