/**
 * Turns that wait to be told until all that were sent before them have ended. Fast failures come in before slow successes that began earlier: told as they come, a failure
 * rate would begin too high. `holdMaxMs` bounds the wait for a turn that goes on and on.
 */

import type { AssignedTurn } from './evidence.ts'

export const holdMaxMs = 60_000
/** A turn that was never told to have ended is forgotten. */
const openMaxMs = 6 * 3_600_000
/** Of more the oldest are told at once. */
export const waitingMax = 50_000

export type WaitingTurns = {
  readonly began: (id: string, startMs: number) => void
  /** Without a turn: it is no evidence. */
  readonly ended: (id: string, turn: AssignedTurn | null) => void
  /** Takes what may be told now, the oldest first, at most `limit`. */
  readonly take: (nowMs: number, limit: number) => readonly AssignedTurn[]
  readonly count: () => number
}

export const waitingTurns = (): WaitingTurns => {
  const open = new Map<string, number>()
  let waiting: AssignedTurn[] = []
  return {
    began: (id, startMs) => void open.set(id, startMs),
    ended: (id, turn) => {
      open.delete(id)
      if (turn !== null) waiting.push(turn)
    },
    take: (nowMs, limit) => {
      let firstOpenMs = Number.POSITIVE_INFINITY
      for (const [id, startMs] of open) {
        if (nowMs - startMs > openMaxMs) open.delete(id)
        else firstOpenMs = Math.min(firstOpenMs, startMs)
      }
      const untilMs = Math.max(nowMs - holdMaxMs, firstOpenMs)
      waiting.sort((a, b) => a.turn.startMs - b.turn.startMs)
      const ripe = waiting.filter(({ turn }) => turn.startMs <= untilMs).length
      const taken = waiting.slice(0, Math.min(limit, Math.max(ripe, waiting.length - waitingMax)))
      waiting = waiting.slice(taken.length)
      return taken
    },
    count: () => waiting.length,
  }
}
