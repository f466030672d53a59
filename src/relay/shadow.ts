/**
 * Calls that are answered by the baseline and sent to the candidate as well. A copy begins when the caller's answer has ended, so that it takes nothing from
 * it; it waits in a short line, within caps of money, tokens and number, and what has no room there is counted.
 */

import type { ShadowLog } from '#migration/shadow-log.ts'
import type { Move } from '#migration/traffic.ts'
import type { CopyPorts } from './shadow-copy.ts'
import type { ShadowRoom } from './shadow-room.ts'
import { shadowRoom } from './shadow-room.ts'
import type { ShadowQuestion, ShadowWatch } from './shadow-watch.ts'

/** What other processes have told of a migration. */
export type ToldElsewhere = {
  readonly migration: string
  readonly day: number
  readonly nanoUsd: bigint
  readonly tokens: number
}

export type Shadows = {
  /** `null` = the call is not among those that are copied. */
  readonly watch: (question: ShadowQuestion) => ShadowWatch | null
  /** What this process has found, by the id of the migration. */
  readonly logs: () => ReadonlyMap<string, ShadowLog>
  readonly heard: (told: ToldElsewhere) => void
  /** Copies that wait or are under way. */
  readonly count: () => number
  /** Ends what is under way; resolves when it has ended. */
  readonly close: () => Promise<void>
}

/** Migrations of which copies are remembered at a time; the oldest goes first. */
const roomsMax = 32

/** Nothing is copied at first. */
export const makeShadows = (ports: CopyPorts): Shadows => {
  const rooms = new Map<string, ShadowRoom>()
  const stopping = new AbortController()
  const roomFor = (move: Move): ShadowRoom | null => {
    if (move.shadow === null || stopping.signal.aborted) return null
    const known = rooms.get(move.id)
    if (known !== undefined) return known
    const [oldest] = rooms.keys()
    if (rooms.size >= roomsMax && oldest !== undefined) rooms.delete(oldest)
    const room = shadowRoom(move.shadow, { ports, stop: stopping.signal })
    rooms.set(move.id, room)
    return room
  }
  return {
    watch: (question) => roomFor(question.move)?.watch(question) ?? null,
    logs: () => new Map([...rooms].map(([id, room]) => [id, room.log()])),
    heard: ({ migration, ...spent }) => rooms.get(migration)?.elsewhere(spent),
    count: () => [...rooms.values()].reduce((sum, room) => sum + room.count(), 0),
    close: async () => {
      stopping.abort(new Error('The server is about to end.'))
      await Promise.all([...rooms.values()].map((room) => room.close()))
    },
  }
}
