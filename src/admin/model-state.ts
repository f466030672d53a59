/** How a model stands here, from the breakers of its targets and the share of its calls of late that failed: one answer for the console and for the public page. */

import type { Share } from '#observe/availability.ts'
import type { RouteStanding } from '#relay/route-state.ts'

export const modelStates = ['up', 'degraded', 'down'] as const
export type ModelState = (typeof modelStates)[number]

const degradedFrom = 0.05
const downFrom = 0.5
/** Fewer calls than this say nothing about how it is now. */
const callsMin = 10

const failedShareOf = ({ answered, failed }: Share): number =>
  answered + failed < callsMin ? 0 : failed / (answered + failed)

/** `recent`: its calls of the last ten minutes; `null` = nobody counts them, as where no server runs. */
export const stateOfModel = ({ targets }: Pick<RouteStanding, 'targets'>, recent: Share | null): ModelState => {
  const failedShare = recent === null ? 0 : failedShareOf(recent)
  const away = targets.filter((target) => target.away !== null && target.away !== 'probing').length
  if (away === targets.length || failedShare >= downFrom) return 'down'
  return away > 0 || failedShare >= degradedFrom ? 'degraded' : 'up'
}
