/** Lets so many through at once; the others wait in order. */

export type Gate = <T>(work: () => Promise<T>) => Promise<T>

export type FullGate = {
  /** So many wait at the most. */
  readonly waitingMax: number
  /** What whoever comes then is refused with. */
  readonly refusal: () => Error
}

/** A gate for `atOnceMax`. Who leaves hands the place to the first who waits. */
export const openGate = (atOnceMax: number, full: FullGate | null = null): Gate => {
  const waiting: (() => void)[] = []
  let inside = 0
  return async (work) => {
    if (inside < atOnceMax) inside += 1
    else {
      if (full !== null && waiting.length >= full.waitingMax) throw full.refusal()
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) inside -= 1
      else next()
    }
  }
}
