/** What the command line is given of the rooms behind it. */

import type { Log } from '#base/log.ts'
import { silentLog } from '#base/log.ts'
import { loadCatalog } from '#catalog/load.ts'
import { namedAt } from '#catalog/lookup.ts'
import type { CheckReply, CheckRequest, LocalAdmin, ModelRetirement, PriceCalendar, ServeRequest } from '#cli/ports.ts'
import { networkTransport } from '#http/upstream.ts'
import { rehearseWayBack } from '#rehearsal/drill.ts'
import { openApplied } from './applied.ts'
import { loadCustomers, signupRoom } from './customers.ts'
import { openData } from './data.ts'
import { declaredMigrations } from './declared-migrations.ts'
import { openClerk } from './documents.ts'
import { openIdentity } from './identity.ts'
import type { Machine } from './machine.ts'
import { openPayments } from './payments.ts'
import { pricePorts } from './prices.ts'
import { providerBalances } from './provider-balances.ts'
import { openRehearsal } from './rehearsal.ts'
import { modelRows, openRelay } from './relay-rooms.ts'
import { noSettingsFile } from './settings-file.ts'
import { openTelling } from './telling.ts'

type OpenRequest = Pick<ServeRequest, 'config' | 'data'>

/** The store for one command, while no server runs. @throws Problem `conflict` while another process holds the folder. */
export const openStore = async (machine: Machine, { config, data }: OpenRequest): Promise<LocalAdmin> => {
  await using opening = new AsyncDisposableStack()
  const log: Log = silentLog
  const opened = await openData(machine, { config, data, log }, opening)
  const { store, digestKey } = opened
  const priceEntries = await store.priceEntries()
  const relay = { config, log, keys: new Map(), priceEntries, digestKey, emit: () => {} }
  const { live, catalog, routes, countTokens } = await openRelay(machine, relay, opening)
  live.accountsChanged(await store.loadAccounts())
  const telling = await openTelling(machine, { config, log }, opening)
  const { ports: tell } = telling
  live.customersChanged(await loadCustomers(opened, log))
  const applied = openApplied({ config, store, vault: opened.appliedVault, live, clock: machine.clock, log })
  await applied.refresh()
  const payments = await openPayments(machine, { config, store, live, emit: () => {}, log }, opening)
  // No node runs that could go back: only the store is timed.
  const drill = () => rehearseWayBack({ store, refresh: async () => {}, nodes: async () => 1, clock: machine.clock })
  const credit = () => providerBalances(machine, applied.providers())
  const parts = { snapshot: live.current, books: store, countTokens, credit, drill, log }
  const rehearsal = openRehearsal(machine, parts)
  const declared = () => declaredMigrations(config.migrationsFolder)
  const closing = opening.move()
  return {
    ports: {
      store,
      customers: store,
      bindings: store,
      digestKey,
      environment: config.server.environment,
      // No relay runs, so there is nobody to tell: the next one reads the store when it starts.
      keysChanged: async () => {},
      accountsChanged: async () => {},
      customersChanged: async () => live.customersChanged(await loadCustomers(opened, log)),
      sealCredential: opened.vault.close,
      applied: applied.ports(applied.refresh),
      plans: () => live.current().customers.plans,
      signup: () => signupRoom(config.signup),
      settings: noSettingsFile,
      models: () => modelRows(live.current()),
      routing: routes,
      availability: null,
      providerCredit: credit,
      tell,
      nodes: opened.cluster,
      migrations: {
        version: machine.version,
        store,
        emit: () => {},
        changed: async () => {},
        stop: () => {},
        declared,
        ...rehearsal,
      },
      figures: null,
      prices: pricePorts(live, catalog, async () => live.pricesChanged(await store.priceEntries())),
      payments,
      identity: openIdentity(machine, { ...config, ...opened, live, log, ...telling }),
      receipts: opened.receiptKeys,
      erasure: store,
      documents: openClerk(machine, { store, current: () => config }),
    },
    close: () => closing.disposeAsync(),
  }
}

/** One GET to a provider through the same guard as calls; the body is not read. */
export const checkProvider = async (machine: Machine, request: CheckRequest): Promise<CheckReply> => {
  const { provider, url, headers, timeoutMs } = request
  const transport = networkTransport({ ...provider, clock: machine.clock })
  try {
    const reply = await transport.send({
      method: 'GET',
      url: url.href,
      headers,
      body: { kind: 'none' },
      signal: machine.stopping,
      connectTimeoutMs: timeoutMs,
      headersTimeoutMs: timeoutMs,
    })
    reply.abort()
    const text = (value: string | readonly string[]): string => (typeof value === 'string' ? value : value.join(', '))
    const plain = Object.entries(reply.headers).map(([name, value]) => [name, text(value)])
    return { status: reply.status, headers: Object.fromEntries(plain) }
  } finally {
    await transport.close()
  }
}

/** What the catalog says of the end of a vendor's model; `null` = nothing. */
export const retirementOf = async (machine: Machine, vendor: string, name: string): Promise<ModelRetirement | null> => {
  const catalog = await loadCatalog(new URL('catalog/', machine.root))
  const model = namedAt(catalog, vendor, name)?.model
  if (model === undefined || model.retiresOn === null || model.retiresMs === null) return null
  return { on: model.retiresOn, isPast: machine.clock.nowMs() >= model.retiresMs, successor: model.successor }
}

/** The calendars of public holidays by which these vendors change their prices; the ones that end first stand first. */
export const calendarsOf = async (machine: Machine, vendors: readonly string[]): Promise<readonly PriceCalendar[]> => {
  const catalog = await loadCatalog(new URL('catalog/', machine.root))
  const used = new Map<string, Set<string>>()
  for (const { name, models } of catalog.vendors.filter(({ name: vendor }) => vendors.includes(vendor)))
    for (const { calendar } of models.flatMap(({ priceRows }) => priceRows.flatMap(({ windows }) => windows ?? [])))
      if (calendar !== undefined) used.set(calendar.name, (used.get(calendar.name) ?? new Set()).add(name))
  return [...catalog.world.calendars.values()]
    .filter(({ name }) => used.has(name))
    .map(({ name, title, through, assumedThrough }) => ({
      name,
      title,
      through,
      assumedThrough,
      vendors: [...(used.get(name) ?? [])],
    }))
    .sort((one, other) => (one.through < other.through ? -1 : 1))
}
