/** The order in which targets are tried: tiers one after the other, weights inside a tier, repeats after all were tried. */

import type { ModelRow, Target } from '#policy/model-table.ts'

/** A step of a route: which model row asked for which target. */
export type Leg = { readonly row: ModelRow; readonly target: Target }

/** At most this many legs, whatever a configuration or a caller's `models[]` says. */
export const legsMax = 12

const pickWeighted = (targets: readonly Target[], chance: number): number => {
  let total = 0
  for (const target of targets) total += target.weight
  let rest = chance * total
  for (const [index, target] of targets.entries()) {
    rest -= target.weight
    if (rest < 0) return index
  }
  return targets.length - 1
}

/** One tier in random order, heavier targets likelier first; a weight of 0 comes last. */
const shuffled = (targets: readonly Target[], chance: () => number): Target[] => {
  const left = targets.filter((target) => target.weight > 0)
  const order: Target[] = []
  while (left.length > 0) {
    const [target] = left.splice(pickWeighted(left, chance()), 1)
    if (target !== undefined) order.push(target)
  }
  return [...order, ...targets.filter((target) => target.weight <= 0)]
}

const orderOf = (row: ModelRow, chance: () => number): Leg[] => {
  const tiers = [...new Set(row.targets.map((target) => target.tier))].sort((a, b) => a - b)
  return tiers.flatMap((tier) => {
    const members = row.targets.filter((target) => target.tier === tier)
    const order = row.route.strategy === 'fallback' ? members : shuffled(members, chance)
    return order.map((target) => ({ row, target }))
  })
}

/**
 * The legs of a call: every target of every row once, in order; where that gives fewer than `1 + retriesMax` legs of
 * the first row, its targets again. Pure: the same `chance` gives the same route.
 */
export const routeOf = (rows: readonly ModelRow[], chance: () => number): readonly Leg[] => {
  const once = rows.flatMap((row) => orderOf(row, chance))
  const first = rows[0]
  if (first === undefined || once.length === 0) return []
  const wanted = Math.min(legsMax, 1 + first.route.retriesMax)
  const legs = once.slice(0, legsMax)
  for (let index = 0; legs.length < wanted; index += 1) {
    const leg = once[index % once.length]
    if (leg !== undefined) legs.push(leg)
  }
  return legs
}
