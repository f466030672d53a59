/** Who comes together is let through in order, so many in each turn of the event loop. */

import type { Clock } from './clock.ts'

export type Turnstile = {
  /** `null` = go on at once; else when it is resolved. Never rejects. */
  readonly pass: () => Promise<void> | null
  /**
   * By how many milliseconds the last in line came after the first: as much as the first one waits where more come all the time than pass,
   * and next to nothing where many came at once.
   */
  readonly lineMs: () => number
}

type Waiting = { readonly cameMs: number; readonly go: () => void }

/**
 * Work for many that is begun for all at once ends for all of them when the last of it does; begun for one after the other, it ends for half of
 * them in half of the time, and what runs already has its turn between. The line is as long as the caller lets it become.
 */
export const turnstile = ({ monotonicMs }: Pick<Clock, 'monotonicMs'>, perTurn: number): Turnstile => {
  const waiting: Waiting[] = []
  let left = perTurn
  let isTurning = false
  const turnSoon = (): void => {
    if (isTurning) return
    isTurning = true
    setImmediate(turn)
  }
  const turn = (): void => {
    isTurning = false
    const passing = waiting.splice(0, perTurn)
    left = perTurn - passing.length
    if (passing.length > 0) turnSoon()
    for (const { go } of passing) go()
  }
  return {
    pass: () => {
      turnSoon()
      if (left > 0) {
        left -= 1
        return null
      }
      return new Promise((go) => waiting.push({ cameMs: monotonicMs(), go }))
    },
    lineMs: () => {
      const [first] = waiting
      return first === undefined ? 0 : (waiting.at(-1) ?? first).cameMs - first.cameMs
    },
  }
}
