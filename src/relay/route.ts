/** The order in which targets are tried: models one after the other, tiers within a model, a strategy within a tier. */

import type { Target } from '#policy/model-table.ts'
import type { Strategy } from '#policy/strategy.ts'
import { inOrder } from '#policy/strategy.ts'
import type { HealthView } from '#policy/target-health.ts'
import type { Wishes } from '#policy/wishes.ts'
import type { Group } from './candidates.ts'
import type { Leg, LegReason } from './leg.ts'
import { targetName } from './leg.ts'

/** At most this many legs, whatever a configuration or a caller's `models[]` says. */
export const legsMax = 12

/** What is known of a target now. */
export type TargetFacts = {
  readonly health: HealthView
  /** When it can be asked again, monotonic; `null` = now: it is closed or may be probed, its provider is there, a key is usable. */
  readonly awayUntilMs: number | null
  readonly expectedNanoUsd: bigint | null
}

export type RouteQuestion = {
  readonly groups: readonly Group[]
  readonly wishes: Wishes
  readonly factsOf: (target: Target, group: Group) => TargetFacts
  /** Whether a name in `wishes.order` means this target. */
  readonly isNamed: (name: string, target: Target) => boolean
  readonly chance: () => number
  /** The same number for the same conversation and target; `null` = nothing is to stay together. */
  readonly stickyChance: ((target: string) => number) | null
  /** The target that answered this conversation last, where that decides; `null` = it does not, or is unknown. */
  readonly lastTarget: string | null
}

type Candidate = TargetFacts & { readonly name: string; readonly weight: number; readonly target: Target }

const candidatesOf = (group: Group, { factsOf }: RouteQuestion): readonly Candidate[] =>
  [...(group.lead === undefined ? [] : [group.lead]), ...group.targets].map((target) => ({
    name: targetName(target),
    weight: target.weight,
    target,
    ...factsOf(target, group),
  }))

const reasonOf = (candidate: Candidate, usual: LegReason): LegReason =>
  candidate.health.state === 'half-open' ? 'probe' : usual

/** Tiers in turn, each in the strategy's order. */
const byTier = (
  candidates: readonly Candidate[],
  strategy: Strategy,
  { chance, stickyChance }: RouteQuestion,
): readonly Candidate[] => {
  if (candidates.length < 2) return candidates
  const tiers = [...new Set(candidates.map(({ target }) => target.tier))].sort((a, b) => a - b)
  return tiers.flatMap((tier) => {
    const members = candidates.filter(({ target }) => target.tier === tier)
    return inOrder(members, { strategy, chance, stickyChance })
  })
}

type Ordered = { readonly candidate: Candidate; readonly reason: LegReason }

/** A migration's destination comes first, whatever else the order goes by. */
const ordered = (group: Group, well: readonly Candidate[], question: RouteQuestion): readonly Ordered[] => {
  const lead = well.find(({ target }) => target === group.lead)
  if (lead === undefined) return inGroup(group, well, question)
  const others = well.filter((candidate) => candidate !== lead)
  return [{ candidate: lead, reason: reasonOf(lead, 'migration') }, ...inGroup(group, others, question)]
}

const inGroup = (group: Group, well: readonly Candidate[], question: RouteQuestion): readonly Ordered[] => {
  const { wishes, isNamed, lastTarget, stickyChance } = question
  const { route } = group.row
  const strategy = wishes.strategy ?? route.strategy
  const wished = wishes.order.flatMap((name) => well.filter(({ target }) => isNamed(name, target)))
  const first = [...new Set(wished)]
  const rest = byTier(
    well.filter((candidate) => !first.includes(candidate)),
    strategy,
    question,
  )
  const usual: LegReason = strategy === 'weighted' && stickyChance !== null ? 'sticky' : strategy
  const list = [
    ...first.map((candidate): Ordered => ({ candidate, reason: 'order' })),
    ...rest.map((candidate): Ordered => ({ candidate, reason: reasonOf(candidate, usual) })),
  ]
  // What changes from call to call must not take a conversation from where its prompt is cached.
  const stays = strategy !== 'fallback' && route.sticky === 'conversation' && first.length === 0
  const last = stays ? list.find(({ candidate }) => candidate.name === lastTarget && candidate.weight > 0) : undefined
  if (last === undefined || last === list[0]) return list
  return [{ candidate: last.candidate, reason: 'sticky' }, ...list.filter((one) => one !== last)]
}

const legOf = ({ row, model, by }: Group, { candidate, reason }: Ordered): Leg => ({
  row,
  target: candidate.target,
  model,
  by,
  reason,
})

/** Every target is away: the one that comes back first is asked all the same, so that the last way is never closed. */
const lastResort = (question: RouteQuestion): readonly Leg[] => {
  let best: { readonly group: Group; readonly candidate: Candidate } | null = null
  for (const group of question.groups)
    for (const candidate of candidatesOf(group, question))
      if (best === null || (candidate.awayUntilMs ?? 0) < (best.candidate.awayUntilMs ?? 0)) best = { group, candidate }
  return best === null ? [] : [legOf(best.group, { candidate: best.candidate, reason: 'last-resort' })]
}

/**
 * The legs of a call: every target that is well, once, in order; where that gives fewer than `1 + retriesMax` legs of
 * the first row, its targets again. Pure: the same facts and the same `chance` give the same route.
 */
export const routeOf = (question: RouteQuestion): readonly Leg[] => {
  const well = question.groups.flatMap((group) => {
    const candidates = candidatesOf(group, question).filter(({ awayUntilMs }) => awayUntilMs === null)
    return ordered(group, candidates, question).map((one) => legOf(group, one))
  })
  const all = well.length > 0 ? well : lastResort(question)
  const once = question.wishes.allowFallbacks || question.wishes.order.length > 0 ? all : all.slice(0, 1)
  const first = question.groups[0]?.row
  if (first === undefined || once.length === 0) return []
  const wanted = Math.min(legsMax, 1 + first.route.retriesMax)
  const legs = once.slice(0, legsMax)
  for (let index = 0; legs.length < wanted; index += 1) {
    const leg = once[index % once.length]
    if (leg !== undefined) legs.push(leg)
  }
  return legs
}
