/** What is remembered of an upstream for as long as the process lives. */

import type { UsageRefusals } from './attempt.ts'

/** Targets remembered at most; of more than these the oldest is forgotten, which costs it a round trip and no more. */
const targetsMax = 10_000

/** Which targets have refused to be asked for stream usage. */
export const usageRefusals = (): UsageRefusals => {
  const targets = new Set<string>()
  return {
    has: (target) => targets.has(target),
    add: (target) => {
      const [oldest] = targets
      if (targets.size >= targetsMax && oldest !== undefined) targets.delete(oldest)
      targets.add(target)
    },
  }
}
