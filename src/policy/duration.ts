/** Durations as OpenAI's rate-limit headers spell them. */

/**
 * `0s`, `20ms`, `1s`, `7.66s`, `6m0s`, `1h0m0s`: the form of Go's durations, which OpenAI's headers use
 * (https://platform.openai.com/docs/guides/rate-limits, as of 2026-06-26, read 2026-11-22). Fractions of a millisecond
 * are rounded up, so that nobody comes back too early.
 */
export const durationText = (durationMs: number): string => {
  const whole = Math.max(0, Math.ceil(durationMs))
  if (whole === 0) return '0s'
  if (whole < 1000) return `${whole}ms`
  const hours = Math.floor(whole / 3_600_000)
  const minutes = Math.floor((whole % 3_600_000) / 60_000)
  const rest = whole % 60_000
  const thousandths = (rest % 1000).toString().padStart(3, '0').replace(/0+$/, '')
  const seconds = `${Math.floor(rest / 1000)}${thousandths === '' ? '' : `.${thousandths}`}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
