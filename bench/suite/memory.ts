/** Memory: idle, under load, a minute later; and with ten thousand connections that are kept and say nothing. */

import { setTimeout as wait } from 'node:timers/promises'
import type { Bench, Contender } from '../gateway/bench.ts'
import { closedLoop } from '../load/closed-loop.ts'
import type { Connection } from '../load/connection.ts'
import { openConnection } from '../load/connection.ts'
import { memoryBytes } from '../load/processor.ts'
import { requestTo } from '../load/request.ts'
import type { Effort } from './effort.ts'
import { callModel } from './warm.ts'

export type MemoryRow = {
  readonly gateway: string
  readonly idleMib: number
  readonly loadMib: number
  readonly laterMib: number
  /** `null` = it did not take them all. */
  readonly connectionsMib: number | null
}

const mebibyte = 1024 * 1024
const idleConnections = 10_000
const openAtOnce = 250
const busyConnections = 64
const bodyBytes = 10 * 1024

const mebibytesOf = ({ running }: Contender): number => memoryBytes(running.pids) / mebibyte

const withConnections = async (contender: Contender): Promise<number | null> => {
  const lines: Connection[] = []
  try {
    while (lines.length < idleConnections) {
      const opening = Array.from({ length: openAtOnce }, () => openConnection(contender.running.port))
      lines.push(...(await Promise.all(opening)))
    }
    return mebibytesOf(contender)
  } catch {
    // It refuses some: its bound is lower, which is no fault.
    return null
  } finally {
    for (const line of lines) line.close()
  }
}

/** Idle, and at the end of a load. */
const loaded = async (contender: Contender, durationMs: number) => {
  const { target, running } = contender
  const idleMib = mebibytesOf(contender)
  const request = requestTo(running, { model: callModel, isStream: false, bodyBytes })
  const load = closedLoop({ target, request, connections: busyConnections, durationMs })
  await wait(durationMs * 0.9)
  const loadMib = mebibytesOf(contender)
  await load
  return { contender, idleMib, loadMib }
}

/** `restMs` is how long all are left alone, after the last of them was busy, before they are looked at again. */
export async function measureMemory(
  { contenders }: Bench,
  restMs: number,
  effort: Effort,
): Promise<readonly MemoryRow[]> {
  const busy: Awaited<ReturnType<typeof loaded>>[] = []
  for (const contender of contenders.filter(({ running }) => running.pids.length > 0)) {
    effort.say(`memory of ${contender.gateway.name}`)
    busy.push(await loaded(contender, effort.turnMs * effort.rounds))
  }
  effort.say('all rest')
  await wait(restMs)
  const rows: MemoryRow[] = []
  for (const { contender, idleMib, loadMib } of busy) {
    effort.say(`connections to ${contender.gateway.name}`)
    const laterMib = mebibytesOf(contender)
    rows.push({
      gateway: contender.gateway.name,
      idleMib,
      loadMib,
      laterMib,
      connectionsMib: await withConnections(contender),
    })
  }
  return rows
}
