/** What a test opens when it wants the other side to go on: a promise instead of a pause. */

export type Gate = {
  /** Resolves once the gate is open, also when it was opened before. */
  readonly passed: Promise<void>
  readonly open: () => void
}

/** A gate that stays open once it has been opened. */
export function makeGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { passed: promise, open: resolve }
}

export type Turnstile = {
  /** Waits for the next admission; admissions that came early count. */
  readonly pass: () => Promise<void>
  readonly admit: (count?: number) => void
}

/** Lets one waiter through for each admission: a stream that is stepped event by event. */
export function makeTurnstile(): Turnstile {
  let admitted = 0
  const waiting: (() => void)[] = []
  return {
    pass: () =>
      new Promise((resolve) => {
        if (admitted > 0) {
          admitted -= 1
          resolve()
        } else waiting.push(resolve)
      }),
    admit: (count = 1) => {
      for (let each = 0; each < count; each += 1) {
        const next = waiting.shift()
        if (next === undefined) admitted += 1
        else next()
      }
    },
  }
}
