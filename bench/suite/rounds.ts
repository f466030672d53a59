/** Gateways in turns: the order moves on by one each round, so that nobody is always behind the same neighbour. */

import type { Contender } from '../gateway/bench.ts'
import type { Figure } from '../load/figure.ts'
import { figureOf } from '../load/figure.ts'
import type { Effort } from './effort.ts'

/** Samples of each contender, one a round; the first round is preceded by a turn that warms up and is not counted. */
export async function inRounds<Sample>(
  contenders: readonly Contender[],
  effort: Effort,
  measure: (contender: Contender, turnMs: number) => Promise<Sample>,
): Promise<ReadonlyMap<Contender, readonly Sample[]>> {
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]))
  for (const contender of contenders) {
    effort.say(`warm-up: ${contender.gateway.name}`)
    await measure(contender, effort.warmMs)
  }
  for (let round = 0; round < effort.rounds; round += 1)
    for (let place = 0; place < contenders.length; place += 1) {
      const contender = contenders[(place + round) % contenders.length] as Contender
      effort.say(`round ${round + 1} of ${effort.rounds}: ${contender.gateway.name}`)
      samples.get(contender)?.push(await measure(contender, effort.turnMs))
    }
  return samples
}

/** The samples of the provider itself, which the others are held against. */
export const floorOf = <Sample>(samples: ReadonlyMap<Contender, readonly Sample[]>): readonly Sample[] =>
  [...samples].find(([{ gateway }]) => gateway.name === 'direct')?.[1] ?? []

export type Summary<Sample> = {
  readonly figure: (of: (sample: Sample) => number) => Figure
  /** Over what the provider itself shows in the same round. */
  readonly added: (of: (sample: Sample) => number) => Figure
  readonly sum: (of: (sample: Sample) => number) => number
}

/** The rounds of one gateway as few values. */
export const summaryOf = <Sample>(samples: readonly Sample[], floor: readonly Sample[]): Summary<Sample> => ({
  figure: (of) => figureOf(samples.map(of)),
  added: (of) => figureOf(samples.map((sample, round) => of(sample) - of(floor[round] ?? sample))),
  sum: (of) => samples.reduce((total, sample) => total + of(sample), 0),
})
