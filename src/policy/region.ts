/** Where calls may go: regions allowed by the operator and narrowed by a key, and what a target does with data. */

import type { NamedKey } from './key-facts.ts'
import { keyNamesOf } from './key-facts.ts'
import { isNamedIn } from './scope.ts'

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

/** What is asked of targets: nothing, that they do not train with what they are sent, or that they do not keep it. */
export type DataDemand = 'allow' | 'deny' | 'zero'

/** What the operator asks of the targets of some callers. */
export type DataRule = {
  readonly demand: DataDemand
  /** Whose calls it holds for: those that each list names; `null` = everybody. Keys go by id or name. */
  readonly scope: Readonly<Record<'keys' | 'projects' | 'accounts', readonly string[] | null>>
}

type DataCaller = NamedKey & { readonly project: string | null; readonly account: string }

const demands: readonly DataDemand[] = ['allow', 'deny', 'zero']

/** The strictest of what the operator asks for this key's calls. */
export const demandFor = (rules: readonly DataRule[], caller: DataCaller): DataDemand => {
  const { project, account } = caller
  const holding = rules.filter(
    ({ scope }) =>
      isNamedIn(scope.keys, keyNamesOf(caller)) &&
      isNamedIn(scope.projects, [project]) &&
      isNamedIn(scope.accounts, [account]),
  )
  return demands[Math.max(0, ...holding.map(({ demand }) => demands.indexOf(demand)))] ?? 'allow'
}

/** Whether a target's policy is good enough for what was asked. */
export const policyAllowed = (policy: DataPolicy | null, wanted: DataDemand): boolean => {
  if (wanted === 'allow') return true
  return policy === 'zero-retention' || (wanted === 'deny' && policy === 'no-training')
}
