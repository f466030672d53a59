/** Metrics from call records: closed label sets, so that no caller can make a series. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { CallRecord } from '#base/call-record.ts'
import { isOwnRefusal } from '#base/call-record.ts'
import type { ProblemCode } from '#base/problem.ts'
import { errorType } from './error-type.ts'
import { gapsText, makeGapHistogram } from './gap-histogram.ts'
import type { LimitFigures } from './limit-meters.ts'
import { limitMeters } from './limit-meters.ts'
import type { CountedMetrics } from './metrics-text.ts'
import type { MovingTraffic } from './migration-meters.ts'
import { migrationMeters } from './migration-meters.ts'

export type Metrics = {
  readonly observe: (record: CallRecord) => void
  /** Prometheus text format 0.0.4, of this process alone. */
  readonly text: () => Promise<string>
  readonly contentType: string
  /** The same as plain data, to be added up with that of other processes. */
  readonly read: () => Promise<CountedMetrics>
  /** What is left of the operator's credit at a provider, in units of the currency. */
  readonly providerCredit: (provider: string, currency: string, amount: number) => void
  /** Counts a call as under way until its promise settles. */
  readonly whileOpen: (call: Promise<void>) => Promise<void>
  readonly openCalls: () => number
}

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const tokenBuckets = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]
const overheadBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]

/** For a graph, where a rounding in the sixteenth digit is nothing. */
const usdOf = (nanoUsd: bigint): number => Number(nanoUsd) / 1e9

const errorLabel = (code: ProblemCode | null): string => (code === null ? 'none' : errorType(code))

const meters = (registers: Registry[]) => ({
  calls: new Counter({
    name: 'drover_calls_total',
    help: 'Calls that have ended, by protocol, provider, end and error type.',
    labelNames: ['protocol', 'provider', 'end', 'error_type'],
    registers,
  }),
  attempts: new Counter({
    name: 'drover_attempts_total',
    help: 'Tries of upstream targets, by provider and outcome.',
    labelNames: ['provider', 'error_type'],
    registers,
  }),
  reasons: new Counter({
    name: 'drover_attempt_reasons_total',
    help: 'Tries of upstream targets, by why they were made: the first of a route by its strategy, later ones by what had happened.',
    labelNames: ['reason'],
    registers,
  }),
  cached: new Counter({
    name: 'drover_cached_calls_total',
    help: 'Calls that were looked for among kept answers: hit, similar (an answer to a similar question), miss.',
    labelNames: ['outcome'],
    registers,
  }),
  ownRefusals: new Counter({
    name: 'drover_own_credential_refusals_total',
    help: 'Attempts at which a provider refused a credential that the account itself had brought; they are in no other figure of the provider.',
    labelNames: ['provider'],
    registers,
  }),
  tokens: new Counter({
    name: 'drover_tokens_total',
    help: 'Tokens of calls that have ended; input includes cached_input.',
    labelNames: ['provider', 'kind'],
    registers,
  }),
  callTokens: new Histogram({
    name: 'drover_call_tokens',
    help: 'Tokens of one call, by kind; input includes cached input.',
    labelNames: ['kind'],
    buckets: tokenBuckets,
    registers,
  }),
  charged: new Counter({
    name: 'drover_charged_usd_total',
    help: 'What calls were charged, in USD, for graphs; the books have it exactly.',
    labelNames: ['provider'],
    registers,
  }),
  upstreamCost: new Counter({
    name: 'drover_upstream_cost_usd_total',
    help: 'What attempts cost the operator, in USD, for graphs; the books have it exactly.',
    labelNames: ['provider'],
    registers,
  }),
  overhead: new Histogram({
    name: 'drover_overhead_seconds',
    help: "Time until the caller's first byte that was not spent waiting for an upstream.",
    buckets: overheadBuckets,
    registers,
  }),
  firstPart: new Histogram({
    name: 'drover_time_to_first_part_seconds',
    help: "Time from a call's arrival to the first part of its answer.",
    labelNames: ['provider'],
    buckets: secondsBuckets,
    registers,
  }),
  duration: new Histogram({
    name: 'drover_call_duration_seconds',
    help: "Time from a call's arrival to its end.",
    labelNames: ['provider', 'end'],
    buckets: secondsBuckets,
    registers,
  }),
  queued: new Histogram({
    name: 'drover_queue_wait_seconds',
    help: 'Time that calls waited for a limit with a queue, by whether they were let in.',
    labelNames: ['outcome'],
    buckets: secondsBuckets,
    registers,
  }),
})

const gauges = (registers: Registry[]) => ({
  waiting: new Gauge({ name: 'drover_calls_waiting', help: 'Calls that wait for a limit with a queue.', registers }),
  providerCredit: new Gauge({
    name: 'drover_provider_credit',
    help: "What is left of the operator's prepaid credit at a provider, in units of the currency.",
    labelNames: ['provider', 'currency'],
    registers,
    aggregator: 'max',
  }),
  targetsOut: new Gauge({
    name: 'drover_targets_left_out',
    help: 'Targets of the configured models that are not asked now: failing, probed, down, or without a key.',
    labelNames: ['provider'],
    registers,
    aggregator: 'max',
  }),
  keysOut: new Gauge({
    name: 'drover_provider_keys_out',
    help: 'Keys of a provider that are not used now: at their limit, or refused.',
    labelNames: ['provider'],
    registers,
    aggregator: 'max',
  }),
  open: new Gauge({ name: 'drover_calls_open', help: 'Calls under way.', registers }),
})

/** How a provider stands, as routing has it. */
export type Standing = { readonly provider: string; readonly targetsOut: number; readonly keysOut: number }

export type MetricsOptions = {
  /** Whether the process's own figures are there too. */
  readonly defaults: boolean
  /** How many calls wait for a limit, asked when somebody looks. */
  readonly waitingCalls?: () => number
  /** How limits are counted with other nodes, asked when somebody looks; `null` = they are not. */
  readonly limits?: () => LimitFigures | null
  /** How every configured provider stands, asked when somebody looks. */
  readonly standings?: () => readonly Standing[]
  /** The migrations that calls go by here, asked when somebody looks. */
  readonly migrations?: () => readonly MovingTraffic[]
}

const cacheOutcome = ({ cache, attempts }: CallRecord): string | null =>
  cache === 'hit' && attempts.some(({ reason }) => reason === 'similarity') ? 'similar' : cache

const countOpen = (): Pick<Metrics, 'whileOpen' | 'openCalls'> => {
  let openCalls = 0
  return {
    whileOpen: async (call) => {
      openCalls += 1
      try {
        await call
      } finally {
        openCalls -= 1
      }
    },
    openCalls: () => openCalls,
  }
}

/** A set of its own: nothing is registered globally. */
export const makeMetrics = (options: MetricsOptions): Metrics => {
  const registry = new Registry()
  const {
    calls,
    attempts,
    ownRefusals,
    tokens,
    callTokens,
    charged,
    upstreamCost,
    overhead,
    firstPart,
    duration,
    queued,
    reasons,
    cached,
  } = meters([registry])
  const { open, providerCredit, waiting, targetsOut, keysOut } = gauges([registry])
  const gaps = makeGapHistogram()
  const openCalls = countOpen()
  const tellLimits = (options.limits?.() ?? null) === null ? null : limitMeters([registry])
  const { observe: tellMoved, look: tellWeights } = migrationMeters([registry])
  if (options.defaults) collectDefaultMetrics({ register: registry })

  const observe = (record: CallRecord): void => {
    const provider = record.provider ?? 'none'
    calls.inc({ protocol: record.protocol, provider, end: record.end, error_type: errorLabel(record.error) })
    const outcome = cacheOutcome(record)
    if (outcome !== null) cached.inc({ outcome })
    tellMoved(record)
    for (const attempt of record.attempts) {
      reasons.inc({ reason: attempt.reason ?? 'unknown' })
      if (isOwnRefusal(attempt)) {
        ownRefusals.inc({ provider: attempt.provider })
        continue
      }
      attempts.inc({ provider: attempt.provider, error_type: errorLabel(attempt.error) })
      if (attempt.costNanoUsd !== null) upstreamCost.inc({ provider: attempt.provider }, usdOf(attempt.costNanoUsd))
    }
    const { usage } = record
    if (usage?.input) tokens.inc({ provider, kind: 'input' }, usage.input)
    if (usage?.cachedInput) tokens.inc({ provider, kind: 'cached_input' }, usage.cachedInput)
    if (usage?.output) tokens.inc({ provider, kind: 'output' }, usage.output)
    if (usage?.reasoning) tokens.inc({ provider, kind: 'reasoning' }, usage.reasoning)
    for (const kind of ['input', 'output'] as const)
      if (usage !== null && usage[kind] !== null) callTokens.observe({ kind }, usage[kind])
    if (record.costNanoUsd !== null) charged.inc({ provider }, usdOf(record.costNanoUsd))
    overhead.observe(record.overheadMs / 1_000)
    if (record.ttftMs !== null) firstPart.observe({ provider }, record.ttftMs / 1_000)
    duration.observe({ provider, end: record.end }, record.durationMs / 1_000)
    const { gaps: counted, queuedMs } = record
    if (counted !== null && counted !== undefined) gaps.add(provider, counted)
    const letIn = record.end === 'refused' && record.attempts.length === 0 ? 'refused' : 'admitted'
    if (typeof queuedMs === 'number') queued.observe({ outcome: letIn }, queuedMs / 1_000)
  }

  /** Sets what is only known when somebody looks. */
  const look = (): void => {
    open.set(openCalls.openCalls())
    waiting.set(options.waitingCalls?.() ?? 0)
    tellLimits?.(options.limits?.() ?? null)
    tellWeights(options.migrations?.() ?? [])
    // Anew each time: a provider that was taken out of the configuration is no more.
    for (const gauge of [targetsOut, keysOut]) gauge.reset()
    for (const standing of options.standings?.() ?? []) {
      targetsOut.set({ provider: standing.provider }, standing.targetsOut)
      keysOut.set({ provider: standing.provider }, standing.keysOut)
    }
  }
  return {
    observe,
    read: async () => {
      look()
      return { metrics: await registry.getMetricsAsJSON(), gaps: gaps.read() }
    },
    text: async () => {
      look()
      return `${await registry.metrics()}${gapsText(gaps.read())}`
    },
    contentType: registry.contentType,
    providerCredit: (provider, currency, amount) => providerCredit.set({ provider, currency }, amount),
    ...openCalls,
  }
}
