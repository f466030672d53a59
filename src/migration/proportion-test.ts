/**
 * T1 and T3: whether a share lies above, or below, a limit. The evidence is an e-value whose expectation is at most 1 while the limit holds at every
 * unit, so that by Ville's inequality it reaches 1/α with a probability of at most α, however often one looks (Robbins 1970; Howard, Ramdas,
 * McAuliffe & Sekhon, Annals of Statistics 49(2), 2021).
 */

import { lnBeta, lnBetaAbove, lnBetaBelow } from './beta-function.ts'

/** How many units were looked at, and how many of them showed it. */
export type Share = { readonly hits: number; readonly seen: number }

type Mixture = { readonly a: number; readonly b: number; readonly lnPart: typeof lnBetaAbove }

/** The mixture over shares above the limit: most of it close by. */
const above: Mixture = { a: 1, b: 40, lnPart: lnBetaAbove }
/** The mixture over shares below the limit. */
const below: Mixture = { a: 1, b: 200, lnPart: lnBetaBelow }

const lnLikelihood = ({ hits, seen }: Share, limit: number): number =>
  hits * Math.log(limit) + (seen - hits) * Math.log1p(-limit)

const lnEvidence = (share: Share, limit: number, { a, b, lnPart }: Mixture): number => {
  const after = { a: a + share.hits, b: b + share.seen - share.hits }
  return (
    lnBeta(after.a, after.b) +
    lnPart(limit, after.a, after.b) -
    lnBeta(a, b) -
    lnPart(limit, a, b) -
    lnLikelihood(share, limit)
  )
}

/** ln E against "the share is at most `limit`", 0 < limit < 1. */
export const lnAbove = (share: Share, limit: number): number => lnEvidence(share, limit, above)

/** ln E against "the share is at least `limit`": where it is large, the share is shown to be below. */
export const lnBelow = (share: Share, limit: number): number => lnEvidence(share, limit, below)

export type Interval = { readonly low: number; readonly high: number }

/** Bisections: 2^-50 of the way. */
const halvings = 50

/** Where `lnE` falls under `level` between a point at which it is above and one at which it is below. */
const crossing = (lnE: (share: number) => number, level: number, from: { outer: number; inner: number }): number => {
  let { outer, inner } = from
  for (let round = 0; round < halvings; round += 1) {
    const middle = (outer + inner) / 2
    if (lnE(middle) >= level) outer = middle
    else inner = middle
  }
  return outer
}

const edge = 1e-12

/** A confidence sequence of the share: at all times at once it holds the true one with probability 1 − α. */
export const shareInterval = (share: Share, alpha: number): Interval => {
  const { hits, seen } = share
  // Half of it near zero, where error rates are, half anywhere.
  const lnMixture = Math.max(
    lnBeta(1 + hits, 40 + seen - hits) - lnBeta(1, 40),
    // Less ln B(1, 1), which is nothing.
    lnBeta(1 + hits, 1 + seen - hits),
  )
  const lnE = (limit: number): number => lnMixture - Math.LN2 - lnLikelihood(share, limit)
  const level = -Math.log(alpha)
  const inner = Math.min(1 - edge, Math.max(edge, hits / seen))
  const low = hits === 0 || lnE(edge) < level ? 0 : crossing(lnE, level, { outer: edge, inner })
  const high = hits === seen || lnE(1 - edge) < level ? 1 : crossing(lnE, level, { outer: 1 - edge, inner })
  return { low, high }
}

/**
 * The smallest limit that the share is shown to be below, by the test that opens gates: so many without a hit as it takes to show "below 1 %" give 1 % here.
 * 1 = nothing is shown. Holds with probability 1 − α for each limit, however often one looks.
 */
export const shownBelow = (share: Share, alpha: number): number => {
  const level = -Math.log(alpha)
  const lnE = (limit: number): number => lnBelow(share, limit)
  const inner = Math.min(1 - edge, Math.max(edge, share.hits / Math.max(1, share.seen)))
  const outer = 0.999
  return inner >= outer || lnE(outer) < level ? 1 : crossing(lnE, level, { outer, inner })
}
