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

/** `totalMs`: what is left of the whole call for this attempt, in milliseconds. */
export const watchdog = (clock: Clock, provider: string, totalMs: number): Watchdog => {
  const controller = new AbortController()
  const abort = (reason: unknown): void => controller.abort(reason)
  const endTotal = clock.after(Math.max(0, totalMs), () =>
    abort(timeoutProblem('total', provider, Math.round(totalMs))),
  )
  // One timer is kept and looks at a moving deadline: re-arming on every chunk costs an addition, not a timer.
  let armed: { deadline: 'first_token' | 'idle'; limitMs: number; untilMs: number } | null = null
  let timer: { cancel: () => void; dueMs: number } | null = null
  const schedule = (delayMs: number): void => {
    timer?.cancel()
    timer = { cancel: clock.after(delayMs, look), dueMs: clock.monotonicMs() + delayMs }
  }
  const look = (): void => {
    timer = null
    if (armed === null) return
    const leftMs = armed.untilMs - clock.monotonicMs()
    if (leftMs > 0) schedule(leftMs)
    else abort(timeoutProblem(armed.deadline, provider, armed.limitMs))
  }
  return {
    signal: controller.signal,
    arm: (deadline, limitMs) => {
      const untilMs = clock.monotonicMs() + limitMs
      armed = { deadline, limitMs, untilMs }
      if (timer === null || timer.dueMs > untilMs) schedule(limitMs)
    },
    rest: () => {
      armed = null
    },
    abort,
    stop: () => {
      armed = null
      timer?.cancel()
      timer = null
      endTotal()
    },
  }
}
