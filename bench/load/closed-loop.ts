/** As many callers as connections, each of which asks again as soon as it was answered: what a call costs, and the most that passes. */

import type { Answer, Connection } from './connection.ts'
import { openConnection } from './connection.ts'

export type Turn = {
  readonly calls: number
  /** Answers that were no 200, and calls that were not answered. */
  readonly failures: number
  readonly elapsedMs: number
  readonly latenciesMs: readonly number[]
}

/** Where calls go, and how many of them were answered in all: the books of a gateway are held against it. */
export type Target = { readonly port: number; answered: number }

export type ClosedLoop = {
  readonly target: Target
  readonly request: Buffer
  readonly connections: number
  readonly durationMs: number
  /** Ends earlier, after so many calls; absent = only by time. */
  readonly callsMax?: number
  /** Sees each answer, with the moment at which it was asked for. */
  readonly each?: (answer: Answer, askedMs: number) => void
}

const failuresMax = 100

/** Connections are opened anew for each turn and closed after it. */
export async function closedLoop({
  target,
  request,
  connections,
  durationMs,
  callsMax = Number.POSITIVE_INFINITY,
  each,
}: ClosedLoop): Promise<Turn> {
  const lines = await Promise.all(Array.from({ length: connections }, () => openConnection(target.port)))
  const latenciesMs: number[] = []
  let failures = 0
  let asked = 0
  const startedMs = performance.now()
  const caller = async (first: Connection): Promise<void> => {
    let line = first
    while (performance.now() - startedMs < durationMs && failures < failuresMax && asked < callsMax) {
      asked += 1
      const askedMs = performance.now()
      try {
        const answer = await line.ask(request)
        if (answer.status === 200) latenciesMs.push(answer.endMs - askedMs)
        else failures += 1
        each?.(answer, askedMs)
      } catch {
        failures += 1
        line = await openConnection(target.port)
      }
    }
    line.close()
  }
  await Promise.all(lines.map(caller))
  target.answered += latenciesMs.length
  return { calls: latenciesMs.length, failures, elapsedMs: performance.now() - startedMs, latenciesMs }
}
