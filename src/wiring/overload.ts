/** What keeps calls fast that are under way: the overload ladder over what this process feels, and turns for those that come together. */

import type { Problem } from '#base/problem.ts'
import { turnstile } from '#base/turnstile.ts'
import type { Config } from '#config/config.ts'
import { openPressureGauge } from '#observe/pressure.ts'
import type { OverloadEnds } from '#policy/overload.ts'
import { refusalUnder } from '#policy/overload.ts'
import type { RelayPorts } from '#relay/journey.ts'
import { callsPerTurn } from '#relay/relay.ts'
import type { Machine } from './machine.ts'

const endsOf = ({ loopDelayMs, openCallsMax }: Config['server']['overload']): OverloadEnds => ({
  loopDelayMs: { soft: loopDelayMs, hard: loopDelayMs * 4 },
  heapPercent: { soft: 85, hard: 95 },
  openCalls: { soft: openCallsMax * 0.9, hard: openCallsMax },
})

export type OverloadRequest = {
  readonly config: Config
  readonly openCalls: () => number
  /** Why this node takes no call at all; `null` = it does. */
  readonly refusal: () => Problem | null
}

export const openOverload = (
  { clock, ids }: Machine,
  { config, openCalls, refusal }: OverloadRequest,
  closing: AsyncDisposableStack,
): Pick<RelayPorts, 'overload' | 'turnstile'> => {
  const arriving = turnstile(clock, callsPerTurn)
  const gauge = openPressureGauge(clock, { lineNowMs: arriving.lineMs })
  closing.defer(() => gauge.close())
  const ends = endsOf(config.server.overload)
  const overload: RelayPorts['overload'] = (isCounted = false) => {
    const pressure = {
      // A call that has waited in the line is not refused for it.
      loopDelayMs: isCounted ? gauge.loopDelayMs() : Math.max(gauge.loopDelayMs(), gauge.lineDelayMs()),
      heapPercent: gauge.heapPercent(),
      openCalls: openCalls() - (isCounted ? 1 : 0),
    }
    return refusal() ?? refusalUnder(pressure, ends, ids.chance)
  }
  return { overload, turnstile: arriving }
}
