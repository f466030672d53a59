/** The snapshot as it changes: configuration, keys and the day of the catalog, each replacing only its own tables. */

import type { Clock } from '#base/clock.ts'
import type { FxRate } from '#base/fx-rate.ts'
import type { PriceRule } from '#base/price-rule.ts'
import { namedAt } from '#catalog/lookup.ts'
import type { Catalog } from '#catalog/model.ts'
import type { PriceEntry } from '#catalog/port.ts'
import type { PriceBook } from '#catalog/price-book.ts'
import { priceBookOf } from '#catalog/price-book.ts'
import type { AccountFacts, BudgetFacts } from '#ledger/port.ts'
import type { GuardFacts } from '#policy/guard.ts'
import { makeGuard } from '#policy/guard.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { LimitFacts } from '#policy/limit.ts'
import type { RouteSettings } from '#policy/model-table.ts'
import type { PlanFacts } from '#policy/plan.ts'
import type { DataRule } from '#policy/region.ts'
import type { Declared } from './applied.ts'
import { nothingApplied, withApplied } from './applied.ts'
import { boundModelTable } from './bound-model.ts'
import type { TableInput } from './model-rows.ts'
import { liveTable, testTable } from './model-rows.ts'
import type { MonthVolumes } from './month-volumes.ts'
import { ownCredentialsOf } from './own-credential.ts'
import type { BoundModel, CustomerTables, OwnCredential, Snapshot } from './snapshot.ts'
import { snapshotHolder } from './snapshot.ts'
import type { UpstreamSet } from './upstreams.ts'

/** The catalog's days come and go: tables of models are made anew this often. */
const refreshEveryMs = 3_600_000

/** What configuration decides about the relay. */
export type RelaySettings = Declared & {
  readonly priceRules: readonly PriceRule[]
  readonly fxRates: readonly FxRate[]
  readonly environment: string
  /** Regions that calls may go to; `null` = any. */
  readonly regionsAllowed: readonly string[] | null
  /** What providers must do with data; absent: nothing is asked. */
  readonly dataRules?: readonly DataRule[]
  readonly limits: readonly LimitFacts[]
  readonly guards: readonly GuardFacts[]
  readonly keepBodies: boolean
  readonly keepDigests: boolean
  /** Plans that the file declares: they stand before those of the store. */
  readonly plans: readonly PlanFacts[]
}

/** What the store holds of customers. */
export type StoredCustomers = {
  readonly budgets: readonly BudgetFacts[]
  readonly plans: readonly PlanFacts[]
  readonly credentials: readonly OwnCredential[]
  /** Models that came of fine-tuning; absent = none. */
  readonly models?: readonly BoundModel[]
}

export type LiveOptions = {
  readonly catalog: Catalog
  /** For models that nobody declared. */
  readonly route: RouteSettings
  readonly upstreams: UpstreamSet
  readonly digestKey: (key: string) => string
  readonly keys: ReadonlyMap<string, KeyFacts>
  /** The operator's price book, as the store has it. */
  readonly priceEntries: readonly PriceEntry[]
  readonly volumes: MonthVolumes
  readonly settings: RelaySettings
  readonly clock: Clock
}

export type Live = {
  readonly current: () => Snapshot
  readonly configure: (settings: RelaySettings) => void
  readonly keysChanged: (changed: readonly (KeyFacts & { readonly digest: string })[]) => void
  readonly accountsChanged: (changed: readonly AccountFacts[]) => void
  /** All providers and models that were applied, as they are now. */
  readonly appliedChanged: (applied: Declared) => void
  /** Everything that is set for customers, read anew. */
  readonly customersChanged: (stored: StoredCustomers) => void
  /** The whole book as it is now. */
  readonly pricesChanged: (entries: readonly PriceEntry[]) => void
  /** The price book in force. */
  readonly book: () => PriceBook
  readonly close: () => void
}

const customerTables = (stored: StoredCustomers, settings: RelaySettings): CustomerTables => ({
  budgets: Map.groupBy(stored.budgets, ({ subject }) => subject),
  plans: new Map([...stored.plans, ...settings.plans].map((plan) => [plan.name, plan])),
  credentials: ownCredentialsOf(stored.credentials),
  models: boundModelTable(stored.models ?? []),
})

/** Begins with a whole snapshot and keeps it current until closed. */
export const liveRelay = (options: LiveOptions): Live => {
  const { catalog, route, upstreams, clock } = options
  let settings = options.settings
  let stored: StoredCustomers = { budgets: [], plans: [], credentials: [] }
  let entries = options.priceEntries
  let applied = nothingApplied

  const bookNow = (): PriceBook => {
    const { priceRules: rules, fxRates } = settings
    return priceBookOf(entries, { world: catalog.world, rules, fxRates })
  }
  let book = bookNow()

  const tables = (): Pick<Snapshot, 'live' | 'test' | 'pricing'> => {
    book = bookNow()
    const { providers, models: declared } = withApplied(settings, applied)
    const input: TableInput = {
      catalog,
      providers,
      declared,
      route,
      nowMs: clock.nowMs(),
      book,
    }
    const pricing = { rules: book.rules, volumes: options.volumes }
    return { live: liveTable(input), test: testTable(input), pricing }
  }
  const customers = (): CustomerTables => customerTables(stored, settings)
  const configured = () => ({
    customers: customers(),
    upstreams: upstreams.replace(withApplied(settings, applied).providers),
    environment: settings.environment,
    regionsAllowed: settings.regionsAllowed,
    dataRules: settings.dataRules ?? [],
    limits: settings.limits,
    guards: settings.guards.map(makeGuard),
    keepBodies: settings.keepBodies,
    keepDigests: settings.keepDigests,
    ...tables(),
  })
  const holder = snapshotHolder({
    ...configured(),
    keys: options.keys,
    accounts: new Map(),
    digestKey: options.digestKey,
    rulesOf: (vendor, model) => catalog.byVendor.get(vendor)?.byName.get(model)?.model.rules ?? {},
    modelIdOf: (vendor, name) => namedAt(catalog, vendor, name)?.model.id ?? null,
  })
  let cancel = (): void => {}
  const refresh = (): void => {
    cancel = clock.after(refreshEveryMs, () => {
      holder.replace(tables())
      refresh()
    })
  }
  refresh()
  return {
    current: holder.current,
    configure: (changed) => {
      settings = changed
      holder.replace(configured())
    },
    appliedChanged: (changed) => {
      applied = changed
      holder.replace({ upstreams: upstreams.replace(withApplied(settings, applied).providers), ...tables() })
    },
    keysChanged: (changed) => {
      const keys = new Map(holder.current().keys)
      for (const key of changed) keys.set(key.digest, key)
      holder.replace({ keys })
    },
    accountsChanged: (changed) => {
      const accounts = new Map(holder.current().accounts)
      for (const account of changed) accounts.set(account.id, account)
      holder.replace({ accounts })
    },
    customersChanged: (changed) => {
      stored = changed
      holder.replace({ customers: customers() })
    },
    pricesChanged: (changed) => {
      entries = changed
      holder.replace(tables())
    },
    book: () => book,
    close: () => cancel(),
  }
}
