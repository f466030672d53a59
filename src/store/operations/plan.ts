/** Plans that were made while the server ran; those of drover.yaml are not kept. */

import type { TrailRow } from '#admin/port.ts'
import type { PlanFacts } from '#policy/port.ts'
import { read, write } from './context.ts'
import { appendTrail } from './trail.ts'

/** More plans than anybody can tell apart. */
const plansMax = 1000

type Stored = Omit<PlanFacts, 'signupCreditNanoUsd' | 'upgradeAtPaidNanoUsd' | 'origin'> & {
  readonly signupCreditNanoUsd: string | null
  readonly upgradeAtPaidNanoUsd: string | null
}

const textOf = (amount: bigint | null): string | null => amount?.toString() ?? null
const amountOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text))

export const planOperations = {
  plans: read(async (transaction, _none: null): Promise<readonly PlanFacts[]> => {
    const rows = await transaction.selectFrom('plan').selectAll().orderBy('name').limit(plansMax).execute()
    return rows.map(({ facts }) => {
      const stored = JSON.parse(facts) as Stored
      return {
        ...stored,
        signupCreditNanoUsd: amountOf(stored.signupCreditNanoUsd),
        upgradeAtPaidNanoUsd: amountOf(stored.upgradeAtPaidNanoUsd),
        origin: 'store',
      }
    })
  }),

  setPlan: write(
    async (
      transaction,
      { plan, nowMs, trail }: { readonly plan: PlanFacts; readonly nowMs: number; readonly trail: TrailRow },
    ): Promise<void> => {
      const { origin: _origin, ...rest } = plan
      const stored: Stored = {
        ...rest,
        signupCreditNanoUsd: textOf(plan.signupCreditNanoUsd),
        upgradeAtPaidNanoUsd: textOf(plan.upgradeAtPaidNanoUsd),
      }
      const changed = { facts: JSON.stringify(stored), changed_ms: nowMs }
      await transaction
        .insertInto('plan')
        .values({ name: plan.name, ...changed })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(changed))
        .execute()
      await appendTrail(transaction, trail)
    },
  ),
}
