/** A node of the relay as far as money and limits go: its own rooms, on a journal that survives it. */

import { createHash } from 'node:crypto'
import type { Ids } from '#base/id.ts'
import { idFrom } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { keepBooks } from '#job/keep-books.ts'
import { openLeasedBooks } from '#job/leased-books.ts'
import type { LeasedBooks } from '#job/node-lease.ts'
import { leaseOwner } from '#ledger/lease.ts'
import type { Journal, JournalRow } from '#ledger/port.ts'
import type { Limiter } from '#policy/port.ts'
import { shareLimits } from '#policy/share-limits.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import type { Ground, Line, Recalls } from './line.ts'
import { soundLine, storeOn } from './line.ts'
import type { Time } from './time.ts'
import { clockOf } from './time.ts'

/** The disk of a node. */
export type Disk = { readonly rows: Map<string, string>; isFull: boolean; slowestMs: number }

export type Machine = {
  readonly name: string
  readonly disk: Disk
  readonly line: Line
  /** How wrong its wall clock is. */
  wrongMs: number
  boots: number
  readonly leads: boolean
  /** `null` = it is down. */
  node: Node | null
}

export const makeMachine = (name: string, leads: boolean): Machine => ({
  name,
  leads,
  disk: { rows: new Map(), isFull: false, slowestMs: 3 },
  line: soundLine(),
  wrongMs: 0,
  boots: 0,
  node: null,
})

export type Node = {
  /** Names its process. */
  readonly owner: string
  readonly books: LeasedBooks
  readonly limiter: Limiter
  readonly isAlive: () => boolean
  /** As kill -9: whatever it waits for never comes. */
  readonly kill: () => void
  readonly wait: (delayMs: number) => Promise<void>
}

export type Surroundings = {
  readonly time: Time
  readonly ground: Ground
  readonly recalls: Recalls
  readonly chance: () => number
  readonly startMs: number
  readonly nodes: number
  readonly abandonAfterMs: number
}

const idsOf = (chance: () => number, startMs: number): Ids => {
  let number = 0
  return {
    next: (prefix) => idFrom(prefix, startMs, `${prefix}-${number++}-${chance()}`),
    bytes: (size) => createHash('sha512').update(`${number++}-${chance()}`).digest().subarray(0, size),
    chance,
  }
}

type Living = Pick<Surroundings, 'time' | 'chance'> & { readonly isAlive: () => boolean }

/** A row is on the disk, or not, when the node dies while it waits: either may be. */
const journalOn = (disk: Disk, { time, chance, isAlive }: Living): Journal => {
  const written = (write: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const isEarly = chance() < 0.5
      const isFull = disk.isFull
      if (isEarly && !isFull) write()
      time.after(chance() * disk.slowestMs, () => {
        if (!isAlive()) return
        if (isFull) return reject(new Problem('store_unavailable', { message: 'the disk is full' }))
        if (!isEarly) write()
        resolve()
      })
    })
  return {
    journalKeep: (rows) =>
      written(() => {
        for (const { call, body } of rows) disk.rows.set(call, body)
      }),
    journalDrop: (calls) =>
      written(() => {
        for (const call of calls) disk.rows.delete(call)
      }),
    journalPage: async (after, limit): Promise<readonly JournalRow[]> =>
      [...disk.rows]
        .map(([call, body]) => ({ call, body }))
        .sort((one, other) => (one.call < other.call ? -1 : 1))
        .filter(({ call }) => after === null || call > after)
        .slice(0, limit),
  }
}

/** Starts a node on what an earlier one left. Rejects where the store is away; never ends where the node is killed meanwhile. */
export const startNode = async (
  machine: Machine,
  around: Surroundings,
  begun: (kill: () => void) => void,
): Promise<Node> => {
  const { time, ground, chance, recalls, startMs, nodes, abandonAfterMs } = around
  let alive = true
  const isAlive = (): boolean => alive
  const kill = (): void => {
    alive = false
  }
  begun(kill)
  const clock = clockOf(time, { startMs, wrongMs: () => machine.wrongMs, isAlive })
  const store = storeOn({ time, ground, line: machine.line, chance, isAlive }, recalls)
  const common = { clock, log: silentLog }
  const books = await openLeasedBooks({
    ...common,
    store,
    journal: journalOn(machine.disk, { time, chance, isAlive }),
    owner: leaseOwner(machine.name),
    abandonAfterMs,
    isAlone: () => nodes === 1,
    ids: idsOf(chance, startMs),
  })
  machine.boots += 1
  const owner = `${machine.name}.${machine.boots}`
  // The node that leads; where it is down nobody sweeps.
  if (machine.leads) await keepBooks({ ...common, books: store, owner, ownersOf: `${machine.name}.`, emit: () => {} })
  const limiter = shareLimits(makeMemoryLimiter({ clock }), () => nodes)
  const wait = (delayMs: number): Promise<void> =>
    new Promise((resolve) => void time.after(delayMs, () => alive && resolve()))
  return { owner, books, limiter, isAlive, kill, wait }
}
