/** Lets so many through at once; the others wait in order. */

export type Gate = <T>(work: () => Promise<T>) => Promise<T>

/** A gate for `atOnceMax`. Who leaves hands the place to the first who waits. */
export const openGate = (atOnceMax: number): Gate => {
  const waiting: (() => void)[] = []
  let inside = 0
  return async (work) => {
    if (inside < atOnceMax) inside += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) inside -= 1
      else next()
    }
  }
}
