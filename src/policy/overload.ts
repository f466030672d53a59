/**
 * When to refuse calls so that those under way stay fast: a share of new calls that rises from none at the soft end to all at the hard
 * end of whatever is nearest to its end. Calls that have begun are never touched.
 */

import { Problem } from '#base/problem.ts'

/** What a process feels. */
export type Pressure = {
  /** How late the event loop is: a delay that stays, not a spike. */
  readonly loopDelayMs: number
  /** Of the heap that the process may have, in percent. */
  readonly heapPercent: number
  readonly openCalls: number
}

type Ends = { readonly soft: number; readonly hard: number }
export type OverloadEnds = Readonly<Record<keyof Pressure, Ends>>

const causes: readonly (keyof Pressure)[] = ['loopDelayMs', 'heapPercent', 'openCalls']

const shareOf = (value: number, { soft, hard }: Ends): number =>
  value <= soft ? 0 : value >= hard ? 1 : (value - soft) / (hard - soft)

/** The share of new calls to refuse, in [0, 1], and because of what. */
export const sheddingOf = (
  pressure: Pressure,
  ends: OverloadEnds,
): { readonly share: number; readonly cause: keyof Pressure } => {
  let worst = { share: 0, cause: causes[0] ?? 'loopDelayMs' }
  for (const cause of causes) {
    const share = shareOf(pressure[cause], ends[cause])
    if (share > worst.share) worst = { share, cause }
  }
  return worst
}

const words: Readonly<Record<keyof Pressure, string>> = {
  loopDelayMs: 'it is short of CPU',
  heapPercent: 'it is short of memory',
  openCalls: 'too many calls are under way',
}

const retryFirstMs = 1000

/** Refuses by chance in [0, 1); those who come back wait longer the worse it is, and not all for the same time. */
export const refusalUnder = (pressure: Pressure, ends: OverloadEnds, chance: () => number): Problem | null => {
  const { share, cause } = sheddingOf(pressure, ends)
  if (share === 0 || chance() >= share) return null
  return new Problem('overloaded', {
    message: `This server takes no more calls for the moment: ${words[cause]}. Those under way go on. Try again after the time in retry-after.`,
    retryAfterMs: Math.ceil(retryFirstMs * (1 + 4 * share * chance())),
  })
}
