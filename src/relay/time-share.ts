/**
 * How long a target may keep a call waiting while another one could still answer it. Without this a silent target uses up
 * all the time that the caller has.
 */

/** With nothing known a target gets half of the time that is left. */
const shareUntold = 0.5
/** With its usual time known it gets three times that, between half and four fifths of what is left. */
const usualTimes = 3
const shareMost = 0.8
/** A model that usually takes more than this of the time that is left is not hurried: leaving it would only pay twice. */
const shareUsualMax = 0.6

/**
 * Monotonic time at which a target is left that has given no first part; `null` = not before its own deadlines.
 * `usualMs`: how long answers there usually take to their first part; `null` = unknown.
 */
export const leaveAtMs = (facts: {
  readonly nowMs: number
  readonly untilMs: number
  readonly usualMs: number | null
}): number | null => {
  const leftMs = facts.untilMs - facts.nowMs
  if (leftMs <= 0) return null
  const { usualMs } = facts
  if (usualMs === null) return facts.nowMs + leftMs * shareUntold
  if (usualMs > leftMs * shareUsualMax) return null
  return facts.nowMs + Math.min(leftMs * shareMost, Math.max(leftMs * shareUntold, usualMs * usualTimes))
}
