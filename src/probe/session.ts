/** One whole probing of an endpoint: look, plan, ask the person, run, report. */

import type { Clock } from '#base/clock.ts'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { priceAt } from '#base/price-row.ts'
import { Problem } from '#base/problem.ts'
import { loadCatalog } from '#catalog/load.ts'
import { resolutions } from '#catalog/lookup.ts'
import type { Catalog, CatalogModel } from '#catalog/model.ts'
import type { Exchange, Send } from './exchange.ts'
import { probes as allProbes } from './group/index.ts'
import { quickProbes } from './group/quick.ts'
import type { Manifest } from './manifest.ts'
import { callSitesOf } from './manifest.ts'
import type { Facts, Level, Probe, Wire } from './probe.ts'
import { guessProfile, profileForKey, profileOf } from './profile/index.ts'
import type { Profile } from './profile/profile.ts'
import type { ProbeResult, Report } from './report.ts'
import { countsOf } from './report.ts'
import type { Plan } from './run/plan.ts'
import { planOf } from './run/plan.ts'
import type { Rates } from './run/purse.ts'
import { Purse } from './run/purse.ts'
import type { Progress } from './run/run.ts'
import { runProbes } from './run/run.ts'
import { scout } from './run/scout.ts'
import { openSender } from './run/sender.ts'
import type { Target } from './run/target.ts'
import { secretsOf } from './run/target.ts'
import { refusalText } from './wire-events.ts'

export type SessionOptions = {
  readonly target: Target
  /** `null` = told by the answers, else nothing is expected. */
  readonly profile: Profile | null
  readonly only: readonly string[] | null
  readonly quick: boolean
  readonly repeat: number | null
  readonly nanoUsdMax: bigint
  readonly callsMax: number
  readonly atOnceMax: number
  readonly parallel: number
  readonly timeoutMs: number
  readonly contextTokens: number | null
  readonly imageUrl: string | null
  /** `null` = from the catalog. */
  readonly rates: Rates | null
  readonly manifest: Manifest | null
  readonly failOn: Level
}

export type SessionPorts = {
  readonly catalogFolder: URL
  readonly clock: Clock
  readonly version: string
  /** Differs from run to run. */
  readonly nonce: string
  readonly signal: AbortSignal
  /** Whether to go on, seeing what it may cost. */
  readonly agree: (plan: Plan) => Promise<boolean>
  readonly progress: (progress: Progress) => void
}

const modelOf = (catalog: Catalog, name: string, atMs: number): CatalogModel | null => {
  const found = resolutions(catalog, { name, atMs, vendors: null }).find((one) => one.kind === 'found')
  return found?.kind === 'found' ? found.model : null
}

const ratesOf = (model: CatalogModel | null, atMs: number): Rates | null => {
  const question = { atMs, serviceTier: null, inputTokens: null, currency: 'USD' } as const
  const rates = model === null ? undefined : priceAt(model.priceRows, question)?.row.rates
  const { input = null, output = null } = rates ?? {}
  return input === null || output === null ? null : { inputNanoUsd: input, outputNanoUsd: output }
}

const free: Rates = { inputNanoUsd: 0n, outputNanoUsd: 0n }

const isFree = ({ profile, target }: SessionOptions): boolean => {
  const sandbox = (profile ?? profileOf('drover'))?.sandbox
  return sandbox !== undefined && target.key?.startsWith(sandbox.keyPrefix) === true
}

/** The probes of a wire, or those that were named. @throws Problem where a name is no probe's. */
export const chosenProbes = (wire: Wire, { only, quick }: Pick<SessionOptions, 'only' | 'quick'>): readonly Probe[] => {
  const own = quick ? quickProbes : allProbes.filter((probe) => probe.wire === wire)
  if (only === null) return own
  const unknown = only.find((name) => !own.some(({ id, group }) => id === name || group === name))
  if (unknown !== undefined)
    throw new Problem('not_found', {
      message: `'${unknown}' is no probe of the protocol ${wire} and no group. 'drover probe --list' names them.`,
    })
  return own.filter(({ id, group }) => only.includes(id) || only.includes(group))
}

const cannotBegin = (exchange: Exchange, { baseUrl, model }: Target): Problem | null => {
  if (exchange.end === 'unreachable')
    return new Problem('upstream_error', {
      message: `${baseUrl} cannot be reached (${exchange.fault ?? 'no reason'}). Check the address; it includes the version, as in https://api.example.com/v1.`,
    })
  if (exchange.status === 401 || exchange.status === 403)
    return new Problem('upstream_error', {
      message: `The key was refused (${refusalText(exchange)}). Give one with --api-key env:NAME; keys of another site or region are refused like wrong ones.`,
    })
  if (exchange.status === 404 && !exchange.body.includes(model) && !/model/i.test(exchange.body.toString('utf8')))
    return new Problem('upstream_error', {
      message: `${exchange.url} is not there (${refusalText(exchange)}). Check the base URL: it ends before "/chat/completions".`,
    })
  return null
}

/** What is known before the first call. */
const factsOf = (options: SessionOptions, model: CatalogModel | null, nonce: string): Facts => {
  const { target } = options
  return {
    model: target.model,
    stream: false,
    round: 0,
    nonce,
    limitField: 'max_tokens',
    thinks: false,
    contextTokens: options.contextTokens ?? model?.contextTokens ?? null,
    hasReference: target.reference !== null,
    hasOtherKey: target.otherKey !== null,
    isSecure: target.baseUrl.startsWith('https:'),
    imageUrl: options.imageUrl,
    parallel: options.parallel,
    provoke: {},
  }
}

/** The first look is paid from the same purse. */
const spending =
  (send: Send, purse: Purse): Send =>
  async (ask) => {
    const refused = purse.hold([ask])
    if (refused !== null) throw new Problem('invalid_request_error', { message: `Nothing can be sent: ${refused}.` })
    const exchange = await send(ask)
    purse.settle(exchange)
    return exchange
  }

type Ran = {
  readonly results: readonly ProbeResult[]
  readonly profile: string
  readonly purse: Purse
  readonly atMs: number
  readonly durationMs: number
}

const reportOf = ({ target, failOn }: SessionOptions, version: string, ran: Ran): Report => {
  const { purse } = ran
  const { reference } = target
  return {
    schema: 1,
    version,
    at: rfc3339(ran.atMs),
    target: { base_url: target.baseUrl, model: target.model, protocol: target.wire },
    reference: reference === null ? null : { base_url: reference.baseUrl, model: reference.model },
    profile: ran.profile,
    summary: {
      ...countsOf(ran.results, failOn),
      calls: purse.spent.calls,
      input_tokens: purse.spent.inputTokens,
      output_tokens: purse.spent.outputTokens,
      cost_usd: purse.spentNanoUsd === null ? null : decimalOf(purse.spentNanoUsd, 4),
      duration_ms: Math.round(ran.durationMs),
    },
    probes: ran.results,
  }
}

/** Runs the session. @throws Problem when it cannot begin; `null` = the person did not agree. */
export const probeEndpoint = async (options: SessionOptions, ports: SessionPorts): Promise<Report | null> => {
  const { target, repeat } = options
  const { clock, signal, version } = ports
  const startedMs = clock.monotonicMs()
  const atMs = clock.nowMs()
  const chosen = chosenProbes(target.wire, options)
  const model = modelOf(await loadCatalog(ports.catalogFolder), target.model, atMs)
  const rates = isFree(options) ? free : (options.rates ?? ratesOf(model, atMs))
  const facts = factsOf(options, model, ports.nonce)
  if (!(await ports.agree(planOf(chosen, facts, { rates, repeat })))) return null
  const purse = new Purse({ rates, nanoUsdMax: options.nanoUsdMax, callsMax: options.callsMax })
  const sender = openSender({ target, clock, timeoutMs: options.timeoutMs, signal, version })
  try {
    const seen = await scout(spending(sender.send, purse), target.wire, target.model)
    const problem = cannotBegin(seen.exchange, target)
    if (problem !== null) throw problem
    const profile = options.profile ?? guessProfile(seen.exchange.headers)
    const { expected, provoke } = profileForKey(profile, target.key)
    const contextTokens = options.contextTokens ?? seen.contextTokens ?? facts.contextTokens
    const results = await runProbes(
      {
        probes: chosen,
        facts: { ...facts, limitField: seen.limitField, thinks: seen.thinks, contextTokens, provoke },
        repeat,
        atOnceMax: options.atOnceMax,
        expected,
        callSitesOf: (probe) => callSitesOf(options.manifest, probe),
        progress: ports.progress,
      },
      { send: sender.send, purse, clock, secrets: secretsOf(target), signal },
    )
    const durationMs = clock.monotonicMs() - startedMs
    return reportOf(options, version, { results, profile: profile?.name ?? 'strict', purse, atMs, durationMs })
  } finally {
    sender.close()
  }
}
