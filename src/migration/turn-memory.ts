/** Turns that were reported before: whoever reports may repeat itself when no answer came. */

import { makeRoom } from '#base/make-room.ts'

/** Of more the oldest are forgotten. */
export const rememberedMax = 50_000

export type TurnMemory = { /** Whether it was not asked for before. */ readonly isNew: (name: string) => boolean }

export const turnMemory = (): TurnMemory => {
  const told = new Set<string>()
  return {
    isNew: (name) => {
      if (told.has(name)) return false
      makeRoom(told, rememberedMax)
      told.add(name)
      return true
    },
  }
}
