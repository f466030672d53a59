/** How fast a target produces, for callers who wish for throughput. */

import type { Attempt } from './attempt.ts'
import { targetName } from './leg.ts'
import type { Routing } from './routing.ts'

/** Shorter answers say more of their first token than of their pace. */
const outputTokensMin = 16

/** Learns from an answer that has ended; its tokens since the first part count, by the provider's own figures. */
export const notePace = (routing: Routing, { draft, leg }: Attempt): void => {
  const { firstPartMs, endMs, usage } = draft
  const output = usage?.source === 'reported' ? usage.output : null
  if (firstPartMs === null || endMs === null || output === null || output < outputTokensMin) return
  // A whole answer has its first part at its end: then all of it counts.
  const fromMs = endMs - firstPartMs < 1 ? draft.startMs : firstPartMs
  if (endMs > fromMs) routing.health.produced(targetName(leg.target), (output * 1_000) / (endMs - fromMs))
}
