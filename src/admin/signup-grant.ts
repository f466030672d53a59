/** The credit that a plan gives to a new account. */

import type { Ids } from '#base/id.ts'
import type { Grant } from '#ledger/port.ts'
import type { PlanFacts } from '#policy/plan.ts'

/** Promotional credit is spent first. */
const priority = 40

export type SignupCredit = { readonly account: string; readonly plan: PlanFacts; readonly nowMs: number }

/** `null` = the plan gives none. */
export const signupGrant = ({ account, plan, nowMs }: SignupCredit, ids: Ids): Grant | null => {
  const { signupCreditNanoUsd, signupCreditExpiresMs } = plan
  if (signupCreditNanoUsd === null || signupCreditNanoUsd === 0n) return null
  return {
    lot: ids.next('lot'),
    account,
    kind: 'promo',
    amountNanoUsd: signupCreditNanoUsd,
    priority,
    expiresMs: signupCreditExpiresMs === null ? null : nowMs + signupCreditExpiresMs,
    nowMs,
    method: 'signup',
    reason: `sign-up credit of plan ${plan.name}`,
  }
}
