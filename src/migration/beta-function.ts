/** Logarithms of the gamma and beta functions and of the two tails of the beta distribution: what the tests of proportions are made of. */

/** Lanczos' coefficients for g = 7, n = 9: about 15 digits. */
const lanczos = [
  0.999_999_999_999_809_93, 676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_13,
  -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_571_6e-6,
  1.505_632_735_149_311_6e-7,
] as const
const [lanczosFirst, ...lanczosOthers] = lanczos
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)

/** ln Γ(x) for x > 0. */
export const lnGamma = (x: number): number => {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x)
  const shifted = x - 1
  let sum: number = lanczosFirst
  for (const [at, coefficient] of lanczosOthers.entries()) sum += coefficient / (shifted + at + 1)
  const t = shifted + 7.5
  return halfLogTwoPi + (shifted + 0.5) * Math.log(t) - t + Math.log(sum)
}

/** ln B(a, b) for a, b > 0. */
export const lnBeta = (a: number, b: number): number => lnGamma(a) + lnGamma(b) - lnGamma(a + b)

const tiny = 1e-300
const precision = 1e-15
/** Needed are about √max(a, b) rounds; this is enough for a hundred million units. */
const roundsMax = 20_000

const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value)

/** The continued fraction of the incomplete beta function by Lentz' method; it converges quickly where x < (a+1)/(a+b+2). */
const continued = (x: number, a: number, b: number): number => {
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= roundsMax; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    const step = d * c
    result *= step
    if (Math.abs(step - 1) < precision) break
  }
  return result
}

/** ln of the tail on the side on which the fraction converges. */
const lnTail = (x: number, a: number, b: number): number =>
  a * Math.log(x) + b * Math.log1p(-x) - lnBeta(a, b) - Math.log(a) + Math.log(continued(x, a, b))

const lnOther = (lnShare: number): number => Math.log1p(-Math.min(1, Math.exp(lnShare)))

/** ln P(X ≤ x) of X ~ Beta(a, b), for 0 < x < 1: the regularised incomplete beta function. Tails of e^-700 and less keep their digits. */
export const lnBetaBelow = (x: number, a: number, b: number): number =>
  x < (a + 1) / (a + b + 2) ? lnTail(x, a, b) : lnOther(lnTail(1 - x, b, a))

/** ln P(X > x) of X ~ Beta(a, b), for 0 < x < 1. */
export const lnBetaAbove = (x: number, a: number, b: number): number =>
  x < (a + 1) / (a + b + 2) ? lnOther(lnTail(x, a, b)) : lnTail(1 - x, b, a)
