/** The baseline of a migration before it starts, from the log of calls: how much traffic there is, how often it fails, how long it takes. */

import type { CallRecord } from '#base/call-record.ts'
import type { BaselineFacts, Busiest } from '#migration/judge.ts'
import type { Baseline } from '#migration/plan.ts'
import type { MigrationFile } from '#migration/settings.ts'
import { fits } from '#migration/settings.ts'
import { firstFailed } from '#relay/move.ts'
import type { OperationContext } from './operation.ts'
import { everyCall } from './port.ts'

const dayMs = 86_400_000
const minuteMs = 60_000
const pageCalls = 1000
/** Of more the newest are looked at. */
const pagesMax = 20
/** A 99th percentile of fewer says nothing. */
const timesMin = 200

const inScope = ({ match }: MigrationFile, call: CallRecord): boolean => {
  const has = (patterns: readonly string[] | undefined, text: string | null): boolean =>
    patterns === undefined || (text !== null && patterns.some((pattern) => fits(pattern, text)))
  return (
    !call.test &&
    call.cache !== 'hit' &&
    call.attempts.length > 0 &&
    has(match.models, call.model) &&
    has(match.call_sites, call.callSite) &&
    has(match.keys, call.key) &&
    has(match.projects, call.project)
  )
}

const recentCalls = async (file: MigrationFile, { ports, clock }: OperationContext): Promise<readonly CallRecord[]> => {
  const found: CallRecord[] = []
  const fromMs = clock.nowMs() - file.preflight.baseline_window
  let beforeId: string | null = null
  for (let page = 0; page < pagesMax; page += 1) {
    const answer: { readonly calls: readonly CallRecord[]; readonly before: string | null } = await ports.store.calls({
      ...everyCall(pageCalls),
      fromMs,
      beforeId,
    })
    found.push(...answer.calls.filter((call) => inScope(file, call)))
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

export type Before = { readonly baseline: Baseline; readonly facts: BaselineFacts }

/** What the file says itself stands before what the log says. */
export const baselineOf = async (file: MigrationFile, context: OperationContext): Promise<Before> => {
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
  return {
    baseline: {
      conversationsPerDay: said?.conversations_per_day ?? (seen * dayMs) / Math.max(spanMs, dayMs / 24),
      turnsPerConversation: said?.turns_per_conversation ?? (seen === 0 ? 1 : calls.length / seen),
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
