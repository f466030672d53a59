/** What of a migration's file says how calls are copied, in numbers. */

import type { MigrationFile } from './settings.ts'
import type { ShadowLimits } from './shadow-budget.ts'

export type ShadowPlan = {
  /** Of conversations that stay with the baseline, and of those the ones that the baseline answers a second time; basis points. */
  readonly shareBasisPoints: number
  readonly repeatBasisPoints: number
  /** Projects whose owners have agreed; `all` = the operator answers for all of them. */
  readonly consent: 'all' | readonly string[]
  /** Who gets the copies: the candidate, or the same model with another key. */
  readonly provider: string
  readonly model: string
  readonly limits: ShadowLimits
  /** Who compares answers; absent: nobody does. */
  readonly judge?: {
    readonly provider: string
    readonly model: string
    /** Of the calls that are copied. */
    readonly shareBasisPoints: number
    readonly consent: 'all' | readonly string[]
  }
}

/** `provider/model` at its first slash: models have slashes as well. */
export const routeOf = (route: string): { readonly provider: string; readonly model: string } => {
  const at = route.indexOf('/')
  return { provider: route.slice(0, at), model: route.slice(at + 1) }
}

/** `null` = nothing is copied. */
export const shadowPlanOf = ({ shadow, candidate }: MigrationFile): ShadowPlan | null =>
  shadow === undefined
    ? null
    : {
        shareBasisPoints: Math.round(shadow.mirror_weight * 100),
        repeatBasisPoints: Math.round(shadow.noise_floor_sample * 100),
        consent: shadow.consent,
        ...routeOf(shadow.route ?? candidate.route),
        limits: {
          nanoUsdPerDay: shadow.max_cost_usd_per_day,
          tokensPerDay: shadow.max_tokens_per_day,
          concurrencyMax: shadow.max_concurrency,
        },
        ...(shadow.judge !== undefined && {
          judge: {
            ...routeOf(shadow.judge.route),
            shareBasisPoints: Math.round(shadow.judge.sample * 100),
            consent: shadow.judge.consent,
          },
        }),
      }
