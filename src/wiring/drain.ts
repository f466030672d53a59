/** The end of a server in good order. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Listeners } from './listen.ts'

type Draining = {
  readonly drainDelayMs: number
  readonly drainTimeoutMs: number
  readonly clock: Clock
  readonly log: Log
}

/**
 * Takes calls for the delay, then no more, and lets open ones end. Readiness has said since the signal came that this server ends: who
 * asks for it gets the delay to act on it.
 */
export const drain = async (
  listening: Listeners,
  { drainDelayMs, drainTimeoutMs, clock, log }: Draining,
): Promise<void> => {
  if (drainDelayMs > 0) {
    log.info('stopping: not ready any more, calls are taken for a while', { forMs: drainDelayMs })
    listening.announceEnd()
    await new Promise<void>((resolve) => clock.after(drainDelayMs, resolve))
  }
  log.info('stopping: no new connections, open calls may finish', { withinMs: drainTimeoutMs })
  const cutCount = await listening.drain(drainTimeoutMs)
  if (cutCount > 0) log.warn('calls were cut at the end of the drain', { calls: cutCount })
}

/** Resolves when the server is to end. */
export const stopped = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
