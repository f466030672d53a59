/** How a model stands here, from the breakers of its targets and the share of its calls that failed. */

import type { RouteStanding } from '#relay/route-state.ts'

export const modelStates = ['up', 'degraded', 'down'] as const
export type ModelState = (typeof modelStates)[number]

const degradedFrom = 0.05
const downFrom = 0.5

/** `failedShare`: of its calls of late, 0 to 1; 0 where too few were made to say anything. */
export const stateOfRoute = ({ targets }: Pick<RouteStanding, 'targets'>, failedShare: number): ModelState => {
  const away = targets.filter((target) => target.away !== null && target.away !== 'probing').length
  if (away === targets.length || failedShare >= downFrom) return 'down'
  return away > 0 || failedShare >= degradedFrom ? 'degraded' : 'up'
}
