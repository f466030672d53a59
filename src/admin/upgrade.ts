/** Where paying leads to. */

import type { TrailRow } from './rows.ts'

/** To another plan, once this much has been paid. */
export type UpgradeStep = { readonly plan: string; readonly atPaidNanoUsd: bigint; readonly trail: TrailRow }
/** Where an account on this plan comes to by paying, the nearest step first; the farthest that is reached is taken. */
export type Upgrade = { readonly from: string; readonly steps: readonly UpgradeStep[] }
