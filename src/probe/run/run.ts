/** A whole run: first what may run side by side, then what must be alone, the dearest last. */

import { openGate } from '#base/gate.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import type { CallSiteRow, ProbeResult } from '#probe/report.ts'
import type { Outcome } from './outcome.ts'
import { resultOf } from './outcome.ts'
import { repeatsOf } from './plan.ts'
import type { RunPorts } from './run-probe.ts'
import { runProbe } from './run-probe.ts'

export type Progress = { readonly done: number; readonly all: number; readonly title: string }

export type RunOptions = {
  readonly probes: readonly Probe[]
  readonly facts: Facts
  readonly repeat: number | null
  readonly atOnceMax: number
  /** Deviations that the profile of the endpoint names, by probe. */
  readonly expected: Readonly<Record<string, string>>
  readonly callSitesOf: (probe: Probe) => readonly CallSiteRow[]
  readonly progress: (progress: Progress) => void
}

type Task = { readonly probe: Probe; readonly facts: Facts }

const tasksOf = (probe: Probe, { facts, repeat }: RunOptions): readonly Task[] =>
  probe.modes.flatMap((mode) =>
    Array.from({ length: repeatsOf(probe, repeat) }, (_, round) => ({
      probe,
      facts: { ...facts, stream: mode === 'stream', round, nonce: `${facts.nonce}-${probe.id}-${mode}-${round}` },
    })),
  )

/** Runs all probes and gives their results in order. Never rejects. */
export const runProbes = async (
  options: RunOptions,
  ports: Omit<RunPorts, 'gate'>,
): Promise<readonly ProbeResult[]> => {
  const withGate: RunPorts = { ...ports, gate: openGate(options.atOnceMax) }
  const outcomes = new Map<string, Outcome[]>(options.probes.map(({ id }) => [id, []]))
  const tasks = options.probes.flatMap((probe) => tasksOf(probe, options))
  let done = 0
  const carryOut = async ({ probe, facts }: Task): Promise<void> => {
    const outcome = await runProbe(probe, facts, withGate)
    outcomes.get(probe.id)?.push(outcome)
    done += 1
    options.progress({ done, all: tasks.length, title: probe.title })
  }
  // Tasks wait at the gate for each of their calls; this bounds how many are begun.
  const entrance = openGate(options.atOnceMax)
  await Promise.all(tasks.filter(({ probe }) => probe.alone !== true).map((task) => entrance(() => carryOut(task))))
  for (const task of tasks.filter(({ probe }) => probe.alone === true)) await carryOut(task)
  return options.probes.map((probe) =>
    resultOf(probe, outcomes.get(probe.id) ?? [], {
      expected: options.expected[probe.id] ?? null,
      callSites: options.callSitesOf(probe),
    }),
  )
}
