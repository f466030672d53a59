/** Which target a conversation was answered by last, for strategies whose choice changes from call to call. */

import { makeRoom } from '#base/make-room.ts'

export type StickyTargets = {
  readonly of: (conversation: string, nowMs: number) => string | null
  readonly remember: (conversation: string, target: string, nowMs: number) => void
}

/** Prompt caches of providers live for minutes: an older memory is worth nothing. */
const idleMs = 600_000
/** Conversations remembered at most; of more the longest silent ones are forgotten. */
const conversationsMax = 50_000

type Memory = { readonly target: string; readonly atMs: number }

export const stickyTargets = (): StickyTargets => {
  const memories = new Map<string, Memory>()
  return {
    of: (conversation, nowMs) => {
      const memory = memories.get(conversation)
      return memory === undefined || nowMs - memory.atMs > idleMs ? null : memory.target
    },
    remember: (conversation, target, nowMs) => {
      // Written anew, so that the map stays in the order of the last use.
      memories.delete(conversation)
      makeRoom(memories, conversationsMax)
      memories.set(conversation, { target, atMs: nowMs })
    },
  }
}
