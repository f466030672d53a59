/** How many turns of late stayed where their conversation began although the weight says otherwise, and whether another one may. */

/** Fewer turns say nothing of a share. */
const turnsMin = 100
/** Older turns lose half of their weight whenever so many were seen. */
const turnsMax = 1_000

export type PinnedShare = {
  /** Whether a conversation may stay against the weight; notes what becomes of it. */
  readonly mayStay: () => boolean
  /** Notes a turn that went where the weight says. */
  readonly went: () => void
}

/** `max` is a share in [0, 1], as it is now. */
export const pinnedShare = (max: () => number): PinnedShare => {
  let turns = 0
  let against = 0
  const note = (stayed: boolean): void => {
    turns += 1
    if (stayed) against += 1
    if (turns < turnsMax) return
    turns /= 2
    against /= 2
  }
  return {
    mayStay: () => {
      const may = turns < turnsMin || (against + 1) / (turns + 1) <= max()
      note(may)
      return may
    },
    went: () => note(false),
  }
}
