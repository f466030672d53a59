/** The attempts of a call as a waterfall for a terminal: what was asked when, why, and how it went. */

import { decimalOf } from '#base/money.ts'
import type { CallView } from './call-view.ts'
import { table } from './render.ts'

type Attempt = CallView['attempts'][number]

const barCharacters = 40

/** Why a target was asked, in words. */
const reasons: Readonly<Record<string, string>> = {
  weighted: 'drawn by weight',
  fallback: 'first as written',
  'least-latency': 'quickest of two',
  cheapest: 'cheapest',
  throughput: 'quickest writer',
  sticky: 'its conversation is here',
  migration: 'its migration leads here',
  order: 'order of the caller',
  probe: 'to see whether it is back',
  'last-resort': 'nothing else was left',
  retry: 'once more',
  'other-target': 'the one before failed',
  'other-key': 'another key',
  'other-model': 'another model',
  hedge: 'beside the slow one',
  similarity: 'to compare the question',
}

type Span = { readonly fromMs: number; readonly turnMs: number | null; readonly toMs: number }
type Marks = { readonly before: string; readonly after: string; readonly end: string }

const drawn: Marks = { before: '·', after: '█', end: '' }
const broken: Marks = { before: '·', after: '█', end: '✗' }
const waited: Marks = { before: '░', after: '░', end: '' }

/** Where in the call's time something lay: one mark until its turn (the first part), another one after it. */
const barOf = ({ fromMs, turnMs, toMs }: Span, marks: Marks, durationMs: number): string => {
  const place = (ms: number): number => Math.round((Math.min(ms, durationMs) / Math.max(durationMs, 1)) * barCharacters)
  const start = Math.min(barCharacters - 1, place(fromMs))
  const end = Math.max(start + 1, place(toMs))
  const turn = turnMs === null ? end : Math.min(end, Math.max(start, place(turnMs)))
  const line = `${' '.repeat(start)}${marks.before.repeat(turn - start)}${marks.after.repeat(end - turn)}`
  return `|${(marks.end === '' ? line : line.slice(0, -1) + marks.end).padEnd(barCharacters)}|`
}

const whole = (ms: number): string => `${Math.round(ms)}`
const usd = (nano: string | null): string => (nano === null ? 'unknown' : `${decimalOf(BigInt(nano))} USD`)

const outcomeOf = ({ left, error, first_part_ms: firstPartMs }: Attempt): string => {
  if (left !== null) return `left: ${left}`
  if (error !== null) return `broke off: ${error}`
  return firstPartMs === null ? 'never answered' : `answered, first part after ${whole(firstPartMs)} ms`
}

const lineOf = (attempt: Attempt, index: number, durationMs: number): readonly (string | number)[] => {
  const endMs = attempt.end_ms ?? durationMs
  const marks = attempt.left === null && attempt.error === null ? drawn : broken
  const span = { fromMs: attempt.start_ms, turnMs: attempt.first_part_ms, toMs: endMs }
  return [
    index + 1,
    barOf(span, marks, durationMs),
    `${attempt.provider}/${attempt.model}`,
    `${whole(attempt.start_ms)} to ${whole(endMs)} ms`,
    outcomeOf(attempt),
  ]
}

/** The waterfall, and below it a row for each attempt; empty where nobody was asked. */
export const attemptsText = ({ attempts, duration_ms: durationMs, queued_ms: queuedMs }: CallView): string => {
  if (attempts.length === 0) return ''
  const queue =
    queuedMs === null
      ? []
      : [
          [
            '-',
            barOf({ fromMs: 0, turnMs: null, toMs: queuedMs }, waited, durationMs),
            'queue',
            `0 to ${whole(queuedMs)} ms`,
            'waited for a limit',
          ],
        ]
  const waterfall = table(null, [...queue, ...attempts.map((attempt, index) => lineOf(attempt, index, durationMs))])
  const facts = table(
    ['#', 'WHY', 'STATUS', 'BREAKER', 'KEY', 'COST', 'UPSTREAM ID', 'ADJUSTED'],
    attempts.map((attempt, index) => [
      index + 1,
      attempt.reason === null ? null : (reasons[attempt.reason] ?? attempt.reason),
      attempt.status,
      attempt.breaker,
      attempt.credential,
      usd(attempt.cost_nano_usd),
      attempt.upstream_request_id,
      attempt.shims.join(', '),
    ]),
  )
  return `${waterfall}\n${facts}`
}
