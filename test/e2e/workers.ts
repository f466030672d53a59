/** A relay of several workers, and what is seen of each. */

import { strict as assert } from 'node:assert'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import type { Relay } from './harness.ts'
import { configFor, fakeKey, startRelay } from './harness.ts'

/** On a machine that has much else to do a start may take its time. */
const startWithinMs = 180_000

export type WorkerSettings = {
  readonly config: string
  readonly env?: Readonly<Record<string, string>>
  readonly folder?: string
  readonly count?: number
}

/** Starts it; the workers share `upstream` as the provider `fake`. */
export const startWorkers = (
  upstream: FakeUpstream,
  { config, env = {}, folder, count = 2 }: WorkerSettings,
): Promise<Relay> =>
  startRelay({
    config: configFor(upstream, config),
    env: { FAKE_KEY: fakeKey, ...env },
    flags: ['--workers', String(count)],
    startWithinMs,
    ...(folder === undefined ? {} : { folder }),
  })

/** The same with an upstream of its own. */
export async function workerBench(settings: WorkerSettings): Promise<Bench> {
  const upstream = await startUpstream()
  const relay = await startWorkers(upstream, settings).catch(async (fault: unknown) => {
    await upstream.close()
    throw fault
  })
  const close = async (): Promise<void> => {
    await relay[Symbol.asyncDispose]()
    await upstream.close()
  }
  return { relay, upstream, key: '', close }
}

/** The processes of a worker so far, the present one last, as the primary has told of them. */
export function pidsOf(relay: Relay, worker: number): readonly number[] {
  const told = relay
    .stderr()
    .split('\n')
    .filter((line) => line.includes('"a worker listens"'))
  return told.flatMap((line) => {
    const entry = JSON.parse(line) as { readonly worker: number; readonly pid: number }
    return entry.worker === worker ? [entry.pid] : []
  })
}

/** kill -9 of the present process of a worker. */
export function killWorker(relay: Relay, worker: number): number {
  const pid = pidsOf(relay, worker).at(-1)
  assert.ok(pid !== undefined)
  process.kill(pid, 'SIGKILL')
  return pid
}

/** Whether a process is there. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
