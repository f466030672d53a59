import type { Bench } from '../gateway/bench.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Goal, Section } from '../page/report.ts'
import type { Effort } from './effort.ts'

/** A part of the benchmarks: who takes part, which models they must sell, and what comes of it. */
export type Suite = {
  readonly name: string
  readonly about: string
  readonly gateways: readonly Gateway[]
  readonly models: readonly string[]
  readonly run: (bench: Bench, effort: Effort) => Promise<Outcome>
}

export type Outcome = { readonly sections: readonly Section[]; readonly goals: readonly Goal[] }
