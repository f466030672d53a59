/** The baseline of a migration before it starts, from the log of calls: how much traffic there is, how often it fails, how long it takes. */

import type { CallRecord } from '#base/call-record.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import { chargeOf } from '#ledger/charge.ts'
import type { BaselineFacts, Busiest } from '#migration/judge.ts'
import { fits } from '#migration/pattern.ts'
import type { Baseline } from '#migration/plan.ts'
import type { TrafficFigures } from '#migration/risk.ts'
import type { MigrationFile } from '#migration/settings.ts'
import { routeOf } from '#migration/shadow-plan.ts'
import { findModel } from '#policy/choose.ts'
import { targetAt } from '#relay/candidates.ts'
import { answering } from '#relay/draft.ts'
import { firstFailed } from '#relay/move.ts'
import type { OperationContext } from './operation.ts'
import { everyCall } from './port.ts'

/** What must be known to look at a file: also while nobody asks. */
export type Looking = Pick<OperationContext, 'ports' | 'clock'>

const dayMs = 86_400_000
const minuteMs = 60_000
const pageCalls = 1000
/** Of more the newest are looked at. */
const pagesMax = 20
/** A 99th percentile of fewer says nothing. */
const timesMin = 200

/** Whether a call went somewhere else than its baseline: in this migration's candidate, or another's that was given up. */
const wentElsewhere = (file: MigrationFile, { arm, attempts }: CallRecord): boolean => {
  const [first] = answering(attempts)
  const isAt = (route: string): boolean => {
    const { provider, model } = routeOf(route)
    return first?.provider === provider && first.model === model
  }
  return isAt(file.candidate.route) || (arm === 'candidate' && !isAt(file.baseline.route))
}

/** Names of keys by their ids: the log has only these, and files name keys by either. */
type KeyNames = ReadonlyMap<string, string>

/** Whether a call of the log says what the baseline of a file does. */
export const isOfBaseline = (file: MigrationFile, call: CallRecord, names: KeyNames = new Map()): boolean => {
  const { match } = file
  const has = (patterns: readonly string[] | undefined, text: string | null): boolean =>
    patterns === undefined || (text !== null && patterns.some((pattern) => fits(pattern, text)))
  return (
    !call.test &&
    call.cache !== 'hit' &&
    call.attempts.length > 0 &&
    !wentElsewhere(file, call) &&
    has(match.models, call.model) &&
    has(match.call_sites, call.callSite) &&
    (has(match.keys, call.key) || has(match.keys, names.get(call.key ?? '') ?? null)) &&
    has(match.projects, call.project)
  )
}

/** Asked for where a file names keys, each once. */
const learnNames = async (
  calls: readonly CallRecord[],
  names: Map<string, string>,
  { ports }: Pick<Looking, 'ports'>,
): Promise<void> => {
  for (const id of new Set(calls.flatMap(({ key }) => key ?? [])))
    if (!names.has(id)) names.set(id, (await ports.store.key(id))?.name ?? '')
}

/** Calls of the last `baseline_window` that are in scope of a file and met its baseline, the newest first. */
export const recentCalls = async (file: MigrationFile, { ports, clock }: Looking): Promise<readonly CallRecord[]> => {
  const found: CallRecord[] = []
  const names = new Map<string, string>()
  const fromMs = clock.nowMs() - file.preflight.baseline_window
  let beforeId: string | null = null
  for (let page = 0; page < pagesMax; page += 1) {
    const answer: { readonly calls: readonly CallRecord[]; readonly before: string | null } = await ports.store.calls({
      ...everyCall(pageCalls),
      fromMs,
      beforeId,
    })
    if (file.match.keys !== undefined) await learnNames(answer.calls, names, { ports })
    found.push(...answer.calls.filter((call) => isOfBaseline(file, call, names)))
    if (answer.before === null) break
    beforeId = answer.before
  }
  return found
}

/** As the arms of a migration are counted: by first attempts. */
const hasFailed = (call: CallRecord): boolean =>
  firstFailed(call) ||
  call.end === 'cut' ||
  (call.end !== 'left' && (call.status >= 500 || call.status === 429 || call.status === 408))

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(share * values.length) - 1)] ?? 0

/** Requests and tokens each of the minute that had the most of them. */
const busiestOf = (calls: readonly CallRecord[]): Busiest | undefined => {
  const minutes = [...Map.groupBy(calls, ({ timeMs }) => Math.floor(timeMs / minuteMs)).values()]
  if (minutes.length === 0) return undefined
  const tokensOf = (one: readonly CallRecord[]): number =>
    one.reduce((sum, { usage }) => sum + (usage?.input ?? 0) + (usage?.output ?? 0), 0)
  return {
    requestsPerMinute: Math.max(...minutes.map(({ length }) => length)),
    tokensPerMinute: Math.max(...minutes.map(tokensOf)),
  }
}

const shareOf = (calls: readonly CallRecord[], holds: (call: CallRecord) => boolean): number | null =>
  calls.length === 0 ? null : calls.filter(holds).length / calls.length

/** What the mean call would cost at a provider; `cached`: whether as much of it comes from a cache as today. */
const costAt = (
  route: string,
  {
    calls,
    models,
    cached,
  }: { readonly calls: readonly CallRecord[]; readonly models: readonly string[]; readonly cached: boolean },
  { ports, clock }: Looking,
): bigint | null => {
  const { live } = ports.prices.snapshot()
  const place = routeOf(route)
  const rows = models.flatMap((name) => findModel(live, name) ?? [])
  const target = targetAt(live, place, rows)
  const used = calls.flatMap(({ usage }) => (usage?.input == null || usage.output === null ? [] : [usage]))
  if (target === null || used.length === 0) return null
  const mean = (of: (usage: Usage) => number | null): number =>
    Math.round(used.reduce((sum, usage) => sum + (of(usage) ?? 0), 0) / used.length)
  const usage = usageOf({
    input: mean(({ input }) => input),
    output: mean(({ output }) => output),
    cachedInput: cached ? mean(({ cachedInput }) => cachedInput) : 0,
    source: 'estimated',
  })
  return chargeOf(usage, target.costRows, clock.nowMs())?.costNanoUsd ?? null
}

const figuresOf = (
  file: MigrationFile,
  calls: readonly CallRecord[],
  context: Looking,
): Omit<TrafficFigures, 'callsPerDay'> => {
  const told = calls.flatMap(({ usage }) => (usage?.input == null || usage.cachedInput === null ? [] : [usage]))
  const input = told.reduce((sum, usage) => sum + (usage.input ?? 0), 0)
  const models = file.match.models.filter((name) => !name.includes('*'))
  const cost = (route: string, cached: boolean): bigint | null => costAt(route, { calls, models, cached }, context)
  return {
    cachedShare: input === 0 ? null : told.reduce((sum, usage) => sum + (usage.cachedInput ?? 0), 0) / input,
    toolShare: shareOf(calls, ({ finishReason }) => /tool/.test(finishReason ?? '')),
    limitedShare: shareOf(calls, ({ attempts }) => attempts.some(({ status }) => status === 429)),
    baselineNanoUsd: cost(file.baseline.route, true),
    candidateNanoUsd: cost(file.candidate.route, true),
    candidateColdNanoUsd: cost(file.candidate.route, false),
  }
}

export type Before = { readonly baseline: Baseline; readonly facts: BaselineFacts; readonly figures: TrafficFigures }

/** What the file says itself stands before what the log says. */
export const baselineOf = async (file: MigrationFile, context: Looking): Promise<Before> => {
  const calls = await recentCalls(file, context)
  const conversations = Map.groupBy(calls, (call) => call.conversation ?? call.id)
  const failed = [...conversations.values()].filter((turns) => turns.some(hasFailed)).length
  const seen = conversations.size
  const times = calls.flatMap(({ stream, end, ttftMs }) =>
    stream && end === 'complete' && ttftMs !== null ? [ttftMs] : [],
  )
  const costs = calls.flatMap(({ attempts }) => attempts.at(-1)?.costNanoUsd ?? [])
  const spanMs = Math.max(
    1,
    context.clock.nowMs() - Math.min(context.clock.nowMs(), ...calls.map(({ timeMs }) => timeMs)),
  )
  const said = file.traffic
  const busiest = busiestOf(calls)
  const measured = seen === 0 ? {} : { 'error-rate': failed / seen }
  const p99Ms = said?.ttft_p99_ms ?? (times.length >= timesMin ? Math.round(quantile(times, 0.99)) : null)
  const perDay = (seen * dayMs) / Math.max(spanMs, dayMs / 24)
  const conversationsPerDay = said?.conversations_per_day ?? (perDay * file.match.percent) / 100
  const turnsPerConversation = said?.turns_per_conversation ?? (seen === 0 ? 1 : calls.length / seen)
  return {
    figures: { ...figuresOf(file, calls, context), callsPerDay: conversationsPerDay * turnsPerConversation },
    baseline: {
      conversationsPerDay,
      turnsPerConversation,
      shares: said?.error_share === undefined ? measured : { 'error-rate': said.error_share },
      seen: said?.error_share === undefined ? seen : 0,
      costPerTurnNanoUsd:
        said?.cost_per_turn_usd ??
        (costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0n) / BigInt(costs.length)),
    },
    facts: {
      p99Ms: p99Ms === null ? {} : { 'ttft-p99': p99Ms },
      ...(busiest !== undefined && { busiest }),
    },
  }
}
