/** A node as far as migrations go: which calls go where, what it has seen of them, and the work of whoever leads. */

import { silentLog } from '#base/log.ts'
import type { MigrationDriver } from '#job/drive-migrations.ts'
import { driveMigrations } from '#job/drive-migrations.ts'
import { startNodeLife } from '#job/node-life.ts'
import type { MigrationStore } from '#migration/port.ts'
import type { Traffic } from '#migration/traffic.ts'
import { makeTraffic } from '#migration/traffic.ts'
import type { MemoryNodes } from '#store/memory/nodes.ts'
import type { Ground, Line } from './line.ts'
import { makeRecalls, overLine, soundLine, storeOn } from './line.ts'
import type { Time } from './time.ts'
import { clockOf } from './time.ts'

export type Mover = {
  readonly name: string
  readonly line: Line
  /** How wrong its wall clock is. */
  wrongMs: number
  boots: number
  /** What is wrong with its line now. */
  lineFaults: number
  /** Since when its line is sound and its process is the same; infinite = it is not now. */
  soundSinceMs: number
  /** `null` = it is down. */
  node: MovingNode | null
}

export const makeMover = (name: string): Mover => ({
  name,
  line: soundLine(),
  wrongMs: 0,
  boots: 0,
  lineFaults: 0,
  soundSinceMs: Number.POSITIVE_INFINITY,
  node: null,
})

export type MovingNode = {
  /** Names its process. */
  readonly source: string
  readonly store: MigrationStore
  readonly traffic: Traffic
  readonly driver: MigrationDriver
  readonly leads: () => boolean
  readonly isAlive: () => boolean
  /** As kill -9: whatever it waits for never comes. */
  readonly kill: () => void
  /** Its wall clock. */
  readonly nowMs: () => number
}

export type MovingGround = {
  readonly time: Time
  readonly ground: Ground
  readonly nodes: MemoryNodes
  readonly chance: () => number
  readonly startMs: number
}

const never = (): Promise<never> => new Promise(() => {})

/** Starts a process. Rejects where the store is away, as it reads once what there is before it takes a call. */
export const startMover = async (
  mover: Mover,
  { time, ground, nodes, chance, startMs }: MovingGround,
  begun: (kill: () => void) => void,
): Promise<MovingNode> => {
  let alive = true
  const isAlive = (): boolean => alive
  const kill = (): void => {
    alive = false
  }
  begun(kill)
  const clock = clockOf(time, { startMs, wrongMs: () => mover.wrongMs, isAlive })
  const way = { time, line: mover.line, chance, isAlive }
  const ask = overLine(way)
  const store = storeOn({ ...way, ground }, makeRecalls())
  mover.boots += 1
  const boot = String(mover.boots)
  const life = await startNodeLife({
    store: {
      beat: (beat) => ask(() => nodes.beat(beat)),
      nodes: () => ask(() => nodes.nodes()),
      leave: (node) => ask(() => nodes.leave(node)),
      takeMandate: (request) => ask(() => nodes.takeMandate(request)),
    },
    self: () => ({ node: mover.name, boot, url: null, version: '1', digest: null }),
    clock,
    log: silentLog,
  })
  const traffic = makeTraffic(clock.monotonicMs)
  const source = `${mover.name}.${boot}`
  const driver = driveMigrations({
    store,
    traffic,
    source,
    leads: life.leads,
    // Nothing is scheduled, and nobody is asked.
    preflight: never,
    plan: never,
    askRecipient: never,
    emit: () => {},
    clock,
    log: silentLog,
  })
  await driver.refresh()
  return { source, store, traffic, driver, leads: life.leads, isAlive, kill, nowMs: clock.nowMs }
}
