/** The deadlines of one attempt: whichever passes first aborts it, with the problem that names it as the reason. */

import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'

export type Deadline = 'first_token' | 'idle' | 'total' | 'share'

const sayings: Record<Deadline, string> = {
  first_token: 'sent no first token',
  idle: 'fell silent in the middle of its answer',
  total: 'did not finish its answer',
  share: 'had not answered when it was time to ask another target',
}

const settingOf = (deadline: Deadline): string =>
  deadline === 'share' ? 'its share of the time that there is' : `timeout.${deadline}`

export const timeoutProblem = (deadline: Deadline, provider: string, limitMs: number): Problem =>
  new Problem('upstream_timeout', {
    message: `Provider "${provider}" ${sayings[deadline]} within ${limitMs} ms (${settingOf(deadline)}). Repeat the call, or raise the timeout.`,
    facts: { deadline },
  })

export type Watchdog = {
  readonly signal: AbortSignal
  /** Starts, or starts again, the named deadline; it replaces the one that ran, but never `total`. */
  readonly arm: (deadline: 'first_token' | 'idle', limitMs: number) => void
  /** Ends the short deadline, while Drover itself is what is waited for. */
  readonly rest: () => void
  readonly abort: (reason: unknown) => void
  readonly stop: () => void
}

type Armed = { readonly deadline: Deadline; readonly limitMs: number; readonly untilMs: number }

/** One timer for whichever deadline is next looks at a moving time: re-arming on every chunk costs an addition, not a timer. */
class Watching implements Watchdog {
  readonly #clock: Clock
  readonly #provider: string
  readonly #controller = new AbortController()
  readonly #total: Armed
  #armed: Armed | null = null
  #dueMs = Number.POSITIVE_INFINITY
  #cancel: (() => void) | null = null
  readonly #look = (): void => {
    this.#cancel = null
    this.#dueMs = Number.POSITIVE_INFINITY
    const next = this.#next()
    if (next.untilMs > this.#clock.monotonicMs()) this.#schedule(next.untilMs)
    else this.abort(timeoutProblem(next.deadline, this.#provider, Math.round(next.limitMs)))
  }

  constructor(clock: Clock, provider: string, totalMs: number) {
    this.#clock = clock
    this.#provider = provider
    const limitMs = Math.max(0, totalMs)
    this.#total = { deadline: 'total', limitMs, untilMs: clock.monotonicMs() + limitMs }
    this.#schedule(this.#total.untilMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  #next(): Armed {
    const { untilMs } = this.#total
    return this.#armed !== null && this.#armed.untilMs < untilMs ? this.#armed : this.#total
  }

  #schedule(untilMs: number): void {
    if (this.#dueMs <= untilMs) return
    this.#cancel?.()
    this.#dueMs = untilMs
    this.#cancel = this.#clock.after(untilMs - this.#clock.monotonicMs(), this.#look)
  }

  arm(deadline: 'first_token' | 'idle', limitMs: number): void {
    const untilMs = this.#clock.monotonicMs() + limitMs
    this.#armed = { deadline, limitMs, untilMs }
    this.#schedule(untilMs)
  }

  rest(): void {
    this.#armed = null
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  stop(): void {
    this.#armed = null
    this.#cancel?.()
    this.#cancel = null
    this.#dueMs = Number.NEGATIVE_INFINITY
  }
}

/** `totalMs`: what is left of the whole call for this attempt, in milliseconds. */
export const watchdog = (clock: Clock, provider: string, totalMs: number): Watchdog =>
  new Watching(clock, provider, totalMs)
