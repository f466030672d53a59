/** The head of a delivered reply: what the upstream said and a caller may see, and what Drover adds. */

import { decimalOf } from '#base/money.ts'
import type { ReplyHead } from '#protocol/protocol.ts'
import type { Draft } from './draft.ts'
import { answering, upstreamWaitMs } from './draft.ts'

/** Of an upstream's headers only these are passed on: the others tell of its accounts, its cookies, its network. */
const passedOn: readonly string[] = ['content-type', 'content-disposition', 'openai-processing-ms', 'openai-version']

const warningsBytesMax = 1_024

/** Keeps whole entries, up to 1 KiB, in the characters that a header may hold. */
const warningsHeader = (warnings: readonly string[]): string => {
  let text = ''
  for (const warning of warnings) {
    const entry = warning.replace(/[^\x20-\x7e]/g, '?').replaceAll(',', ';')
    const longer = text === '' ? entry : `${text},${entry}`
    if (longer.length > warningsBytesMax) break
    text = longer
  }
  return text
}

/** What every answer carries, refusals too: call id, target, attempts, overhead, limits, warnings. */
export const droverHeaders = (
  draft: Draft,
  facts: { readonly elapsedMs: number; readonly limits: Readonly<Record<string, string>> },
): Record<string, string> => {
  const overheadMs = Math.max(0, facts.elapsedMs - upstreamWaitMs(draft))
  const attempts = answering(draft.attempts)
  const headers: Record<string, string> = {
    'x-request-id': draft.id,
    'x-drover-attempts': String(attempts.length),
    'x-drover-overhead-ms': overheadMs.toFixed(2),
    'openai-processing-ms': String(Math.round(facts.elapsedMs)),
    ...facts.limits,
  }
  // Of several the one that was not left: a hedge may have lost to the target that was asked before it.
  const last = attempts.findLast(({ left }) => left === null) ?? attempts.at(-1)
  if (last !== undefined) {
    headers['x-drover-provider'] = last.provider
    if (last.upstreamRequestId !== null) headers['x-drover-upstream-request-id'] = last.upstreamRequestId
  }
  if (draft.model !== null)
    headers['x-drover-model'] = (last?.model ?? draft.model).replace(/[^\x20-\x7e]/g, '?').slice(0, 256)
  if (typeof draft.queuedMs === 'number') headers['x-drover-queued-ms'] = draft.queuedMs.toFixed(0)
  if (draft.cache !== null) headers['x-drover-cache'] = draft.cache
  const warnings = warningsHeader(draft.warnings)
  if (warnings !== '') headers['x-drover-warnings'] = warnings
  return headers
}

/** Headers of a reply in the caller's own protocol, over those of `droverHeaders`. */
export const replyHeaders = (
  head: ReplyHead | null,
  facts: { readonly stream: boolean; readonly lengthBytes: number | null; readonly costNanoUsd: bigint | null },
): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const name of passedOn) {
    const value = head?.headers[name]
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  if (facts.stream) {
    headers['content-type'] ??= 'text/event-stream; charset=utf-8'
    headers['cache-control'] = 'no-cache, no-transform'
    headers['x-accel-buffering'] = 'no'
  }
  if (facts.lengthBytes !== null) headers['content-length'] = String(facts.lengthBytes)
  if (facts.costNanoUsd !== null) headers['x-drover-cost'] = decimalOf(facts.costNanoUsd)
  return headers
}
