/** What the store holds of customers, as the relay takes it into its snapshot. */

import type { SignupRoom } from '#admin/operation.ts'
import type { CustomerStore, OwnCredentialRow } from '#admin/port.ts'
import type { Log } from '#base/log.ts'
import type { Config } from '#config/config.ts'
import type { BudgetFacts } from '#ledger/port.ts'
import type { StoredCustomers } from '#relay/live.ts'
import type { BoundModel } from '#relay/snapshot.ts'
import type { BindingRow, BindingStore } from '#resource/port.ts'
import type { CredentialVault } from './credential-vault.ts'

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

const allCredentials = async (store: CustomerStore): Promise<readonly OwnCredentialRow[]> => {
  const found: OwnCredentialRow[] = []
  for (;;) {
    const rows = await store.ownCredentials({ limit: pageMax, after: found.at(-1) ?? null, account: null })
    found.push(...rows)
    if (rows.length < pageMax) return found
  }
}

const allModels = async (store: BindingStore): Promise<readonly BoundModel[]> => {
  const found: BindingRow[] = []
  for (;;) {
    const rows = await store.boundModels({ limit: pageMax, after: found.at(-1) ?? null })
    found.push(...rows)
    if (rows.length < pageMax) break
  }
  return found.map(({ id, holder, provider, document, createdMs }) => {
    const { base } = JSON.parse(document) as { readonly base: string }
    return { id, holder, provider, base, createdMs }
  })
}

export type CustomerData = { readonly store: CustomerStore & BindingStore; readonly vault: CredentialVault }

/** Read at the start and whenever an operation has changed any of it. */
export const loadCustomers = async ({ store, vault }: CustomerData, log: Log): Promise<StoredCustomers> => ({
  budgets: await allBudgets(store),
  plans: await store.plans(),
  credentials: (await allCredentials(store)).map((row) => vault.open(row, log)),
  models: await allModels(store),
})
