/** What the store holds of customers, as the relay takes it into its snapshot. */

import type { SignupRoom } from '#admin/operation.ts'
import type { CustomerStore } from '#admin/port.ts'
import type { Config } from '#config/config.ts'
import type { BudgetFacts } from '#ledger/port.ts'
import type { StoredCustomers } from '#relay/live.ts'

const pageMax = 1000

const allBudgets = async (store: CustomerStore): Promise<readonly BudgetFacts[]> => {
  const found: BudgetFacts[] = []
  let after: string | null = null
  do {
    const rows: readonly BudgetFacts[] = await store.budgets({ limit: pageMax, after, organisation: null })
    found.push(...rows)
    after = rows.length === pageMax ? (rows.at(-1)?.id ?? null) : null
  } while (after !== null)
  return found
}

/** What the configuration says of sign-up. */
export const signupRoom = (settings: Config['signup']): SignupRoom => ({
  open: settings.open,
  plan: settings.plan ?? null,
  rules: {
    verifyMail: settings.verify_mail,
    releaseAfterMs: settings.release_after ?? 0,
    windowMs: settings.window,
    perAddressMax: settings.accounts_per_address,
    perPaymentMax: settings.accounts_per_payment,
    perDomainMax: settings.accounts_per_domain,
  },
})

/** Read at the start and whenever an operation has changed any of it. */
export const loadCustomers = async (store: CustomerStore): Promise<StoredCustomers> => ({
  budgets: await allBudgets(store),
  plans: await store.plans(),
})
