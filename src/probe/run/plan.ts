/** What a run will ask, and what that may cost, before anything is sent. Pure. */

import type { Facts, Probe } from '#probe/probe.ts'
import type { Amount, Rates } from './purse.ts'
import { boundOf, costOf, nothing, sumOf } from './purse.ts'

export type Plan = {
  readonly probes: readonly Probe[]
  /** Bounds: what is used is mostly far less. */
  readonly amount: Amount
  /** `null` = the price is unknown. */
  readonly nanoUsdMax: bigint | null
}

/** How often a probe is run in each mode. */
export const repeatsOf = (probe: Probe, repeat: number | null): number => Math.max(probe.repeats ?? 1, repeat ?? 1)

const scouting: Amount = { calls: 2, inputTokens: 60, outputTokens: 512 }

const amountOf = (probe: Probe, facts: Facts, repeats: number): Amount => {
  const [first] = probe.rounds
  return probe.modes
    .map((mode) => {
      const own = { ...facts, stream: mode === 'stream' }
      const bounds = first === undefined ? [] : first(own, []).map(boundOf)
      const once = bounds.reduce(sumOf, nothing)
      const share = bounds.length === 0 ? 0 : (probe.laterCalls ?? 0) / bounds.length
      return {
        calls: Math.ceil(once.calls * (1 + share)) * repeats,
        inputTokens: Math.ceil(once.inputTokens * (1 + share)) * repeats,
        outputTokens: Math.ceil(once.outputTokens * (1 + share)) * repeats,
      }
    })
    .reduce(sumOf, nothing)
}

/** The plan of these probes. */
export const planOf = (
  probes: readonly Probe[],
  facts: Facts,
  { rates, repeat }: { readonly rates: Rates | null; readonly repeat: number | null },
): Plan => {
  const amount = probes.map((probe) => amountOf(probe, facts, repeatsOf(probe, repeat))).reduce(sumOf, scouting)
  return { probes, amount, nanoUsdMax: rates === null ? null : costOf(amount, rates) }
}
