/** A running server: rooms opened, endpoints listening, configuration watched, and an end in good order. */

import { join } from 'node:path'
import { createAdminApi } from '#admin/api.ts'
import { firstStart } from '#admin/first-start.ts'
import { greeting } from '#admin/greeting.ts'
import { plannedAgain } from '#admin/migration-plan.ts'
import type { AdminPorts, IdentityRoom } from '#admin/operation.ts'
import { operations } from '#admin/operations.ts'
import { publicPrices } from '#admin/public-prices.ts'
import { publicStatus } from '#admin/public-status.ts'
import type { CallRecord } from '#base/call-record.ts'
import type { Emit } from '#base/event.ts'
import { healthSays } from '#base/health-sentences.ts'
import type { Log } from '#base/log.ts'
import type { Sentence } from '#base/sentence.ts'
import type { ServeRequest } from '#cli/ports.ts'
import type { Loaded } from '#config/config.ts'
import { faultsText } from '#config/fault.ts'
import { watchConfig } from '#config/watch.ts'
import type { ClerkParts } from '#document/clerk.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { Inbound } from '#http/inbound.ts'
import { filePage } from '#http/page.ts'
import { clearSpool } from '#http/spool.ts'
import { checkProviders } from '#job/check-providers.ts'
import { keepBooks } from '#job/keep-books.ts'
import { lookAfterBindings } from '#job/look-after-bindings.ts'
import type { Courier } from '#notify/courier.ts'
import type { Availability } from '#observe/availability.ts'
import type { Figures } from '#observe/figures.ts'
import { makeFigures } from '#observe/figures.ts'
import type { Check } from '#observe/health.ts'
import { makeMetrics } from '#observe/metrics.ts'
import { watchPages } from '#observe/pages.ts'
import { pinoLog } from '#observe/pino-log.ts'
import type { RecordTrace } from '#observe/spans.ts'
import { paymentEndpoints } from '#payment/endpoints.ts'
import { protocols } from '#protocol/index.ts'
import { identify } from '#relay/admit.ts'
import type { BackgroundRuns } from '#relay/background-run.ts'
import { backgroundRuns } from '#relay/background-run.ts'
import { lookAt } from '#relay/binding/look.ts'
import { relayEndpoints } from '#relay/endpoints.ts'
import { idleRules, idleRulesOf } from '#relay/idle-rules.ts'
import type { Live } from '#relay/live.ts'
import { rememberRefusals } from '#relay/refusals.ts'
import { makeWaitingRoom } from '#relay/waiting-room.ts'
import { makeBindings } from '#resource/bindings.ts'
import { answerCache } from '#reuse/answer-cache.ts'
import type { SqliteWorker } from '#store/sqlite/thread.ts'
import { openApplied } from './applied.ts'
import { openAvailability } from './availability.ts'
import { checkDoors } from './check-doors.ts'
import type { Membership } from './cluster.ts'
import { joinCluster } from './cluster.ts'
import type { ConsoleRoom } from './console.ts'
import { openConsole } from './console.ts'
import { loadCustomers, signupRoom } from './customers.ts'
import { openData } from './data.ts'
import { declaredMigrations } from './declared-migrations.ts'
import { buyerLetters, openClerk } from './documents.ts'
import { drain, stopped } from './drain.ts'
import { giveMemoryBack, processMemory } from './give-memory-back.ts'
import type { Served } from './handling.ts'
import { handlingOf } from './handling.ts'
import { openIdentity, setUpLink } from './identity.ts'
import { startJobs } from './jobs.ts'
import type { Kept } from './kept.ts'
import { openKept } from './kept.ts'
import { keySpendFrom } from './key-spend.ts'
import type { NodeLimits } from './limits.ts'
import { openLimits } from './limits.ts'
import { listen } from './listen.ts'
import type { Machine } from './machine.ts'
import { manualEndpoint } from './manual-page.ts'
import { openMigrations } from './migrations.ts'
import { openOverload } from './overload.ts'
import type { PaymentRoom } from './payments.ts'
import { openPayments } from './payments.ts'
import { priceKeeper } from './price-keeper.ts'
import { countVolumesBefore, pricePorts, priceRowsNow } from './prices.ts'
import { openProviderCredit } from './provider-balances.ts'
import type { PublicPages } from './public-settings.ts'
import { publicPagesOf } from './public-settings.ts'
import { receiptKeysEndpoint } from './receipt-keys-page.ts'
import { modelRows, movingOf, openRelay, relaySettings, standingsOf } from './relay-rooms.ts'
import { rereading } from './reread.ts'
import { watchSecrets } from './secrets.ts'
import { settingsFile } from './settings-file.ts'
import type { Standing } from './standing.ts'
import { warningsOf } from './standing.ts'
import { openTelling } from './telling.ts'
import type { Watcher } from './watching.ts'
import { startWatching } from './watching.ts'
import type { Seat } from './workers/seat.ts'
import { wholeFigures, wholeMetrics } from './workers/whole.ts'

type Data = Awaited<ReturnType<typeof openData>>
type Rooms = {
  readonly request: ServeRequest
  readonly log: Log
  readonly data: Data
  readonly member: Membership
  readonly telling: Awaited<ReturnType<typeof openTelling>>
  readonly figures: Figures
  /** Tells people, where the configuration names some. */
  readonly emit: Emit
  readonly keep: Courier['keep']
  /** Who reads each record when its call has ended. */
  readonly watchers: readonly Watcher[]
  readonly credit: ReturnType<typeof openProviderCredit>
  readonly publicPages: PublicPages
  readonly limits: NodeLimits
  readonly payments: PaymentRoom
  readonly availability: Availability
  readonly documents: ClerkParts
  readonly console: ConsoleRoom
  /** What the store holds of customers and of prices, read into the snapshot. */
  readonly readCustomers: () => Promise<void>
  readonly readPrices: () => Promise<void>
  readonly applied: ReturnType<typeof openApplied>
  readonly migrations: Awaited<ReturnType<typeof openMigrations>>
  readonly identity: IdentityRoom
} & Awaited<ReturnType<typeof openRelay>>

const adminPorts = ({
  request,
  applied,
  data,
  member,
  live,
  catalog,
  readCustomers,
  readPrices,
  telling,
  figures,
  routes,
  availability,
  credit,
  payments,
  documents,
  migrations,
  emit,
  identity,
}: Rooms) => ({
  store: data.store,
  customers: data.store,
  bindings: data.store,
  digestKey: data.digestKey,
  environment: request.config.server.environment,
  keysChanged: async (rows: Parameters<Live['keysChanged']>[0]) => {
    live.keysChanged(rows)
    await member.othersKnow()
  },
  accountsChanged: async (changed: Parameters<Live['accountsChanged']>[0]) => {
    live.accountsChanged(changed)
    await member.othersKnow()
  },
  customersChanged: async () => {
    await readCustomers()
    await member.othersKnow()
  },
  sealCredential: data.vault.close,
  applied: applied.ports(async () => {
    await applied.refresh()
    await member.othersKnow()
  }),
  plans: () => live.current().customers.plans,
  signup: () => signupRoom(request.config.signup),
  settings: settingsFile(request),
  models: () => modelRows(live.current()),
  routing: routes,
  availability,
  providerCredit: credit.ask,
  tell: telling.ports,
  nodes: data.cluster,
  figures: wholeFigures(figures, data.seat),
  prices: pricePorts(live, catalog, async () => {
    await readPrices()
    await member.othersKnow()
  }),
  payments,
  documents,
  identity,
  receipts: data.receiptKeys,
  erasure: data.store,
  migrations: {
    store: data.store,
    emit,
    changed: migrations.refresh,
    stop: migrations.traffic.stop,
    declared: () => declaredMigrations(request.config.migrationsFolder),
    errands: migrations.errands,
    preflight: migrations.preflight,
    version: migrations.version,
  },
})

const adminServing = (machine: Machine, rooms: Rooms) => {
  const { clock, ids, version } = machine
  const { live, log, data } = rooms
  const identifyAdmin = (inbound: Inbound) =>
    identify(live.current(), inbound, { nowMs: clock.nowMs(), purpose: 'admin' })
  const ports = adminPorts(rooms)
  rooms.migrations.planBy((row) => plannedAgain(row, { ports, clock }))
  const api = createAdminApi({
    operations,
    ports,
    clock,
    ids,
    version,
    failed: (problem, call) => log.error('an admin request failed', { call, error: problem }),
  })
  const identifyCaller = (inbound: Inbound) =>
    identify(live.current(), inbound, { nowMs: clock.nowMs(), purpose: 'model' })
  const authentication = { localToken: data.localToken, identify: identifyAdmin, identifyCaller, ports, clock }
  return { api, ports, identifyAdmin, authentication }
}

const relayRequest = async ({ config }: ServeRequest, { log, data, emit }: Pick<Rooms, 'log' | 'data' | 'emit'>) => ({
  config,
  emit,
  log,
  keys: await data.store.load(),
  priceEntries: await data.store.priceEntries(),
  digestKey: data.digestKey,
  shelf: data.sandboxShelf,
})

/** Responses that are made while nobody waits end with the server: their books are closed before the store is. */
const openBackground = (closing: AsyncDisposableStack): BackgroundRuns => {
  const runs = backgroundRuns()
  closing.defer(() => runs.close())
  return runs
}

/** What a balancer asks before it sends anything here. */
const checksOf =
  ({ stopping }: Machine, { data, member, limits }: Rooms) =>
  (): readonly Check[] => {
    const store = data.store.health()
    const staying = !stopping.aborted
    return [
      { name: 'store', ok: store.ok, detail: store.ok ? null : healthSays('store_fails', { problem: store.message }) },
      { name: 'staying', ok: staying, detail: staying ? null : healthSays('is_ending') },
      ...member.checks(),
      ...limits.checks(),
    ]
  }

/** Everything that looks at a call when it has ended. */
const observerOf = (rooms: Rooms & Kept, metrics: ReturnType<typeof makeMetrics>) => {
  const { data, log, watchers } = rooms
  const keepPrice = priceKeeper({ rowsNow: () => priceRowsNow(rooms), store: data.store, log })
  return (record: CallRecord, trace: RecordTrace | null): void => {
    metrics.observe(record)
    rooms.availability.observe(record)
    rooms.volumes.add(record)
    keepPrice(record, trace)
    for (const watcher of watchers) watcher(record, trace)
  }
}

/** What people look at with a browser. */
const pagesOf = async (
  { clock, root }: Machine,
  { routes, availability, publicPages, request, console, data }: Rooms & Kept,
  ports: AdminPorts,
): Promise<readonly Endpoint<Served>[]> => {
  const settings = publicPages.current
  return [
    ...(request.config.server.admin === null ? [] : [console.quickstart]),
    await filePage('/quickstart.css', new URL('assets/quickstart.css', root)),
    manualEndpoint(),
    receiptKeysEndpoint(data.receiptKeys),
    ...publicStatus({ routing: routes, availability, settings, clock }),
    ...publicPrices({ ports, settings, clock }),
  ]
}

/** The endpoints of the relay, of administration, and of those who watch. */
const endpointsOf = async (
  machine: Machine,
  rooms: Rooms & Kept,
  { standing, closing }: { readonly standing: Standing; readonly closing: AsyncDisposableStack },
) => {
  const { clock, ids, version } = machine
  const { live, log, data, countTokens, member } = rooms
  const waitingRoom = makeWaitingRoom({ limiter: rooms.limits.limiter, clock })
  const metrics = makeMetrics({
    defaults: true,
    waitingCalls: waitingRoom.waiting,
    limits: rooms.limits.figures,
    standings: () => standingsOf(rooms.routes),
    migrations: () => movingOf(rooms.migrations.traffic),
  })
  const admin = adminServing(machine, rooms)
  const { config } = rooms.request
  closing.defer(rooms.credit.watch(metrics.providerCredit))
  const ports = {
    snapshot: live.current,
    fresh: member.fresh,
    waitingRoom,
    callLog: member.callLog,
    keySpend: keySpendFrom(data.store),
    books: member.books,
    signReceipt: data.receiptKeys.sign,
    owner: member.owner,
    repeats: rooms.repeats,
    observe: observerOf(rooms, metrics),
    traceShare: config.telemetry?.share ?? null,
    ...openOverload(machine, { config, openCalls: metrics.openCalls, refusal: member.refusal }, closing),
    askHook: rooms.telling.askHook,
    countTokens,
    refusals: rememberRefusals(),
    routing: rooms.routing,
    traffic: rooms.migrations.traffic,
    shadows: rooms.migrations.shadows,
    cache: answerCache(clock),
    similar: rooms.similar,
    responses: rooms.responses,
    background: openBackground(closing),
    carried: rooms.carried,
    bindings: makeBindings(data.store, data.bindingSeal),
    modelsChanged: rooms.readCustomers,
    parts: data.store,
    spoolDir: join(data.folder, 'spool'),
    clock,
    ids,
    log,
  }
  const mayRead = (inbound: Inbound): void => {
    if (!inbound.fromLoopback) admin.identifyAdmin(inbound)
  }
  const whole = wholeMetrics(metrics, data.seat)
  const checks = checksOf(machine, rooms)
  const idle = idleRulesOf(rooms.live.current)
  const warnings = () => warningsOf({ ...rooms, idleRules: idle }, standing)
  const watching: Endpoint<Served>[] = [...watchPages({ version, checks, warnings, metrics: whole, mayRead })]
  const pages = await pagesOf(machine, rooms, admin.ports)
  const calls: Endpoint<Served>[] = [...relayEndpoints(Object.values(protocols)), ...pages, ...paymentEndpoints()]
  const looking = lookAfterBindings({ bindings: ports.bindings, look: (row) => lookAt(ports, row), clock, log })
  closing.defer(() => looking.close())
  const administration = [...admin.api.endpoints, ...rooms.console.endpoints]
  const served = { calls, watching, administration }
  const quiet = { observe: () => {}, fresh: () => null, callLog: { ...ports.callLog, append: async () => {} } }
  const used = { metrics, admin, cashier: rooms.payments.cashier }
  await checkDoors(machine, {
    ...served,
    ...handlingOf(used, { ...ports, ...quiet }),
    pages: [...pages, ...rooms.console.endpoints],
  })
  return { ...served, ...handlingOf(used, ports) }
}

const tellIdle = (live: Live, log: Log): void => {
  for (const { text } of idleRules(live.current())) log.warn('configuration', { warning: text })
}

/** Takes a changed file into force, or says why the old state stays. */
const reload = (
  { live, log, telling, applied, publicPages, payments, member }: Rooms,
  loaded: Loaded,
  restart: readonly string[],
): readonly Sentence[] => {
  const standing = restart.length === 0 ? [] : [healthSays('restart_needed', { settings: restart })]
  if (!loaded.ok) {
    log.error('the changed configuration is refused, the old one stays', { faults: faultsText(loaded.faults) })
    return [healthSays('file_has_faults'), ...standing]
  }
  live.configure(relaySettings(loaded.config))
  telling.configure(loaded.config.notify)
  applied.configure(loaded.config)
  publicPages.configure(loaded.config.public)
  payments.configure(loaded.config)
  member.configured(loaded.config)
  log.info('the changed configuration is in force', { digest: loaded.config.digest })
  tellIdle(live, log)
  if (restart.length > 0) log.warn('some changed settings need a restart', { settings: restart.join(', ') })
  return standing
}

/** Follows the file, and the secrets that it names in other places. */
const follow = (
  { clock }: Machine,
  rooms: Rooms,
  { standing, closing }: { readonly standing: Standing; readonly closing: AsyncDisposableStack },
): void => {
  const { request, log } = rooms
  const { config, load, secrets } = request
  const changed = (loaded: Loaded, restart: readonly string[]): void => {
    standing.warnings = reload(rooms, loaded, restart)
  }
  const watching = watchConfig({ config, load, changed, clock })
  closing.defer(watching.close)
  closing.defer(watchSecrets({ secrets, everyMs: config.secretsRefreshMs, changed: watching.reload, clock, log }))
  for (const fault of config.warnings) log.warn('configuration', { warning: faultsText([fault]) })
  tellIdle(rooms.live, log)
}

/** Keys that the environment brings for the first start. */
const keysGiven = ({ environment }: Machine) => ({
  admin: environment['DROVER_ADMIN_KEY'] ?? null,
  test: environment['DROVER_TEST_KEY'] ?? null,
})

/** What calls go by of what the store holds. */
const readStored = async ({ data, live, readCustomers, applied }: Rooms): Promise<void> => {
  live.accountsChanged(await data.store.loadAccounts())
  await readCustomers()
  await applied.refresh()
}

/** A worker's place among others, if it is one; and the thread for its store, if one was started before. */
export type Seating = { readonly seat?: Seat | null; readonly thread?: SqliteWorker }

/**
 * Serves until `machine.stopping`; gives the exit code. One JSON line on stdout when it listens, everything for a person on
 * stderr; a worker says both to its primary.
 * @throws Problem when it cannot start.
 */
export const serve = async (
  alone: Machine,
  request: ServeRequest,
  { seat = null, thread }: Seating,
): Promise<number> => {
  await using closing = new AsyncDisposableStack()
  const { config } = request
  const log = pinoLog(config.log.level, alone.stderr, seat === null ? {} : { worker: seat.number })
  const data = await openData(alone, { config, data: request.data, log, seat, thread }, closing)
  const machine: Machine = { ...alone, clock: data.clock, ids: data.ids }
  const { clock, ids, stopping } = machine
  const { store, folder } = data
  await clearSpool(join(folder, 'spool'))
  const telling = await openTelling(machine, { config, log }, closing)
  const member = await joinCluster(machine, { config, data, log }, closing)
  const { emit, keep } = telling.start(member.outbox(store), buyerLetters(machine, store))
  const figures = makeFigures(clock)
  const alerts = telling.ports.alerts
  const { owner, ownersOf } = member
  const relay = await openRelay(machine, await relayRequest(request, { log, data, emit }), closing)
  const payments = await openPayments(machine, { config, store, live: relay.live, emit, log }, closing)
  const keys = () => relay.live.current().keys.values()
  const applied = openApplied({ config, store, vault: data.appliedVault, live: relay.live, clock, log })
  const credit = openProviderCredit(machine, { ...applied, alerts, emit, isMine: member.leads, log })
  const asking = { askRecipient: telling.askRecipient, credit: credit.ask, snapshot: relay.live.current }
  const moving = { ...asking, store, member, emit, log, nodes: data.cluster }
  const rooms: Rooms = {
    request,
    log,
    data,
    telling,
    figures,
    emit,
    keep,
    watchers: await startWatching(machine, { config, alerts, figures, books: store, emit, log, owner, keys }, closing),
    member,
    limits: await openLimits(machine, { config, member, log }, closing),
    publicPages: publicPagesOf(config.public),
    credit,
    payments,
    availability: openAvailability({ store, live: relay.live, clock, log }, closing),
    documents: openClerk(machine, { store, current: payments.config }),
    console: await openConsole(machine, { settings: config.console, log, seat }),
    readCustomers: rereading(() => loadCustomers(data, log), relay.live.customersChanged),
    readPrices: rereading(store.priceEntries, relay.live.pricesChanged),
    applied,
    identity: openIdentity(machine, { ...config, ...data, live: relay.live, log, ...telling }),
    migrations: await openMigrations(machine, { ...moving, countTokens: relay.countTokens }, closing),
    ...relay,
  }
  await data.receiptKeys.ensure()
  const first = await firstStart({ ports: adminPorts(rooms), given: keysGiven(machine), clock, ids })
  await readStored(rooms)
  await member.follow(rooms, closing)
  await countVolumesBefore(rooms.volumes, store, clock.nowMs())
  const keeping = await keepBooks({ books: store, owner, ownersOf, emit, clock, log })
  closing.defer(() => keeping.close())
  const { live, routing } = rooms
  closing.defer(checkProviders({ upstreams: () => live.current().upstreams.values(), routing, emit, clock, log }))
  // After the first sweep, which says what became of the calls whose keys are still taken.
  const kept = await openKept(machine, rooms, closing)
  startJobs(machine, rooms, closing)
  const standing: Standing = { warnings: [] }
  const endpoints = await endpointsOf(machine, { ...rooms, ...kept }, { standing, closing })
  const listening = await listen(machine, { config, folder, log, reusePort: seat?.reusePort ?? false, endpoints })
  member.announce(listening.url)
  closing.defer(giveMemoryBack({ clock, exchanges: listening, memory: processMemory() }))
  follow(machine, rooms, { standing, closing })
  const link = await setUpLink(machine, rooms.identity, { isFirst: first.created, url: listening.url })
  const greeted = greeting(first, listening.url, link)
  data.announce({ url: listening.url, adminUrl: listening.adminUrl, greeting: greeted })
  rooms.console.make(closing)
  await stopped(stopping)
  await drain(listening, { ...config.server, clock, log })
  return 0
}
