/** W3C Trace Context: the two headers by which calls of several services become one trace (https://www.w3.org/TR/trace-context/, read 2026-11-28). */

export type TraceContext = {
  /** 32 hex digits. */
  readonly traceId: string
  /** Of the span that calls, 16 hex digits. */
  readonly spanId: string
  readonly sampled: boolean
  /** `tracestate` as it came; other vendors' words, passed on. */
  readonly state: string | null
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
const stateCharactersMax = 512

/** What the headers say; `null` where they say nothing, or nothing valid: then a trace begins here. */
export const readTraceContext = (headers: Readonly<Record<string, string | undefined>>): TraceContext | null => {
  const match = form.exec(headers['traceparent']?.trim() ?? '')
  const [, version, traceId = '', spanId = '', flags = ''] = match ?? []
  if (match === null || version === 'ff' || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  const state = headers['tracestate']?.trim() ?? ''
  const kept = state !== '' && state.length <= stateCharactersMax ? state : null
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1, state: kept }
}

/** The headers that tell the next service. */
export const traceHeaders = ({ traceId, spanId, sampled, state }: TraceContext): Readonly<Record<string, string>> => ({
  traceparent: `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`,
  ...(state === null ? {} : { tracestate: state }),
})
