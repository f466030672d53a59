/** What every gateway is asked for before anything is counted, so that none is measured while its engine still compiles and another one after that. */

import type { Contender } from '../gateway/bench.ts'
import { closedLoop } from '../load/closed-loop.ts'
import { requestTo } from '../load/request.ts'

/** A model that answers in one piece of some 800 bytes. */
export const callModel = 'bench-800'
const warmCalls = 40_000
const warmMsMax = 40_000
const bodyBytes = 1024
const connections = 16

export const warmText = `Each gateway had answered ${warmCalls} calls, or for ${warmMsMax / 1_000} s, before the first.`

/** So many calls of 1 KiB, or for so long where it takes longer. */
export const warmed = async ({ running, target }: Contender): Promise<void> => {
  const request = requestTo(running, { model: callModel, isStream: false, bodyBytes })
  await closedLoop({ target, request, connections, durationMs: warmMsMax, callsMax: warmCalls })
}
