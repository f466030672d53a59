/** How soon a relay listens that is started again on what it has kept. */

import type { Bench } from '../gateway/bench.ts'
import type { Figure } from '../load/figure.ts'
import { figureOf } from '../load/figure.ts'
import type { Effort } from './effort.ts'

export type StartRow = { readonly gateway: string; readonly startMs: Figure }

/** In turns; the first start of each, which finds nothing warm, is not counted. */
export async function measureStarts({ contenders }: Bench, effort: Effort): Promise<readonly StartRow[]> {
  const samples = contenders.flatMap(({ gateway, running: { restart } }) =>
    restart === undefined ? [] : [{ gateway: gateway.name, restart, startsMs: [] as number[] }],
  )
  for (let round = 0; round <= effort.rounds; round += 1)
    for (const { gateway, restart, startsMs } of samples) {
      effort.say(`start ${round} of ${effort.rounds}: ${gateway}`)
      const startMs = await restart()
      if (round > 0) startsMs.push(startMs)
    }
  return samples.map(({ gateway, startsMs }) => ({ gateway, startMs: figureOf(startsMs) }))
}
