/** Whether a key spends, or uses tokens a call, far out of its own pattern: the last hour against the hours before it. */

import type { CallRecord } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import { decimalOf } from '#base/money.ts'

const hourMs = 3_600_000
const hoursKept = 25
/** A pattern needs this many hours with calls before the one that is judged. */
const hoursMin = 6
const timesUsual = 5
/** Less than a dollar an hour is nobody's worry. */
const spendMinNanoUsd = 1_000_000_000n
const callsMin = 20
const keysMax = 10_000

type Hour = { readonly number: number; calls: number; tokens: number; spendNanoUsd: bigint; told: boolean }

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

type Judged = {
  readonly now: Hour
  readonly before: readonly Hour[]
  readonly key: string
  readonly account: string | null
}

const spendFinding = ({ now, before, key, account }: Judged): Parameters<Emit>[0] | null => {
  const usual = median(before.map(({ spendNanoUsd }) => Number(spendNanoUsd)))
  if (now.spendNanoUsd < spendMinNanoUsd || Number(now.spendNanoUsd) <= usual * timesUsual) return null
  const usd = decimalOf(now.spendNanoUsd)
  return {
    name: 'spend_unusual',
    account,
    object: key,
    ...telling('spend_unusual', { key, usd, times: timesUsual }),
    figure: Number(now.spendNanoUsd) / 1e9,
    facts: { usd, usual_usd: decimalOf(BigInt(Math.round(usual))), calls: now.calls },
  }
}

const tokensFinding = ({ now, before, key, account }: Judged): Parameters<Emit>[0] | null => {
  const usual = median(before.map(({ tokens, calls }) => tokens / calls))
  const each = now.tokens / now.calls
  if (now.calls < callsMin || usual === 0 || each <= usual * timesUsual) return null
  return {
    name: 'tokens_unusual',
    account,
    object: key,
    ...telling('tokens_unusual', { key, tokens: Math.round(each), usual: Math.round(usual) }),
    figure: each,
    facts: { tokens_a_call: Math.round(each), usual: Math.round(usual), calls: now.calls },
  }
}

/** Takes records as they come; tells each kind at most once an hour and key. */
export const watchSpend = ({ clock, emit }: { readonly clock: Clock; readonly emit: Emit }) => {
  const keys = new Map<string, Hour[]>()
  const hoursOf = (key: string): Hour[] => {
    const hours = keys.get(key) ?? []
    keys.delete(key)
    keys.set(key, hours)
    if (keys.size > keysMax) {
      const [oldest] = keys.keys()
      if (oldest !== undefined) keys.delete(oldest)
    }
    return hours
  }
  const hourNow = (hours: Hour[]): Hour => {
    const number = Math.floor(clock.nowMs() / hourMs)
    const last = hours.at(-1)
    if (last !== undefined && last.number >= number) return last
    const hour = { number, calls: 0, tokens: 0, spendNanoUsd: 0n, told: false }
    hours.push(hour)
    if (hours.length > hoursKept) hours.shift()
    return hour
  }
  return (record: CallRecord): void => {
    if (record.key === null || record.test || record.usage === null) return
    const hours = hoursOf(record.key)
    const now = hourNow(hours)
    now.calls += 1
    now.tokens += (record.usage.input ?? 0) + (record.usage.output ?? 0)
    now.spendNanoUsd += record.costNanoUsd ?? 0n
    const before = hours.slice(0, -1)
    if (now.told || before.length < hoursMin) return
    const judged = { now, before, key: record.key, account: record.account }
    const finding = spendFinding(judged) ?? tokensFinding(judged)
    if (finding === null) return
    now.told = true
    emit(finding)
  }
}
