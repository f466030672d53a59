/** The one store, and the lines of nodes to it: slow, cut, and with answers that get lost on their way back. */

import { uncarried } from '#base/carried-problem.ts'
import { Problem } from '#base/problem.ts'
import type { LeaseBooks } from '#ledger/port.ts'
import type { Store } from '#store/face.ts'
import { faceOf } from '#store/face.ts'
import type { Execute } from '#store/operations/index.ts'
import { makeOperations } from '#store/operations/index.ts'
import { runBatch } from '#store/sqlite/batch.ts'
import { openDatabase } from '#store/sqlite/open-database.ts'
import type { Time } from './time.ts'
import { clockOf } from './time.ts'

/** The rows of one store, in memory. */
export type Ground = {
  readonly run: (name: string, input: unknown) => Promise<unknown>
  /** Read past everything that may go wrong. */
  readonly row: (sql: string, ...parameters: readonly string[]) => Record<string, unknown> | undefined
  /** Operations that it has carried out. */
  readonly count: () => number
  readonly close: () => void
}

export const openGround = async (nowMs: number): Promise<Ground> => {
  const open = await openDatabase({ file: ':memory:', durability: 'process', nowMs, busyTimeoutMs: 0 })
  const ground = { ...open, operations: makeOperations() }
  let count = 0
  const statements = new Map<string, ReturnType<typeof open.database.prepare>>()
  // One after the other, as a database has it for one account.
  let last: Promise<unknown> = Promise.resolve()
  const run = (name: string, input: unknown): Promise<unknown> => {
    const mine = last.then(async () => {
      count += 1
      const { answers } = await runBatch(ground, [{ number: 0, name, input }])
      const [answer] = answers
      if (answer === undefined) throw new Error(`the store did not answer ${name}`)
      if (!answer.ok) throw uncarried(answer.problem)
      return answer.value
    })
    last = mine.catch(() => null)
    return mine
  }
  return {
    run,
    row: (sql, ...parameters) => {
      const known = statements.get(sql) ?? open.database.prepare(sql)
      statements.set(sql, known)
      return known.get(...parameters) as Record<string, unknown> | undefined
    },
    count: () => count,
    close: () => open.database.close(),
  }
}

/** What is wrong with a line now. */
export type Line = {
  isCut: boolean
  /** Of the answers, how many are lost after the store has done what it was asked: 0 to 1. */
  lostShare: number
  slowestMs: number
}

export const soundLine = (): Line => ({ isCut: false, lostShare: 0, slowestMs: 4 })

/** Whoever hears nothing gives up after so long, and does not know what became of it. */
const givenUpAfterMs = 10_000

const away = (): Problem =>
  new Problem('store_unavailable', { message: 'the store does not answer', retryAfterMs: 1000 })

type Way = {
  readonly time: Time
  readonly line: Line
  readonly chance: () => number
  readonly isAlive: () => boolean
}
type Asking = Way & { readonly ground: Ground }

/** Asks over a line. What is asked by a node that has died is carried out all the same where it was on its way; nobody hears of it. */
export const overLine =
  ({ time, line, chance, isAlive }: Way) =>
  <T>(run: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const later = (delayMs: number, then: () => void): void => void time.after(delayMs, () => isAlive() && then())
      const lose = (): void => later(givenUpAfterMs, () => reject(away()))
      if (line.isCut) return lose()
      time.after(chance() * line.slowestMs, () => {
        if (line.isCut) return lose()
        const said = run()
        // Decided before the answer is known, so that the order of chance does not hang on it.
        const isLost = chance() < line.lostShare
        const backMs = chance() * line.slowestMs
        said.then(
          (value) => (isLost || line.isCut ? lose() : later(backMs, () => resolve(value))),
          (fault: unknown) => (isLost || line.isCut ? lose() : later(backMs, () => reject(fault))),
        )
      })
    })

export type NodeStore = Store & LeaseBooks

/** The store as a node sees it. */
export const storeOn = (asking: Asking, recalls: Recalls): NodeStore => {
  const { time, ground, line, chance, isAlive } = asking
  const ask = overLine(asking)
  const clock = clockOf(time, { startMs: 0, wrongMs: () => 0, isAlive })
  const execute = ((name: string, input: unknown) => ask(() => ground.run(name, input))) as Execute
  return {
    ...faceOf(execute, clock),
    noteLease: (note) => execute('noteLease', note),
    endLease: (lease) => execute('endLease', lease),
    returnPart: (part) => execute('returnPart', part),
    endLeases: (owner, nowMs) => execute('endLeases', { owner, nowMs }),
    recall: async (account) => recalls.tell(account),
    onRecall: (listener) =>
      recalls.add((account) => {
        // Like any message: late, and not at all where the line is cut.
        if (isAlive() && !line.isCut)
          time.after(chance() * line.slowestMs, () => isAlive() && !line.isCut && listener(account))
      }),
    health: () => ({ ok: true }),
    close: async () => {},
  }
}

/** What the store tells all nodes. */
export type Recalls = {
  readonly tell: (account: string) => void
  readonly add: (listener: (account: string) => void) => void
}

export const makeRecalls = (): Recalls => {
  const listeners: ((account: string) => void)[] = []
  return {
    tell: (account) => {
      for (const listener of listeners) listener(account)
    },
    add: (listener) => void listeners.push(listener),
  }
}
