/**
 * T2: whether the candidate's share of hits is more than `maxRatio` times the baseline's. Under random assignment each unit that shows it belongs to
 * the candidate with a chance that knows only the weight and the ratio, whatever the share does over time, so that what strikes both arms at once
 * cancels (Lindon & Malek; Johari et al., Operations Research 2022).
 */

/** Units that showed it, of those assigned while the candidate's weight was `weight`, 0 < weight < 1. */
export type ArmHits = { readonly weight: number; readonly candidate: number; readonly baseline: number }

const ratios = [1.25, 1.5, 2, 3, 5, 8, 16, 32] as const

/** ln of the mean of e^x. */
export const lnMeanExp = (values: readonly number[]): number => {
  const most = Math.max(...values)
  if (most === Number.NEGATIVE_INFINITY) return most
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0) / values.length)
}

/** ln E against "the candidate's share is at most `maxRatio` times the baseline's". */
export const lnWorse = (hits: readonly ArmHits[], maxRatio: number): number =>
  lnMeanExp(
    ratios.map((ratio) => {
      let lnProduct = 0
      for (const { weight, candidate, baseline } of hits) {
        const rest = 1 - weight
        const odds = weight * maxRatio
        const usual = odds / (odds + rest)
        const worse = (odds * ratio) / (odds * ratio + rest)
        lnProduct += candidate * Math.log(worse / usual) + baseline * Math.log((1 - worse) / (1 - usual))
      }
      return lnProduct
    }),
  )
