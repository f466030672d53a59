/** One call against a provider that fails, and what a table says of it. */

import type { Caller } from '../e2e/caller.ts'
import type { FaultBench } from '../e2e/fault-bench.ts'
import { askOnce, attemptsOf } from '../e2e/fault-bench.ts'
import type { CallLine } from '../e2e/harness.ts'
import type { FaultName } from '../fake/fault.ts'

export const modes = ['stream', 'whole'] as const
export type Mode = (typeof modes)[number]

/** Calls of a case before the one that is shown: what changes from call to call needs some. */
const callsBefore: Readonly<Partial<Record<FaultName, number>>> = { 'slow-step': 3, 'slow-ramp': 5 }
const targetsTriedMax = 12

export type Shown = {
  readonly status: number
  readonly isWhole: boolean
  readonly tookMs: number
  readonly record: CallLine
}

export type Meeting = { readonly name: string; readonly fault: FaultName; readonly caller: Caller; readonly mode: Mode }

const askFor = async (bench: FaultBench, { name, caller, mode }: Meeting): Promise<Shown> => {
  const { open, isWhole, tookMs } = await askOnce(bench, caller, { model: name, stream: mode === 'stream' })
  return { status: open.status, isWhole, tookMs, record: await bench.relay.recordOf(open) }
}

const isFaulty = (provider: unknown): boolean => String(provider).endsWith('-faulty')
const meets = ({ record }: Shown): boolean => attemptsOf(record).some(({ provider }) => isFaulty(provider))

/** The call of a case that meets the fault: strategies that choose by chance may pass it by at first. */
export async function meet(bench: FaultBench, meeting: Meeting): Promise<Shown> {
  for (let index = 0; index < (callsBefore[meeting.fault] ?? 0); index += 1) await askFor(bench, meeting)
  let shown = await askFor(bench, meeting)
  for (let tries = 1; tries < targetsTriedMax && !meets(shown); tries += 1) shown = await askFor(bench, meeting)
  return shown
}

export const dollars = (nano: unknown): string =>
  nano === null || nano === undefined ? 'unknown' : `${Number(nano) / 1_000} µ$`

/** The operator's cost over all attempts; what is not known is not zero. */
export const costOf = (record: CallLine): string => {
  const known = attemptsOf(record).flatMap(({ cost_nano_usd: cost }) => (cost === null ? [] : [Number(cost)]))
  return dollars(known.reduce((sum, cost) => sum + cost, 0))
}

export const roundedMs = (tookMs: number): string => `${Math.round(tookMs / 10) * 10} ms`

/** What the caller saw: the status, and how a stream that had begun was ended. */
export const sawText = ({ status, isWhole, record }: Shown): string => {
  const { error } = record
  if (isWhole) return error === null ? `${status}` : `${status} \`${error}\``
  return `${status}, cut with an error event \`${error}\``
}

export const answeredBy = (record: CallLine): string => {
  const { provider } = record
  return provider === null ? 'none' : String(provider).endsWith('-faulty') ? 'faulty' : 'sound'
}

/** Each attempt, why it was made, and why it was left. */
export const triedText = (record: CallLine): string =>
  attemptsOf(record)
    .map(({ provider, left, reason }) => {
      const which = isFaulty(provider) ? 'faulty' : 'sound'
      return left === null ? `${which} (${reason})` : `${which} (${reason}; left: ${left})`
    })
    .join(' → ')
