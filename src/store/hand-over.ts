/** A store that another takes the place of while a server runs: what is asked meanwhile waits, and is answered by the new one. */

import type { HandOver, NextStore } from '#admin/port.ts'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Store } from './face.ts'

/** Callers are kept waiting for no longer, whatever becomes of whoever asked for it. */
const pauseMaxMs = 10_000

export type HandOverSettings = {
  readonly first: Store
  /** Opens the next store, which must be ready for everything that the first one does. */
  readonly openNext: (place: NextStore) => Promise<Store>
  readonly clock: Clock
  readonly log: Log
}

type Pause = { readonly sinceMs: number; readonly next: Store; readonly end: () => void; readonly over: Promise<void> }

const notPaused = (): Problem =>
  new Problem('conflict', {
    message: `The store is not paused, or was for longer than ${pauseMaxMs / 1000} s and went on as it was: begin the move again.`,
  })

class Desk implements HandOver {
  readonly #settings: HandOverSettings
  #current: Store
  #pause: Pause | null = null
  #isOpening = false
  #running = 0
  #idle: () => void = () => {}

  constructor(settings: HandOverSettings) {
    this.#settings = settings
    this.#current = settings.first
  }

  current(): Store {
    return this.#current
  }

  /** Runs one operation on whichever store is in place when its turn comes. */
  async ask(name: string, parameters: readonly unknown[]): Promise<unknown> {
    while (this.#pause !== null) await this.#pause.over
    this.#running += 1
    try {
      const operation = Reflect.get(this.#current, name) as (...given: readonly unknown[]) => Promise<unknown>
      return await operation(...parameters)
    } finally {
      this.#running -= 1
      if (this.#running === 0) this.#idle()
    }
  }

  async pause(place: NextStore): Promise<void> {
    if (this.#isOpening || this.#pause !== null || this.#current !== this.#settings.first)
      throw new Problem('conflict', { message: 'The store is being moved already, or has been.' })
    const next = await this.#opened(place)
    const { clock, log } = this.#settings
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const cancel = clock.after(pauseMaxMs, () => {
      log.error('the move of the store did not go on in time: the server goes on where it was', {
        waited_ms: pauseMaxMs,
      })
      void this.resume()
    })
    const end = (): void => {
      cancel()
      this.#pause = null
      resolve()
    }
    this.#pause = { sinceMs: clock.monotonicMs(), next, end, over }
    if (this.#running > 0)
      await new Promise<void>((settle) => {
        this.#idle = settle
      })
  }

  /** The next store; nobody opens another one meanwhile. */
  async #opened(place: NextStore): Promise<Store> {
    this.#isOpening = true
    try {
      return await this.#settings.openNext(place)
    } finally {
      this.#isOpening = false
    }
  }

  async take(): Promise<{ readonly pausedMs: number }> {
    const pause = this.#pause
    if (pause === null) throw notPaused()
    this.#current = pause.next
    pause.end()
    const pausedMs = this.#settings.clock.monotonicMs() - pause.sinceMs
    await this.#settings.first.close()
    return { pausedMs }
  }

  async resume(): Promise<void> {
    if (this.#current !== this.#settings.first)
      throw new Problem('conflict', { message: 'The store has been moved already: the server is on the Postgres.' })
    const pause = this.#pause
    if (pause === null) return
    pause.end()
    await pause.next.close()
  }
}

/** Names that are answered at once, by the store that is in place. */
const atOnce = ['health', 'close'] as const

/** The first store, with a way to put another in its place. */
export const handingOver = (settings: HandOverSettings): Store => {
  const desk = new Desk(settings)
  const operations = Object.keys(settings.first).filter((name) => !(atOnce as readonly string[]).includes(name))
  const face = Object.fromEntries(
    operations.map((name) => [name, (...parameters: readonly unknown[]) => desk.ask(name, parameters)]),
  )
  return {
    ...(face as unknown as Store),
    health: () => desk.current().health(),
    close: () => desk.current().close(),
    handOver: {
      pause: (place) => desk.pause(place),
      take: () => desk.take(),
      resume: () => desk.resume(),
    },
  }
}
