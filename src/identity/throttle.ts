/** How many tries somebody has: so many in a window, then one at a time after a wait that doubles. */

import type { TryRequest, TryState } from './port.ts'

const firstWaitMs = 30_000

export type Step = { readonly state: TryState; readonly waitMs: number }

/**
 * The state after one more try, or the wait before it: within the window `max` tries go through; after that each one is
 * followed by a wait of 30 s, doubled every time up to `waitMsMax`. It is forgotten a window after the last wait.
 */
export const stepTry = (
  before: TryState | null,
  { max, windowMs, waitMsMax = windowMs }: TryRequest,
  nowMs: number,
): Step => {
  if (before !== null && nowMs < before.untilMs) return { state: before, waitMs: before.untilMs - nowMs }
  const isOver = before === null || nowMs - before.untilMs >= windowMs
  const count = (isOver ? 0 : before.count) + 1
  const waitMs = count < max ? 0 : Math.min(waitMsMax, firstWaitMs * 2 ** Math.min(count - max, 20))
  return { state: { count, lastMs: nowMs, untilMs: nowMs + waitMs }, waitMs: 0 }
}

/** One try that several subjects are counted for: the longest wait, or the states after it. */
export const stepTries = (
  asked: readonly { readonly request: TryRequest; readonly before: TryState | null }[],
  nowMs: number,
): { readonly waitMs: number; readonly states: ReadonlyMap<string, TryState> } => {
  const steps = asked.map(({ request, before }) => ({ request, ...stepTry(before, request, nowMs) }))
  const isFirstOf = (subject: string | undefined): boolean =>
    steps.some((step) => step.request.subject === subject && step.waitMs === 0 && step.state.count === 1)
  const waits = steps.map(({ request, waitMs }) => (isFirstOf(request.sparesFirstOf) ? 0 : waitMs))
  return {
    waitMs: Math.max(0, ...waits),
    states: new Map(steps.map(({ request, state }) => [request.subject, state])),
  }
}

/** The state when one try of these is taken back; `null` = as if there had been none. */
export const stepBack = (before: TryState, { max }: TryRequest): TryState | null => {
  const count = before.count - 1
  if (count < 1) return null
  return { ...before, count, untilMs: count < max ? before.lastMs : before.untilMs }
}
