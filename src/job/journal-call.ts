/** A call as a node keeps it: what is held for it of which lease, and how it ended. */

import { timeOfId } from '#base/id.ts'
import type { InterruptedCall, JournalRow, SettleRequest, VoidRequest } from '#ledger/port.ts'

export type CallEnd =
  | { readonly kind: 'settled'; readonly request: SettleRequest }
  | { readonly kind: 'voided'; readonly request: VoidRequest }

export type JournalCall = {
  readonly call: string
  readonly account: string
  readonly key: string | null
  /** `null` = nothing was held: the call is metered. */
  readonly lease: string | null
  heldNanoUsd: bigint
  begun: boolean
  provenNanoUsd: bigint | null
  /** `null` = it is under way. */
  end: CallEnd | null
}

/** How the names of records begin in the journal, behind those of calls. */
export const recordPrefix = 'record/'

const isMoney = (name: string, value: unknown): value is string => name.endsWith('NanoUsd') && typeof value === 'string'

export const journalRow = (call: JournalCall): JournalRow => ({
  call: call.call,
  body: JSON.stringify(call, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
})

export const journalCall = ({ body }: JournalRow): JournalCall =>
  JSON.parse(body, (name, value: unknown) => (isMoney(name, value) ? BigInt(value) : value)) as JournalCall

/** A call for which nothing was held. */
export const metered = ({ call, account, key }: VoidRequest): JournalCall => ({
  ...{ call, account, key, lease: null, heldNanoUsd: 0n },
  ...{ begun: false, provenNanoUsd: null, end: null },
})

/** How a call ends that was under way when its process died: by what is proven of it. */
const interrupted = (one: JournalCall, nowMs: number): CallEnd => {
  const { call, account, key, provenNanoUsd, heldNanoUsd, begun } = one
  const plain = { call, account, key, nowMs, upstreamCosts: [] }
  if (provenNanoUsd !== null) {
    const chargeNanoUsd = provenNanoUsd < heldNanoUsd ? provenNanoUsd : heldNanoUsd
    const rule = 'interrupted: settled for what was proven'
    return { kind: 'settled', request: { ...plain, chargeNanoUsd, priceHash: null, rule } }
  }
  if (begun) return { kind: 'voided', request: { ...plain, rule: 'interrupted: nothing is proven', lost: true } }
  return { kind: 'voided', request: { ...plain, rule: 'interrupted: no answer had begun' } }
}

/** What the log is told of it, once it has its end. */
const interruptedCall = (
  { call, account, key, begun, provenNanoUsd, end }: JournalCall,
  nowMs: number,
): InterruptedCall => ({
  call,
  account,
  key,
  beganMs: timeOfId(call) ?? nowMs,
  begun: begun || provenNanoUsd !== null,
  state: end?.kind === 'settled' ? 'settled' : end?.request.lost === true ? 'lost' : 'voided',
  chargedNanoUsd: end?.kind === 'settled' ? end.request.chargeNanoUsd : 0n,
  rule: end?.request.rule ?? '',
})

/** Gives those that were under way their ends, and what the log is told of them before the journal forgets them: a start that fails in between tells it again. */
export const endInterrupted = (calls: readonly JournalCall[], nowMs: number): readonly InterruptedCall[] => {
  const died = calls.filter(({ end }) => end === null)
  for (const call of died) call.end = interrupted(call, nowMs)
  return died.map((call) => interruptedCall(call, nowMs))
}
