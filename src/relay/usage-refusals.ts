/** What is remembered of an upstream for as long as the process lives. */

import type { UsageRefusals } from './attempt.ts'

/** Targets remembered at most; further refusals are asked about anew each time, which costs a round trip and no more. */
const targetsMax = 10_000

/** Which targets have refused to be asked for stream usage. */
export const usageRefusals = (): UsageRefusals => {
  const targets = new Set<string>()
  return {
    has: (target) => targets.has(target),
    add: (target) => {
      if (targets.size < targetsMax) targets.add(target)
    },
  }
}
