/** The provider and all gateways of a suite, running side by side: they are measured in turns, so that a noisy minute meets all of them. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Target } from '../load/closed-loop.ts'
import { startProgram } from '../load/program.ts'
import type { Gateway, Running } from './gateway.ts'

export type Contender = { readonly gateway: Gateway; readonly running: Running; readonly target: Target }

export type Bench = {
  readonly contenders: readonly Contender[]
  /** Gateways that are not here, or did not start, and why. */
  readonly missing: readonly { readonly name: string; readonly why: string }[]
  readonly close: () => Promise<void>
}

/** Starts what is installed. A gateway that does not start is named with its reason; the others are measured. */
export async function startBench(gateways: readonly Gateway[], models: readonly string[]): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-bench-'))
  const upstream = startProgram(process.execPath, [join(import.meta.dirname, '..', 'load', 'upstream-process.ts')])
  const upstreamPort = Number(await upstream.firstLine())
  const contenders: Contender[] = []
  const missing: { name: string; why: string }[] = []
  for (const gateway of gateways) {
    if (gateway.version() === null) {
      missing.push({ name: gateway.name, why: gateway.absent })
      continue
    }
    try {
      const own = await mkdtemp(join(folder, 'gateway-'))
      const running = await gateway.start({ upstreamPort, folder: own, models })
      contenders.push({ gateway, running, target: { port: running.port, answered: 0 } })
    } catch (fault) {
      missing.push({ name: gateway.name, why: fault instanceof Error ? fault.message : String(fault) })
    }
  }
  return {
    contenders,
    missing,
    close: async () => {
      for (const { running } of contenders) await running.end()
      await upstream.end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Parity = { readonly gateway: string; readonly answered: number; readonly booked: number }

/** Calls that were answered with 200 beside calls in the books, where there are books. A run in which they differ is void. */
export async function parityOf({ contenders }: Bench): Promise<readonly Parity[]> {
  const rows: Parity[] = []
  for (const { gateway, running, target } of contenders)
    if (running.booked !== null)
      rows.push({ gateway: gateway.name, answered: target.answered, booked: await running.booked() })
  return rows
}
