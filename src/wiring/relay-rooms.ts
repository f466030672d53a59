/** The rooms behind a call: catalog, sandbox, ways to providers, the snapshot. */

import type { Emit } from '#base/event.ts'
import type { Log } from '#base/log.ts'
import { loadCatalog } from '#catalog/load.ts'
import type { PriceEntry } from '#catalog/port.ts'
import { defaultRoute } from '#config/build-model.ts'
import type { Config, ProviderConfig } from '#config/config.ts'
import { networkTransport } from '#http/upstream.ts'
import type { Traffic } from '#migration/traffic.ts'
import type { Standing } from '#observe/metrics.ts'
import type { MovingTraffic } from '#observe/migration-meters.ts'
import { findModel } from '#policy/choose.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { PlanFacts } from '#policy/plan.ts'
import { rememberedDigests } from '#policy/remembered-digests.ts'
import { protocols } from '#protocol/index.ts'
import { vendorOf } from '#provider/index.ts'
import { sandboxTransport } from '#provider/sandbox.ts'
import type { SandboxShelf } from '#provider/sandbox-shelf.ts'
import { sandbox } from '#provider/sandbox-vendor.ts'
import { tokenCounter, tokenWorkerUrl } from '#provider/token-counter.ts'
import type { Provider } from '#provider/vendor.ts'
import type { RelaySettings } from '#relay/live.ts'
import { liveRelay } from '#relay/live.ts'
import { monthVolumes } from '#relay/month-volumes.ts'
import type { RoutingView } from '#relay/route-state.ts'
import { routingView } from '#relay/route-state.ts'
import { makeRouting } from '#relay/routing.ts'
import type { Snapshot } from '#relay/snapshot.ts'
import { inProcessUpstream, upstreamSet } from '#relay/upstreams.ts'
import type { Machine } from './machine.ts'

export type RelayRequest = {
  /** Where happenings go. */
  readonly emit: Emit
  readonly config: Config
  readonly log: Log
  readonly keys: ReadonlyMap<string, KeyFacts>
  readonly priceEntries: readonly PriceEntry[]
  readonly digestKey: (key: string) => string
  /** What the sandbox keeps. */
  readonly shelf?: SandboxShelf
}

const planFacts = (plans: Config['plans']): readonly PlanFacts[] =>
  Object.entries(plans).map(([name, plan]) => ({
    name,
    requestsPerMinute: plan.rpm ?? null,
    requestsPerDay: plan.rpd ?? null,
    tokensPerMinute: plan.tpm ?? null,
    tokensPerDay: plan.tpd ?? null,
    concurrency: plan.concurrency ?? null,
    queue: plan.queue === undefined ? null : { waitingMax: plan.queue.max_waiting, waitMaxMs: plan.queue.max_wait },
    sliceTokens: plan.slice_tokens ?? null,
    signupCreditNanoUsd: plan.signup_credit ?? null,
    signupCreditExpiresMs: plan.signup_credit_expires ?? null,
    upgradeAtPaidNanoUsd: plan.upgrade_at_paid_usd ?? null,
    isOpen: plan.open,
    ownCredentialFeeBasisPoints: plan.own_credentials_fee ?? null,
    origin: 'file',
  }))

/** What the relay takes from providers. */
export const relayProviders = (providers: readonly ProviderConfig[]): readonly Provider[] =>
  providers.map((one) => ({
    ...one,
    credentials: one.credentials.map(({ secret }) => secret),
    credentialNames: one.credentials.map(({ reference }) => reference),
  }))

/** What the relay takes from a configuration. */
export const relaySettings = ({
  providers,
  models,
  priceRules,
  fxRates,
  regionsAllowed,
  dataRules,
  server,
  log,
  plans,
  limits,
  guards,
}: Config): RelaySettings => ({
  providers: relayProviders(providers),
  models,
  priceRules,
  fxRates,
  environment: server.environment,
  regionsAllowed,
  dataRules,
  limits,
  guards,
  keepBodies: log.bodies,
  keepDigests: log.digests,
  plans: planFacts(plans),
})

/** The models that live keys may call; without any provider, those that the sandbox answers for. */
export const modelRows = ({ live, test }: Snapshot): readonly ModelRow[] => [
  ...new Set((live.byName.size > 0 ? live : test).byName.values()),
]

/** How each provider stands, for metrics. */
export const standingsOf = (routes: RoutingView): readonly Standing[] => {
  const targets = (routes.routes(null) ?? []).flatMap((route) => route.targets)
  const outside = routes.providers().filter(({ upstream }) => !upstream.vendor.inProcess)
  return outside.map(({ upstream, keys }) => {
    const { name } = upstream.provider
    return {
      provider: name,
      targetsOut: targets.filter(({ provider, away }) => provider === name && away !== null).length,
      keysOut: keys.filter(({ state }) => state !== 'usable').length,
    }
  })
}

/** For the metrics. */
export const movingOf = ({ standings }: Pick<Traffic, 'standings'>): readonly MovingTraffic[] =>
  standings().map(({ move, weightBasisPoints }) => ({
    migration: move.name,
    phase: move.phase,
    weightPercent: weightBasisPoints / 100,
  }))

/** Everything that is opened is closed by `closing`, the last first. */
export const openRelay = async (machine: Machine, request: RelayRequest, closing: AsyncDisposableStack) => {
  const { clock, root } = machine
  const { config, log, keys, priceEntries, digestKey, shelf } = request
  const counter = tokenCounter({
    clock,
    workerUrl: tokenWorkerUrl,
    vocabularyUrl: new URL('assets/tokens/o200k_base.br', root),
  })
  closing.defer(() => counter.close())
  const windowTokensOf = (model: string): number | null => findModel(live.current().test, model)?.contextTokens ?? null
  const inProcess = sandboxTransport({
    clock,
    protocols,
    countTokens: counter.count,
    windowTokensOf,
    ...(shelf && { shelf }),
  })
  const upstreams = upstreamSet({
    vendorOf,
    transportFor: (provider) =>
      vendorOf(provider.vendor)?.inProcess === true ? inProcess : networkTransport({ ...provider, clock }),
    fixed: [inProcessUpstream(sandbox, inProcess)],
    closeFailed: (provider, error) => log.warn('an old way to a provider did not close', { provider, error }),
  })
  closing.defer(() => upstreams.close())
  const catalog = await loadCatalog(new URL('catalog/', root))
  const volumes = monthVolumes()
  const live = liveRelay({
    catalog,
    route: defaultRoute,
    upstreams,
    digestKey: rememberedDigests(digestKey),
    keys,
    priceEntries,
    volumes,
    settings: relaySettings(config),
    clock,
  })
  closing.defer(() => live.close())
  const routing = makeRouting(request.emit)
  const routes = routingView({ snapshot: live.current, routing, nowMs: clock.monotonicMs })
  return { live, catalog, volumes, countTokens: counter.count, routing, routes }
}
