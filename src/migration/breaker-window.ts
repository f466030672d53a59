/** The reflex of one node: so many failures among its last calls to an arm. Needs no shared state, and looks at answers as they come. */

export type BreakerWindow = {
  readonly note: (failed: boolean) => void
  readonly isTripped: () => boolean
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
  let last: boolean[] = []
  return {
    note: (failed) => {
      last = [...last.slice(-(window - 1)), failed]
    },
    isTripped: () => last.filter(Boolean).length >= failures,
    clear: () => {
      last = []
    },
  }
}
