import type { Bench } from '../gateway/bench.ts'
import { parityOf, startBench } from '../gateway/bench.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Goal, Report, Section } from '../page/report.ts'
import { described } from '../page/report.ts'
import type { Effort } from './effort.ts'

export type Outcome = { readonly sections: readonly Section[]; readonly goals: readonly Goal[] } & Pick<
  Report,
  'gateways' | 'missing' | 'parity'
>

/** A part of the benchmarks. `takes` says whether a gateway takes part. */
export type Suite = {
  readonly name: string
  readonly about: string
  readonly run: (effort: Effort, takes: (gateway: Gateway) => boolean) => Promise<Outcome>
}

type SideBySide = {
  readonly name: string
  readonly about: string
  readonly gateways: readonly Gateway[]
  /** What they must sell. */
  readonly models: readonly string[]
  readonly measure: (bench: Bench, effort: Effort) => Promise<Pick<Outcome, 'sections' | 'goals'>>
}

/** A suite for which gateways run side by side, all before the same provider. */
export const sideBySide = ({ name, about, gateways, models, measure }: SideBySide): Suite => ({
  name,
  about,
  run: async (effort, takes) => {
    const bench = await startBench(gateways.filter(takes), models)
    try {
      const found = await measure(bench, effort)
      const present = bench.contenders.map(({ gateway }) => described(gateway))
      return { ...found, gateways: present, missing: bench.missing, parity: await parityOf(bench) }
    } finally {
      await bench.close()
    }
  },
})
