/** The overload ladder over what this process feels. */

import type { Problem } from '#base/problem.ts'
import type { Config } from '#config/config.ts'
import { openPressureGauge } from '#observe/pressure.ts'
import type { OverloadEnds } from '#policy/overload.ts'
import { refusalUnder } from '#policy/overload.ts'
import type { Machine } from './machine.ts'

const endsOf = ({ loopDelayMs, openCallsMax }: Config['server']['overload']): OverloadEnds => ({
  loopDelayMs: { soft: loopDelayMs, hard: loopDelayMs * 4 },
  heapPercent: { soft: 85, hard: 95 },
  openCalls: { soft: openCallsMax * 0.9, hard: openCallsMax },
})

export type OverloadRequest = { readonly config: Config; readonly openCalls: () => number }

/** Gives why a further call is not taken now; `isCounted` = it is among those under way already. */
export const openOverload = (
  { clock, ids }: Machine,
  { config, openCalls }: OverloadRequest,
  closing: AsyncDisposableStack,
): ((isCounted?: boolean) => Problem | null) => {
  const gauge = openPressureGauge(clock)
  closing.defer(() => gauge.close())
  const ends = endsOf(config.server.overload)
  return (isCounted = false) => {
    const pressure = {
      loopDelayMs: gauge.loopDelayMs(),
      heapPercent: gauge.heapPercent(),
      openCalls: openCalls() - (isCounted ? 1 : 0),
    }
    return refusalUnder(pressure, ends, ids.chance)
  }
}
