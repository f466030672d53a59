/** The relay fee of credentials that customers add by themselves: their plan says it, and it is fixed when one is added. */

import { percentText } from '#base/price-rule.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { OperationContext } from './operation.ts'
import type { OwnCredentialRow } from './port.ts'
import type { AccountRow } from './rows.ts'

/** No vendor gives an account more keys than there are providers. */
const ofAccountMax = 1000

export const credentialsOfAccount = async (
  account: string,
  { ports }: OperationContext,
): Promise<readonly OwnCredentialRow[]> => ports.customers.ownCredentials({ limit: ofAccountMax, after: null, account })

/** What the plan charges, in basis points; `null` = customers of it add none by themselves. */
export const feeOfPlan = (plan: string | null, { ports }: OperationContext): number | null =>
  (plan === null ? undefined : ports.plans().get(plan))?.ownCredentialFeeBasisPoints ?? null

/**
 * Whoever changes their plan takes no credential along at the fee of the old one.
 * @throws Problem `conflict`
 */
export const checkOwnFees = async (account: AccountRow, plan: string, context: OperationContext): Promise<void> => {
  const [before, after] = [feeOfPlan(account.plan, context), feeOfPlan(plan, context)]
  if (before === null || before === after) return
  const kept = (await credentialsOfAccount(account.id, context)).filter((one) => one.feeBasisPoints === before)
  if (kept.length === 0) return
  throw new Problem('conflict', {
    ...saying('own_fees_kept', {
      providers: kept.map(({ provider }) => provider),
      before: percentText(before),
      plan,
      fee: after === null ? null : percentText(after),
    }),
    param: 'plan',
  })
}
