/** Whether a migration's candidate behaves as clients expect, by the probes that block a switch: within a bound of money, calls and time. */

import type { Clock } from '#base/clock.ts'
import type { PriceRow } from '#base/price-row.ts'
import { priceAt } from '#base/price-row.ts'
import { Problem } from '#base/problem.ts'
import type { ParameterMode } from '#policy/model-table.ts'
import { probes } from '#probe/group/index.ts'
import type { Facts, Probe, Wire } from '#probe/probe.ts'
import { guessProfile, profileAt, profileForKey, profileOf } from '#probe/profile/index.ts'
import type { ProbeResult } from '#probe/report.ts'
import { failsAt } from '#probe/report.ts'
import type { Rates } from '#probe/run/purse.ts'
import { Purse } from '#probe/run/purse.ts'
import { runProbes } from '#probe/run/run.ts'
import { scout } from '#probe/run/scout.ts'
import type { Target } from '#probe/run/target.ts'
import type { UpstreamWay } from '#probe/run/upstream-sender.ts'
import { upstreamSender, wireOf } from '#probe/run/upstream-sender.ts'

export type ConformanceQuestion = {
  readonly way: UpstreamWay
  readonly model: string
  /** With `shim` the relay repairs what it can on the way. */
  readonly params: ParameterMode
  readonly costRows: readonly PriceRow[]
  readonly contextTokens: number | null
  readonly limits: { readonly nanoUsdMax: bigint; readonly callsMax: number }
  /** Differs from run to run. */
  readonly nonce: string
}

export type ConformancePorts = { readonly clock: Clock; readonly version: string; readonly signal: AbortSignal }

export type ProbeFinding = { readonly id: string; readonly title: string; readonly why: string; readonly mend: string }

export type Conformance = {
  readonly passed: number
  /** What clients would notice. */
  readonly failed: readonly ProbeFinding[]
  /** Deviations that the relay repairs, or that do not reach clients behind it. */
  readonly repaired: readonly ProbeFinding[]
  /** Cost bound, time or network: never a pass. */
  readonly notRun: readonly ProbeFinding[]
  readonly calls: number
  /** `null` = its price is unknown, and only the number of calls was bounded. */
  readonly costNanoUsd: bigint | null
}

const atOnceMax = 4
const callTimeoutMs = 60_000
/** A prompt as long as the context costs more than all others together. */
const dearGroups: readonly string[] = ['context']

const blockingOf = (wire: Wire): readonly Probe[] =>
  probes.filter((probe) => probe.wire === wire && probe.level === 'blocking' && !dearGroups.includes(probe.group))

const ratesOf = ({ way, costRows }: ConformanceQuestion, atMs: number): Rates | null => {
  if (way.provider.price === 'free') return { inputNanoUsd: 0n, outputNanoUsd: 0n }
  const rates = priceAt(costRows, { atMs, serviceTier: null, inputTokens: null, currency: 'USD' })?.row.rates
  const { input = null, output = null } = rates ?? {}
  return input === null || output === null ? null : { inputNanoUsd: input, outputNanoUsd: output }
}

const findingOf = ({ id, title, reasons, remedy }: ProbeResult): ProbeFinding => ({
  id,
  title,
  why: reasons.slice(0, 2).join(' '),
  mend: remedy.how,
})

const factsOf = ({ model, contextTokens, nonce, way }: ConformanceQuestion): Facts => ({
  model,
  stream: false,
  round: 0,
  nonce,
  limitField: 'max_tokens',
  thinks: false,
  contextTokens,
  hasReference: false,
  hasOtherKey: false,
  isSecure: way.provider.baseUrl.startsWith('https:'),
  imageUrl: null,
  parallel: atOnceMax,
  provoke: {},
})

const summed = (results: readonly ProbeResult[], params: ParameterMode): Omit<Conformance, 'calls' | 'costNanoUsd'> => {
  const failing = results.filter((result) => failsAt(result, 'blocking'))
  const isRepaired = ({ remedy }: ProbeResult): boolean =>
    remedy.by === 'relay' || (remedy.by === 'shim' && params === 'shim')
  return {
    passed: results.filter(({ verdict }) => verdict === 'pass').length,
    failed: failing.filter((result) => !isRepaired(result)).map(findingOf),
    repaired: failing.filter(isRepaired).map(findingOf),
    notRun: results.filter(({ ran }) => !ran).map(findingOf),
  }
}

/** `null` = there are no probes for the protocol that its provider speaks. @throws Problem where its first look already fails. */
export const conformanceOf = async (
  question: ConformanceQuestion,
  { clock, version, signal }: ConformancePorts,
): Promise<Conformance | null> => {
  const { way, model, params, limits, contextTokens } = question
  const wire = wireOf(way)
  if (wire === null) return null
  const { baseUrl, credentials, vendor } = way.provider
  const secrets = credentials.map((one) => one.reveal())
  const target: Target = { baseUrl, model, key: secrets[0] ?? null, wire, otherKey: null, reference: null }
  const send = upstreamSender(way, { target, clock, timeoutMs: callTimeoutMs, signal, version })
  const rates = ratesOf(question, clock.nowMs())
  const purse = new Purse({ rates, ...limits })
  const paid: typeof send = async (ask) => {
    const refused = purse.hold([ask])
    if (refused !== null) throw new Problem('invalid_request_error', { message: `Nothing can be probed: ${refused}.` })
    const exchange = await send(ask)
    purse.settle(exchange)
    return exchange
  }
  const seen = await scout(paid, wire, model)
  const facts = factsOf(question)
  const profile = profileAt(baseUrl) ?? guessProfile(seen.exchange.headers) ?? profileOf(vendor)
  const { expected, provoke } = profileForKey(profile, target.key)
  const results = await runProbes(
    {
      probes: blockingOf(wire),
      facts: {
        ...facts,
        limitField: seen.limitField,
        thinks: seen.thinks,
        contextTokens: contextTokens ?? seen.contextTokens,
        provoke,
      },
      repeat: null,
      atOnceMax,
      expected,
      callSitesOf: () => [],
      progress: () => {},
    },
    { send, purse, clock, secrets, signal },
  )
  return { ...summed(results, params), calls: purse.spent.calls, costNanoUsd: purse.spentNanoUsd }
}
