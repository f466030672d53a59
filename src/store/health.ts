/** Whether the store keeps what it is given, told once at each change. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { StoreHealth } from '#store/face.ts'

export type Health = {
  readonly state: () => StoreHealth
  readonly well: () => void
  readonly unwell: (message: string) => void
  /** The store is closing, or never opened: from now on nothing is told. */
  readonly stop: () => void
}

export const makeHealth = (file: string, clock: Clock, log: Log): Health => {
  let state: StoreHealth = { ok: true }
  let stopped = false
  return {
    state: () => state,
    well: () => {
      if (state.ok || stopped) return
      log.info('the store keeps again what it is given', { file, unwellMs: clock.nowMs() - state.sinceMs })
      state = { ok: true }
    },
    unwell: (message) => {
      if (!state.ok || stopped) return
      state = { ok: false, message, sinceMs: clock.nowMs() }
      log.error('the store does not keep what it is given', { file, why: message })
    },
    stop: () => {
      stopped = true
    },
  }
}
