/** The reflex of one node: so many failures among its last calls to an arm. Needs no shared state, and looks at answers as they come. */

export type BreakerWindow = {
  readonly note: (failed: boolean) => void
  readonly isTripped: () => boolean
  /** Whether half as many failed as would open it: what else fails then fails for the same reason. */
  readonly isUneasy: () => boolean
  readonly clear: () => void
}

/** `window` is at most 32. */
export const breakerWindow = ({
  window,
  failures,
}: {
  readonly window: number
  readonly failures: number
}): BreakerWindow => {
  // The newest call is the lowest bit.
  const mask = 2 ** window - 1
  let last = 0
  const failed = (): number => {
    let count = 0
    for (let rest = last; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
    return count
  }
  return {
    note: (failed) => {
      last = ((last * 2) % (mask + 1)) + (failed ? 1 : 0)
    },
    isTripped: () => failed() >= failures,
    isUneasy: () => failed() * 2 >= failures,
    clear: () => {
      last = 0
    },
  }
}
