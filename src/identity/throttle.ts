/** How many tries somebody has: so many in a window, then one at a time after a wait that doubles. */

import type { TryRequest, TryState } from './port.ts'

const firstWaitMs = 30_000

/**
 * The state after one more try, or the wait before it: within the window `max` tries go through; after that each one is
 * followed by a wait of 30 s, doubled every time up to the window. It is forgotten a window after the last wait.
 */
export const stepTry = (
  before: TryState | null,
  { max, windowMs }: TryRequest,
  nowMs: number,
): { readonly state: TryState; readonly waitMs: number } => {
  if (before !== null && nowMs < before.untilMs) return { state: before, waitMs: before.untilMs - nowMs }
  const isOver = before === null || nowMs - before.untilMs >= windowMs
  const count = (isOver ? 0 : before.count) + 1
  const waitMs = count < max ? 0 : Math.min(windowMs, firstWaitMs * 2 ** Math.min(count - max, 20))
  return { state: { count, lastMs: nowMs, untilMs: nowMs + waitMs }, waitMs: 0 }
}
