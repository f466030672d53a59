/** The time of the server, which all nodes share, carried on between looks by this machine's monotonic clock. */

import type { Clock } from '#base/clock.ts'

/** A look that took longer says too little. */
const lookMsMax = 1000
/** Smaller differences are the line's: following them would make time jump to and fro. */
const slackMs = 20

export type ServerClock = {
  /** Its `nowMs` is the server's; everything else is the machine's. */
  readonly clock: Clock
  /** What the server's clock said between two moments of the monotonic one. */
  readonly heard: (serverMs: number, askedMs: number, answeredMs: number) => void
}

/** Until it has heard the server it goes by the machine. */
export const serverClock = (machine: Clock): ServerClock => {
  let anchor: { readonly serverMs: number; readonly atMs: number } | null = null
  const nowMs = (): number =>
    anchor === null ? machine.nowMs() : Math.round(anchor.serverMs + machine.monotonicMs() - anchor.atMs)
  return {
    clock: { ...machine, nowMs },
    heard: (serverMs, askedMs, answeredMs) => {
      const tookMs = answeredMs - askedMs
      if (anchor !== null) {
        if (tookMs > lookMsMax) return
        const saidMs = anchor.serverMs + (askedMs + answeredMs) / 2 - anchor.atMs
        if (Math.abs(serverMs - saidMs) <= tookMs / 2 + slackMs) return
      }
      anchor = { serverMs, atMs: (askedMs + answeredMs) / 2 }
    },
  }
}
