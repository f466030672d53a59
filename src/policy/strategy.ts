/** The order in which the targets of one tier are tried: pure, from what is known of each and a chance. */

import type { HealthView } from './target-health.ts'

/** `throughput` only by a caller's wish. */
export type Strategy = 'weighted' | 'fallback' | 'least-latency' | 'cheapest' | 'throughput'

export type Candidate = {
  /** `provider/model`. */
  readonly name: string
  readonly weight: number
  readonly health: HealthView
  /** What the operator pays for a call like this one; `null` = unknown. */
  readonly expectedNanoUsd: bigint | null
}

export type Order = {
  readonly strategy: Strategy
  readonly chance: () => number
  /** A number in [0, 1) that is always the same for this conversation and target; `null` = nothing is to stay together. */
  readonly stickyChance: ((target: string) => number) | null
}

const weightOf = ({ weight, health }: Candidate): number => weight * health.ramp

/**
 * Rendezvous hashing with weights: each target draws once, the smallest draw is first. A target that goes or comes back
 * moves only the conversations that are its own, and the shares are those of the weights.
 */
const byDraw = <T extends Candidate>(candidates: readonly T[], draw: (target: string) => number): T[] => {
  const scores = new Map(
    candidates.map((one) => {
      const weight = weightOf(one)
      return [one, weight > 0 ? -Math.log(1 - draw(one.name)) / weight : Number.POSITIVE_INFINITY]
    }),
  )
  return candidates.toSorted((a, b) => {
    const [first, second] = [scores.get(a) ?? 0, scores.get(b) ?? 0]
    return first === second ? 0 : first - second
  })
}

/** One after the other at random, heavier targets likelier first; a weight of 0 comes last. */
const shuffled = <T extends Candidate>(candidates: readonly T[], chance: () => number): T[] => {
  const left = candidates.filter((one) => weightOf(one) > 0)
  const order: T[] = []
  while (left.length > 0) {
    let rest = chance() * left.reduce((sum, one) => sum + weightOf(one), 0)
    const found = left.findIndex((one) => {
      rest -= weightOf(one)
      return rest < 0
    })
    order.push(...left.splice(found, 1))
  }
  return [...order, ...candidates.filter((one) => weightOf(one) <= 0)]
}

/** What a failure in a row weighs as: a target that has just failed is not quick, whatever it was before. */
const failureMs = 1_000

/** What the next call may wait there; a target that was never timed is tried before one that was. */
const loadOf = ({ health }: Candidate): number =>
  ((health.latencyMs ?? 0) + health.failures * failureMs) * (health.inFlight + 1)

/** Of two drawn at random the one with less load: as good as the best, and no herd runs to it. */
const byTwoChoices = <T extends Candidate>(candidates: readonly T[], chance: () => number): T[] => {
  const left = candidates.filter((one) => one.weight > 0)
  const order: T[] = []
  while (left.length > 0) {
    const first = Math.floor(chance() * left.length)
    let second = Math.floor(chance() * (left.length - 1))
    if (second >= first) second += 1
    const [one, other] = [left[first], left[second]]
    if (one === undefined) break
    // Slow start holds for speed too: a recovered target is passed over in proportion.
    const ramped = (candidate: T): number => loadOf(candidate) / Math.max(candidate.health.ramp, 0.01)
    const better = other !== undefined && ramped(other) < ramped(one) ? second : first
    order.push(...left.splice(better, 1))
  }
  return [...order, ...candidates.filter((one) => one.weight <= 0)]
}

const byPrice = <T extends Candidate>(candidates: readonly T[]): T[] =>
  candidates.toSorted((a, b) => {
    if (a.expectedNanoUsd === b.expectedNanoUsd) return 0
    if (a.expectedNanoUsd === null) return 1
    if (b.expectedNanoUsd === null) return -1
    return a.expectedNanoUsd < b.expectedNanoUsd ? -1 : 1
  })

/** One that has just recovered is passed over as often as its share is short. */
const recoveringLater = <T extends Candidate>(candidates: readonly T[], chance: () => number): T[] => {
  const later = new Set(candidates.filter(({ health }) => health.ramp < 1 && chance() >= health.ramp))
  return [...candidates.filter((one) => !later.has(one)), ...later]
}

/** The targets of one tier, the one to try first in front. A weight of 0 comes last. */
export const inOrder = <T extends Candidate>(candidates: readonly T[], order: Order): readonly T[] => {
  const { strategy, chance, stickyChance } = order
  switch (strategy) {
    case 'weighted':
      return stickyChance === null ? shuffled(candidates, chance) : byDraw(candidates, stickyChance)
    case 'fallback':
      return recoveringLater(candidates, chance)
    case 'least-latency':
      return byTwoChoices(candidates, chance)
    case 'cheapest':
      return recoveringLater(byPrice(candidates), chance)
    case 'throughput':
      return candidates.toSorted((a, b) => (b.health.tokensPerSecond ?? 0) - (a.health.tokensPerSecond ?? 0))
  }
}
