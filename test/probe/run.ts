/** Runs the probes against an endpoint within the process. */

import { probes } from '../../src/probe/group/index.ts'
import type { Facts, Probe } from '../../src/probe/probe.ts'
import type { ProbeResult } from '../../src/probe/report.ts'
import { Purse } from '../../src/probe/run/purse.ts'
import { runProbes } from '../../src/probe/run/run.ts'
import { contextTokens, model, provoke } from './ideal-model.ts'
import type { Endpoint } from './serve.ts'
import { sendTo } from './serve.ts'

export const openaiProbes: readonly Probe[] = probes.filter(({ wire }) => wire === 'openai')

export const facts: Facts = {
  model,
  stream: false,
  round: 0,
  nonce: 'nonce',
  limitField: 'max_tokens',
  thinks: false,
  contextTokens,
  hasReference: true,
  hasOtherKey: true,
  isSecure: true,
  imageUrl: 'https://pictures.test/red.png',
  parallel: 12,
  provoke,
}

/** A clock whose timers fire at once: nobody waits here. */
const clock = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  after: (_delayMs: number, callback: () => void) => {
    queueMicrotask(callback)
    return () => undefined
  },
}

/** The results of these probes. */
export function probe(endpoint: Endpoint, chosen: readonly Probe[] = openaiProbes): Promise<readonly ProbeResult[]> {
  return runProbes(
    {
      probes: chosen,
      facts,
      repeat: null,
      atOnceMax: 8,
      expected: {},
      callSitesOf: () => [],
      progress: () => undefined,
    },
    {
      send: sendTo(endpoint),
      purse: new Purse({ rates: null, nanoUsdMax: 0n, callsMax: 1_000_000 }),
      clock,
      secrets: [],
      signal: new AbortController().signal,
    },
  )
}
