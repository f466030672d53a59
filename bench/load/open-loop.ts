/**
 * Calls that come at a fixed rate whatever becomes of those before them, as callers in the world do: a call that must wait
 * for a connection has been waiting since the moment at which it was due, so that a stall is seen in full
 * (no coordinated omission).
 */

import { setTimeout as wait } from 'node:timers/promises'
import type { Target } from './closed-loop.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './connection.ts'

export type OpenLoop = {
  readonly target: Target
  /** The request of each call, by its number. */
  readonly requestOf: (call: number) => Buffer
  /** Milliseconds from the beginning at which each call is due, ascending. */
  readonly dueMs: readonly number[]
  readonly connectionsMax: number
  /** A call that is not answered by then is a failure and its connection is given up. */
  readonly timeoutMs: number
}

export type OpenTurn = {
  readonly failures: number
  readonly elapsedMs: number
  /** From the moment at which a call was due to its last byte, and to its body's first. */
  readonly latenciesMs: readonly number[]
  readonly firstBytesMs: readonly number[]
  /** How late calls were sent at the 99th percentile; what the generator itself adds. */
  readonly lateMs: readonly number[]
}

/** Moments for a fixed rate. */
export const steadily = (ratePerSecond: number, durationMs: number): readonly number[] =>
  Array.from({ length: Math.floor((ratePerSecond * durationMs) / 1000) }, (_unused, at) => (at * 1000) / ratePerSecond)

/** Sends each call when it is due, over no more than `connectionsMax` connections; ends when all are answered or given up. */
export async function openLoop(work: OpenLoop): Promise<OpenTurn> {
  const free: Connection[] = []
  const latenciesMs: number[] = []
  const firstBytesMs: number[] = []
  const lateMs: number[] = []
  const waiting: (() => void)[] = []
  let failures = 0
  let openCount = 0
  const lineFor = async (): Promise<Connection> => {
    for (;;) {
      for (let line = free.pop(); line !== undefined; line = free.pop()) {
        if (line.isOpen()) return line
        // Closed while it was idle, as its server may: no client would ask over it.
        openCount -= 1
      }
      if (openCount < work.connectionsMax) {
        openCount += 1
        try {
          return await openConnection(work.target.port)
        } catch (fault) {
          openCount -= 1
          throw fault
        }
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }
  const giveBack = (line: Connection | null): void => {
    if (line === null) openCount -= 1
    else free.push(line)
    waiting.shift()?.()
  }
  const startedMs = performance.now()
  const one = async (call: number, dueMs: number): Promise<void> => {
    let line: Connection | null = null
    try {
      line = await lineFor()
      lateMs.push(performance.now() - startedMs - dueMs)
      const late = setTimeout(line.close, work.timeoutMs)
      const answer = await line.ask(work.requestOf(call)).finally(() => clearTimeout(late))
      if (answer.status === 200) {
        latenciesMs.push(answer.endMs - startedMs - dueMs)
        firstBytesMs.push(answer.firstByteMs - startedMs - dueMs)
      } else failures += 1
      giveBack(line)
    } catch {
      failures += 1
      line?.close()
      giveBack(null)
    }
  }
  const calls: Promise<void>[] = []
  for (let next = 0; next < work.dueMs.length; ) {
    const nowMs = performance.now() - startedMs
    for (let dueMs = work.dueMs[next]; dueMs !== undefined && dueMs <= nowMs; dueMs = work.dueMs[next]) {
      calls.push(one(next, dueMs))
      next += 1
    }
    await wait(1)
  }
  await Promise.all(calls)
  for (const line of free) line.close()
  work.target.answered += latenciesMs.length
  return { failures, elapsedMs: performance.now() - startedMs, latenciesMs, firstBytesMs, lateMs }
}
