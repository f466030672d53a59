/**
 * Directives at the start of what is sent to the sandbox: `sandbox:delay=800ms,finish=length` and then, after a blank
 * or on the next line, the text itself.
 */

import type { ProblemCode } from '#base/problem.ts'
import { Problem, problems } from '#base/problem.ts'
import type { FinishReason } from '#protocol/part.ts'

/** Ten minutes: as long as a route may take. */
const delayMsMax = 600_000
const retryAfterSecondsMax = 86_400
const tokensMax = 100_000
const deltasMax = 100_000

export type Directives = {
  /** The refusal to answer with. */
  readonly refuse?: { readonly code: ProblemCode; readonly status: number }
  readonly retryAfterMs?: number
  /** Before the first byte. */
  readonly delayMs?: number
  /** Content deltas after which the answer breaks off. */
  readonly cutAfter?: number
  /** Tokens of text to produce instead of the echo. */
  readonly tokens?: number
  readonly finish?: { readonly reason: FinishReason; readonly raw: string }
  /** Moderations: this input is flagged. */
  readonly flag?: true
}

type Reading = (value: string) => Directives | null

/** Drover's refusal of each status that a client can meet. Others of the same status are asked for by `error=CODE`. */
const codesByStatus: Readonly<Record<string, ProblemCode>> = {
  400: 'invalid_request_error',
  401: 'invalid_api_key',
  402: 'credit_exhausted',
  403: 'permission_denied',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  409: 'conflict',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  422: 'invalid_request_error',
  429: 'rate_limit_exceeded',
  431: 'headers_too_large',
  500: 'internal_error',
  502: 'upstream_error',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
  529: 'upstream_overloaded',
}

const finishes: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  content_filter: 'content-filter',
  tool_calls: 'tool-calls',
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 }

const whole = (value: string, max: number): number | null => {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  return number <= max ? number : null
}

const durationMs = (value: string): number | null => {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m)$/.exec(value)
  const milliseconds = Math.round(Number(match?.[1]) * (unitsMs[match?.[2] ?? ''] ?? Number.NaN))
  return milliseconds <= delayMsMax ? milliseconds : null
}

/** An own entry of a table, never one that every object has. */
const entry = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

const readings: Readonly<Record<string, Reading>> = {
  status: (value) => {
    const code = entry(codesByStatus, value)
    return code === undefined ? null : { refuse: { code, status: Number(value) } }
  },
  error: (value) => {
    if (!Object.hasOwn(problems, value)) return null
    const code = value as ProblemCode
    return { refuse: { code, status: problems[code].status } }
  },
  'retry-after': (value) => {
    const seconds = whole(value, retryAfterSecondsMax)
    return seconds === null ? null : { retryAfterMs: seconds * 1_000 }
  },
  delay: (value) => {
    const milliseconds = durationMs(value)
    return milliseconds === null ? null : { delayMs: milliseconds }
  },
  'cut-after': (value) => {
    const deltas = whole(value, deltasMax)
    return deltas === null ? null : { cutAfter: deltas }
  },
  tokens: (value) => {
    const tokens = whole(value, tokensMax)
    return tokens === null ? null : { tokens }
  },
  finish: (value) => {
    const reason = entry(finishes, value)
    return reason === undefined ? null : { finish: { reason, raw: value } }
  },
}

const known = [
  `status=${Object.keys(codesByStatus).join('|')}`,
  'error=CODE (a code of docs/reference/errors.md)',
  'retry-after=SECONDS',
  'delay=800ms (up to 10m)',
  'cut-after=DELTAS',
  'tokens=N (up to 100000)',
  `finish=${Object.keys(finishes).join('|')}`,
].join(', ')

const refuse = (directive: string): never => {
  throw new Problem('invalid_request_error', {
    message: `The sandbox does not know '${directive.slice(0, 80)}'. It obeys, separated by commas: ${known}.`,
    facts: { sandbox: true },
  })
}

const readOne = (text: string): Directives => {
  if (text === 'flag') return { flag: true }
  const at = text.indexOf('=')
  const reading = at > 0 ? entry(readings, text.slice(0, at)) : undefined
  return reading?.(text.slice(at + 1)) ?? refuse(text)
}

/**
 * What the text asks of the sandbox, and the text without it. A `sandbox:` that is followed by a blank is a word like any other.
 * @throws Problem `invalid_request_error` naming the directives that there are.
 */
export const readDirectives = (text: string): { readonly directives: Directives; readonly rest: string } => {
  const match = /^sandbox:(\S+(?:(?<=,)[ \t]+\S+)*)(?:\r?\n|[ \t])?/.exec(text)
  if (match === null) return { directives: {}, rest: text }
  const parts = (match[1] ?? '').split(',').map((part) => part.trim())
  const directives: Directives = Object.assign({}, ...parts.map(readOne))
  return { directives, rest: text.slice(match[0].length) }
}
