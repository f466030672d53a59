/** An AdminStore in memory for the tests of this room and of the command line, with ports, time and ids that repeat. */

import type { CallRecord } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import type { Event } from '#base/event.ts'
import type { IdPrefix, Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { TrailLink } from '#base/trail-chain.ts'
import { trailHash } from '#base/trail-chain.ts'
import { catalogOf } from '#catalog/load.ts'
import { priceBookOf } from '#catalog/price-book.ts'
import type { DocumentStore } from '#document/port.ts'
import type { IdentityStore } from '#identity/port.ts'
import type { AccountState, Grant } from '#ledger/port.ts'
import type { MigrationStore } from '#migration/port.ts'
import type { Delivery } from '#notify/port.ts'
import type { PaymentStore } from '#payment/port.ts'
import { testCashier } from '#payment/test-cashier.ts'
import { digestKey } from '#policy/key.ts'
import type { ModelRow } from '#policy/model-table.ts'
import { testRehearsal } from '#rehearsal/test-rehearsal.ts'
import { monthVolumes } from '#relay/month-volumes.ts'
import type { PriceRecall, UsageStore } from '#report/port.ts'
import { testBindingStore } from '#resource/test-binding-store.ts'
import type { Actor, AdminPorts, IdentityRoom, OperationContext, PricePorts, SignupRoom } from './operation.ts'
import type { AdminStore, CallFilter, CallPage, CustomerStore, Page, PriceStore } from './port.ts'
import type { AccountRow, KeyRow, OrganisationRow, ProjectRow, TrailRow } from './rows.ts'

type Identified = { readonly id: string }

const pageIn = <T extends Identified>(rows: readonly T[], { limit, after }: Page): readonly T[] => {
  const start = after === null ? 0 : rows.findIndex((row) => row.id === after) + 1
  return rows.slice(start, start + limit)
}

const byHandle = <T extends Identified & { readonly name: string }>(rows: readonly T[], handle: string): T | null =>
  rows.find((row) => row.id === handle) ?? rows.find((row) => row.name === handle) ?? null

/** Nothing can be bought here: tests of payments have a real store. */
const noPayments = (clock: Clock): AdminPorts['payments'] => ({
  ...testCashier({ store: {} as PaymentStore, clock }),
  off: () => new Map(),
  approveAboveNanoUsd: () => 0n,
  keptFee: () => null,
})

const noDocuments = (clock: Clock, ids: Ids): AdminPorts['documents'] => ({
  store: {} as DocumentStore,
  seller: () => null,
  tax: () => [],
  font: async () => new Uint8Array(),
  account: async () => null,
  clock,
  ids,
})

type TestMoney = Pick<AdminStore, 'grantCredit' | 'setAccountState' | 'accountStates' | 'balance' | 'verifyBooks'>

/** Money without calls: grants add up, and nothing else happens. */
const testMoney = (accounts: readonly AccountRow[], trail: TrailRow[]): TestMoney => {
  const grants: Grant[] = []
  const states = new Map<string, AccountState>()
  return {
    grantCredit: async (grant, row) => {
      if (!grants.some(({ lot }) => lot === grant.lot)) grants.push(grant)
      trail.push(row)
      return null
    },
    setAccountState: async (account, state, row) => {
      states.set(account, state)
      trail.push(row)
    },
    accountStates: async (ids) => new Map(ids.map((id) => [id, states.get(id) ?? 'open'])),
    balance: async (account, nowMs) => {
      const row = accounts.find(({ id }) => id === account)
      if (row === undefined) return null
      const standing = grants.filter((one) => one.account === account && (one.expiresMs ?? nowMs + 1) > nowMs)
      return {
        account,
        billing: row.billing,
        state: states.get(account) ?? 'open',
        balanceNanoUsd: standing.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n),
        heldNanoUsd: 0n,
        creditLimitNanoUsd: row.creditLimitNanoUsd ?? 0n,
        spentNanoUsd: 0n,
        promoNanoUsd: 0n,
        paidNanoUsd: 0n,
      }
    },
    verifyBooks: async () => ({ ok: true, transactions: grants.length, calls: 0, openHolds: 0, problems: [] }),
  }
}

type TestOutbox = Pick<AdminStore, 'events' | 'deliveries' | 'replayDelivery'>

/** Nothing has happened but the events given, and nobody was told of them yet. */
const testOutbox = (events: readonly Event[], trail: TrailRow[]): TestOutbox => {
  const told = new Map<string, Delivery>()
  return {
    events: async ({ limit, before, name }) =>
      events
        .filter((event) => (before === null || event.id < before) && (name === null || event.name === name))
        .toReversed()
        .slice(0, limit),
    deliveries: async ({ limit, state }) =>
      [...told.values()]
        .filter((one) => state === null || one.state === state)
        .slice(0, limit)
        .map((one) => ({ ...one, name: events.find(({ id }) => id === one.event)?.name ?? null })),
    replayDelivery: async ({ event, recipient, nowMs }, row) => {
      if (!events.some(({ id }) => id === event)) return null
      const anew = { state: 'pending', tries: 0, nextMs: nowMs, deliveredMs: null, error: null } as const
      const delivery: Delivery = { event, recipient, ...anew }
      told.set(`${event}/${recipient}`, delivery)
      trail.push(row)
      return delivery
    },
  }
}

const matches = (call: CallRecord, filter: CallFilter): boolean =>
  (['key', 'account', 'model', 'provider', 'end', 'error', 'conversation', 'callSite'] as const).every(
    (name) => filter[name] === null || filter[name] === call[name],
  ) &&
  (filter.status === null || (call.status >= filter.status[0] && call.status <= filter.status[1])) &&
  (filter.tag === null || Object.entries(call.tags).some(([name, value]) => `${name}=${value}` === filter.tag)) &&
  call.timeMs >= (filter.fromMs ?? 0) &&
  call.timeMs < (filter.toMs ?? Number.POSITIVE_INFINITY)

const callsIn = (calls: readonly CallRecord[], filter: CallFilter): CallPage => {
  const { limit, afterId, beforeId } = filter
  const place = (id: string): number => calls.findIndex((call) => call.id === id)
  if (afterId !== null) {
    const after = calls.slice(place(afterId) + 1).filter((call) => matches(call, filter))
    return { calls: after.slice(0, limit), before: null }
  }
  const all = (beforeId === null ? calls : calls.slice(0, place(beforeId))).filter((call) => matches(call, filter))
  const page = all.slice(-limit)
  return { calls: page, before: page.length < all.length ? (page[0]?.id ?? null) : null }
}

/** No figures: those are the store's own. */
const testUsage: UsageStore & PriceRecall & Pick<AdminStore, 'resetUsage' | 'receipt' | 'together'> = {
  together: async () => {
    throw new Problem('store_unavailable', { message: 'Lists make no changes together.' })
  },
  keepPriceRow: async () => {},
  priceRow: async () => null,
  receipt: async () => null,
  usage: async () => ({ groups: [], next: null, pending: 0 }),
  rollForward: async () => 0,
  resetUsage: async () => 0,
}

/** The rows with the hashes that a store would have given them. */
const chained = (rows: readonly TrailRow[]): readonly TrailLink[] => {
  const links: TrailLink[] = []
  for (const [place, row] of rows.entries()) {
    const link = { row, position: place + 1, previousHash: links.at(-1)?.hash ?? '' }
    links.push({ ...link, hash: trailHash(link) })
  }
  return links
}

export type TestStore = AdminStore & {
  readonly addEvent: (event: Event) => void
  readonly addCalls: (records: readonly CallRecord[]) => void
}

/** Keeps rows in lists, in the order in which they came. */
export const testStore = (): TestStore => {
  const organisations: OrganisationRow[] = []
  const projects: ProjectRow[] = []
  const accounts: AccountRow[] = []
  const keys: KeyRow[] = []
  const trail: TrailRow[] = []
  const calls: CallRecord[] = []
  const events: Event[] = []
  const addAccount = (rows: { organisation: OrganisationRow; project: ProjectRow; account: AccountRow }): void => {
    if (accounts.some((row) => row.name === rows.account.name))
      throw new Problem('conflict', {
        message: `There is already an account named "${rows.account.name}".`,
        param: 'name',
      })
    organisations.push(rows.organisation)
    projects.push(rows.project)
    accounts.push(rows.account)
  }
  const end = (id: string, atMs: number): KeyRow | null => {
    const index = keys.findIndex((row) => row.id === id)
    const row = keys[index]
    if (row === undefined) return null
    const ended = { ...row, revokedMs: Math.min(row.revokedMs ?? atMs, atMs) }
    keys[index] = ended
    return ended
  }
  return {
    begin: async (first) => {
      if (organisations.length > 0) return false
      addAccount(first)
      keys.push(...first.keys)
      trail.push(first.trail)
      return true
    },
    noteChange: async (row) => void trail.push(row),
    organisations: async (page) => pageIn(organisations, page),
    accounts: async (page) => pageIn(accounts, page),
    account: async (handle) => byHandle(accounts, handle),
    createAccount: async (rows, row) => {
      addAccount(rows)
      trail.push(row)
    },
    names: async ({ of, ids }) => {
      const rows = of === 'key' ? keys : accounts
      return new Map(rows.filter(({ id }) => ids.includes(id)).map(({ id, name }) => [id, name]))
    },
    keys: async (page) => pageIn(keys, page),
    key: async (handle) => byHandle(keys, handle),
    createKey: async (row, trailRow) => {
      if (keys.some(({ digest }) => digest === row.digest))
        throw new Problem('conflict', { message: 'This key is already in the store.', param: 'key' })
      keys.push(row)
      trail.push(trailRow)
    },
    revokeKey: async (id, atMs, trailRow) => {
      const row = end(id, atMs)
      if (row !== null) trail.push(trailRow)
      return row
    },
    rotateKey: async ({ oldId, oldUntilMs, row }, trailRow) => {
      end(oldId, oldUntilMs)
      keys.push(row)
      trail.push(trailRow)
    },
    trail: async (page) => pageIn(trail, page),
    trailOf: async ({ actor, limit }) =>
      trail
        .filter((row) => row.actor === actor)
        .toReversed()
        .slice(0, limit),
    trailLinks: async (after, limit) => chained(trail).slice(after, after + limit),
    verifyTrail: async () => ({ ok: true, rows: trail.length }),
    calls: async (filter) => callsIn(calls, filter),
    call: async (id) => calls.find((call) => call.id === id) ?? null,
    ...testMoney(accounts, trail),
    ...noPrices(),
    ...testOutbox(events, trail),
    addEvent: (event) => void events.push(event),
    ...testUsage,
    addCalls: (records) => void calls.push(...records),
  }
}

/** 2026-11-22T16:00:00Z, moved by hand. */
export const testClock = (): Clock & { readonly forward: (byMs: number) => void } => {
  let nowMs = Date.UTC(2026, 10, 22, 16)
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => () => {},
    forward: (byMs) => {
      nowMs += byMs
    },
  }
}

/** Ids that count: `key_00000000000000000000000001`. */
export const testIds = (): Ids => {
  let count = 0
  return {
    next: (prefix: IdPrefix) => {
      count += 1
      return `${prefix}_${String(count).padStart(26, '0')}`
    },
    bytes: (size) => {
      count += 1
      return new Uint8Array(size).fill(count)
    },
    chance: () => 0.5,
  }
}

export const localTestActor: Actor = { name: 'local', scopes: ['read', 'write', 'secrets'], isHere: true }

const modelRow: ModelRow = {
  id: 'kimi-k2',
  aliases: ['moonshotai/kimi-k2'],
  targets: [
    { provider: 'moonshot', model: 'kimi-k2.6', weight: 1, tier: 1, params: 'shim', region: null, costRows: [] },
  ],
  route: {
    strategy: 'weighted',
    retriesMax: 2,
    hedgeAfterMs: null,
    sticky: 'conversation',
    timeouts: { connectMs: 5000, headersMs: 60_000, firstTokenMs: 60_000, idleMs: 60_000, totalMs: 600_000 },
  },
  priceRows: [],
  origin: 'catalog',
  contextTokens: 262_144,
  outputTokensMax: null,
  inputModalities: ['text'],
  outputModalities: ['text'],
  createdMs: null,
  ownedBy: 'moonshot',
}

/** Prices are tested where there is a store. */
const noPrices = (): PriceStore => {
  const unknown = async (): Promise<never> => {
    throw new Error('the test store knows nothing of prices')
  }
  return {
    priceEntries: async () => [],
    proposals: async () => [],
    addPriceEntries: unknown,
    withdrawPriceEntry: unknown,
    replaceProposals: unknown,
    callSpan: unknown,
    rerate: unknown,
    chargedFor: unknown,
  }
}

/** Customers have nothing here but their accounts, and nothing is moved: both are tested where there is a store. */
const nothingOf = <T extends object>(): T =>
  new Proxy({} as T, {
    get: (_rows, name) => async () => {
      if (name === 'project') return null
      throw new Error(`the test store knows nothing of ${String(name)}`)
    },
  })

/** No prices at all. */
export const testPrices = (): PricePorts => {
  const catalog = catalogOf([])
  const book = priceBookOf([], { world: catalog.world, rules: [], fxRates: [] })
  const live = {
    byName: new Map(),
    providers: new Set<string>(),
    directRow: () => null,
    retired: () => null,
    nearest: () => [],
  }
  const pricing = { rules: [], volumes: monthVolumes() }
  return {
    catalog,
    snapshot: () => ({ accounts: new Map(), pricing, live, test: live, keepBodies: false, limits: [], guards: [] }),
    book: () => book,
    bookChanged: async () => {},
  }
}

const noFile: AdminPorts['settings'] = {
  read: async () => null,
  fields: () => [],
  blocks: () => [],
  rewrite: (text) => ({ ok: true, text }),
  check: async () => ({ faults: null, restart: [] }),
  write: async () => {},
}

const closedDoor: SignupRoom = {
  open: false,
  plan: null,
  rules: {
    verifyMail: true,
    releaseAfterMs: 0,
    windowMs: 1,
    perAddressMax: null,
    perPaymentMax: null,
    perDomainMax: null,
  },
}

/** Nobody signs in here: people are tested where there is a store. */
const noPeople = (): IdentityRoom => ({
  store: { ...nothingOf<IdentityStore<KeyRow>>(), operatorOrganisation: async () => 'org_00000000000000000000000001' },
  passwords: { hash: async () => '', matches: async () => false },
  sealTotp: (_person, secret) => secret,
  openTotp: () => null,
  issuers: () => [],
  oidc: nothingOf<IdentityRoom['oidc']>(),
  mails: () => false,
  post: () => {},
  baseUrl: () => 'https://relay.example',
  hasPublicUrl: () => true,
  adminKey: () => {
    throw new Problem('invalid_api_key', { message: 'There are no keys here.' })
  },
})

/** Everything that an operation is given, over one store. `told` collects what the relay would have been told of. */
export const testContext = (actor: Actor = localTestActor) => {
  const store = testStore()
  const clock = testClock()
  const ids = testIds()
  const told: KeyRow[] = []
  const ports: AdminPorts = {
    store,
    customers: nothingOf<CustomerStore>(),
    bindings: testBindingStore(),
    prices: testPrices(),
    digestKey: (key) => digestKey(key, new Uint8Array(32)),
    environment: 'production',
    keysChanged: async (changed) => void told.push(...changed),
    accountsChanged: async () => {},
    customersChanged: async () => {},
    applied: { read: async () => ({ faults: [], changes: [], unchanged: 0 }), changed: async () => {} },
    sealCredential: () => new Uint8Array(),
    plans: () => new Map(),
    signup: () => closedDoor,
    settings: noFile,
    models: () => [modelRow],
    providerCredit: async () => [],
    routing: { routes: () => null, providers: () => [], retries: () => ({ calls: 0, retries: 0, allowed: 3 }) },
    availability: null,
    nodes: null,
    migrations: {
      version: '0',
      store: nothingOf<MigrationStore>(),
      emit: () => {},
      changed: async () => {},
      stop: () => {},
      ...testRehearsal,
    },
    tell: {
      recipients: () => [{ name: 'ops', way: { kind: 'mail', addresses: ['ops@example.com'] } }],
      alerts: () => [{ event: 'overhead_p99', above: 50, below: null, recipients: ['ops'] }],
      send: async (_recipient, { message }) => (message === '' ? 'nothing to say' : null),
    },
    figures: null,
    payments: noPayments(clock),
    documents: noDocuments(clock, ids),
    identity: noPeople(),
    receipts: nothingOf<AdminPorts['receipts']>(),
    erasure: nothingOf<AdminPorts['erasure']>(),
  }
  const context: OperationContext = { actor, requestId: 'call_1', ports, clock, ids }
  return { store, clock, ids, ports, told, context }
}
