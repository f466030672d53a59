/** How long an upstream asks to wait, in whatever way it says so. */

import type { RawAnswer } from '#base/problem.ts'

/** Longer waits are told as this one: no caller sleeps for more than a day. */
const retryAfterMsMax = 24 * 3_600_000

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

const bounded = (waitMs: number): number | null =>
  Number.isFinite(waitMs) && waitMs >= 0 ? Math.min(Math.ceil(waitMs), retryAfterMsMax) : null

/**
 * `6m0s`, `1.5s`, `20ms` as OpenAI writes durations (https://platform.openai.com/docs/guides/rate-limits, read 2026-11-22);
 * a bare number is seconds. `null` for other text.
 */
export const durationMs = (text: string): number | null => {
  if (/^\d+(?:\.\d+)?$/.test(text)) return bounded(Number(text) * 1000)
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return null
  let total = 0
  for (const [, size, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    total += Number(size) * (unitMs[unit ?? ''] ?? 0)
  return bounded(total)
}

/** Seconds, or an HTTP date measured against the answer's own `date`, so that no clock of ours is needed. */
const fromRetryAfter = ({ headers }: RawAnswer): number | null => {
  const milliseconds = headers['retry-after-ms']
  if (milliseconds !== undefined && /^\d+(?:\.\d+)?$/.test(milliseconds.trim())) return bounded(Number(milliseconds))
  const text = headers['retry-after']?.trim()
  if (text === undefined || text === '') return null
  const duration = durationMs(text)
  if (duration !== null) return duration
  const at = Date.parse(text)
  const now = Date.parse(headers['date'] ?? '')
  return Number.isNaN(at) || Number.isNaN(now) ? null : bounded(Math.max(0, at - now))
}

/** Resets of the limits that are used up; where the answer does not say which are, the soonest. */
const fromLimits = ({ headers }: RawAnswer): number | null => {
  const resets: { waitMs: number; spent: boolean }[] = []
  for (const [name, text] of Object.entries(headers)) {
    const kind = /^x-ratelimit-reset-(requests|tokens)$/.exec(name)?.[1]
    if (kind === undefined) continue
    const waitMs = durationMs(text.trim())
    if (waitMs !== null) resets.push({ waitMs, spent: headers[`x-ratelimit-remaining-${kind}`]?.trim() === '0' })
  }
  const spent = resets.filter((reset) => reset.spent).map((reset) => reset.waitMs)
  if (spent.length > 0) return Math.max(...spent)
  return resets.length === 0 ? null : Math.min(...resets.map((reset) => reset.waitMs))
}

/** "Please try again in 1.2s", "try again after 1 seconds": the only place where some providers tell it. */
const fromMessage = (message: string | null): number | null => {
  const match = /\b(?:again|retry)\s+(?:in|after)\s+(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|seconds?|m|minutes?)\b/i.exec(
    message ?? '',
  )
  if (match === null) return null
  const [, size, unit = ''] = match
  const scale = /^mil|^ms$/i.test(unit) ? 1 : /^m/i.test(unit) ? 60_000 : 1000
  return bounded(Number(size) * scale)
}

/** The wait that an upstream's refusal asks for, in milliseconds; `null` = it does not say. At most a day. */
export const retryAfterMs = (raw: RawAnswer, message: string | null): number | null =>
  fromRetryAfter(raw) ?? fromMessage(message) ?? fromLimits(raw)
