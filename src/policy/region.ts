/** Where calls may go: regions allowed by the operator and narrowed by a key, and what a target does with data. */

/** What the provider of a target does with what it is sent; unknown is never taken for good. */
export type DataPolicy = 'zero-retention' | 'no-training' | 'may-train'

/** Regions that calls may go to; `null` = any. A name also allows its parts: `eu` allows `eu-west-1`. */
export type AllowedRegions = readonly string[] | null

const allows = (allowed: readonly string[], region: string): boolean => {
  const name = region.toLowerCase()
  return allowed.some((one) => name === one.toLowerCase() || name.startsWith(`${one.toLowerCase()}-`))
}

/** Whether a target may be used. Where regions are restricted, one whose region is unknown may not. */
export const regionAllowed = (region: string | null, allowed: readonly AllowedRegions[]): boolean =>
  allowed.every((list) => list === null || (region !== null && allows(list, region)))

/** The regions that both lists allow. */
export const narrowed = (list: AllowedRegions, by: AllowedRegions): AllowedRegions => {
  if (list === null || by === null) return list ?? by
  const both = [...list.filter((one) => allows(by, one)), ...by.filter((one) => allows(list, one))]
  return [...new Set(both)]
}

/** Whether a target's policy is good enough for what was asked. */
export const policyAllowed = (policy: DataPolicy | null, wanted: 'allow' | 'deny' | 'zero'): boolean => {
  if (wanted === 'allow') return true
  return policy === 'zero-retention' || (wanted === 'deny' && policy === 'no-training')
}
