/** The ids under which one call and its attempts stand in a trace. */

import type { Ids } from '#base/id.ts'
import type { TraceContext } from '#base/trace-context.ts'
import { readTraceContext, traceHeaders } from '#base/trace-context.ts'

export type CallTrace = {
  readonly context: TraceContext
  /** The caller's span; `null` = the trace begins here. */
  readonly parentSpanId: string | null
  /** One for each attempt, in the order in which they began. */
  readonly attemptSpanIds: readonly string[]
  /** The headers of the next attempt. */
  readonly beginAttempt: () => Readonly<Record<string, string>>
}

const hexOf = (ids: Ids, size: number): string => Buffer.from(ids.bytes(size)).toString('hex')

/** A caller that traces decides whether the call is sampled; else the share in [0, 1] does. */
export const beginTrace = (
  headers: Readonly<Record<string, string>>,
  { ids, share }: { readonly ids: Ids; readonly share: number },
): CallTrace => {
  const caller = readTraceContext(headers)
  const context: TraceContext = {
    traceId: caller?.traceId ?? hexOf(ids, 16),
    spanId: hexOf(ids, 8),
    sampled: caller?.sampled ?? ids.chance() < share,
    state: caller?.state ?? null,
  }
  const attemptSpanIds: string[] = []
  return {
    context,
    parentSpanId: caller?.spanId ?? null,
    attemptSpanIds,
    beginAttempt: () => {
      const spanId = hexOf(ids, 8)
      attemptSpanIds.push(spanId)
      return traceHeaders({ ...context, spanId })
    },
  }
}
