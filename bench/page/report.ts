/** What a run of benchmarks found: one JSON file, from which table and page are made. */

import { cpus, loadavg, totalmem } from 'node:os'
import type { Parity } from '../gateway/bench.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { printed } from '../load/program.ts'

export type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly memoryGib: number
  readonly kernel: string
  readonly node: string
  /** Load of the last minute before the run: above 1 somebody else was at work. */
  readonly loadBefore: number
}

/** A table; the first column names the gateway. */
export type Section = {
  readonly title: string
  /** What was done, in one or two sentences. */
  readonly method: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
  /** Columns (from 0) that are drawn as bars. */
  readonly bars: readonly number[]
}

export type Goal = {
  readonly work: string
  readonly bound: string
  readonly measured: string
  readonly isMet: boolean | null
}

export type Report = {
  readonly made: string
  readonly command: string
  readonly machine: Machine
  readonly gateways: readonly { readonly name: string; readonly version: string; readonly settings: string }[]
  readonly missing: readonly { readonly name: string; readonly why: string }[]
  readonly sections: readonly Section[]
  readonly goals: readonly Goal[]
  readonly parity: readonly Parity[]
}

const gibibyte = 1024 ** 3

export const byName = <T extends { readonly name: string }>(rows: readonly T[]): readonly T[] => [
  ...new Map(rows.map((row) => [row.name, row])).values(),
]

/** Suites that were run one by one as one report; `null` = there are none. The load is the heaviest that any of them began under. */
export const joined = (reports: readonly Report[]): Report | null => {
  const [first] = reports
  if (first === undefined) return null
  return {
    made: first.made,
    command: reports.map(({ command }) => command).join('; '),
    machine: { ...first.machine, loadBefore: Math.max(...reports.map(({ machine }) => machine.loadBefore)) },
    gateways: byName(reports.flatMap(({ gateways }) => gateways)),
    missing: byName(reports.flatMap(({ missing }) => missing)),
    sections: reports.flatMap(({ sections }) => sections),
    goals: reports.flatMap(({ goals }) => goals),
    parity: reports.flatMap(({ parity }) => parity),
  }
}

export const thisMachine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGib: Math.round(totalmem() / gibibyte),
  kernel: printed('uname', '-sr') ?? 'unknown',
  node: process.version,
  loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
})

export const described = (gateway: Gateway): Report['gateways'][number] => ({
  name: gateway.name,
  version: gateway.version() ?? 'absent',
  settings: gateway.settings,
})
