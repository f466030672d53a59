/** Where the log goes. A line that cannot be written (the disk is full, its reader is gone) ends nothing, and is counted. */

import type { Clock } from '#base/clock.ts'
import { rfc3339 } from '#base/clock.ts'

export type Outlet = {
  readonly write: (text: string, done: (error?: Error | null) => void) => unknown
}

/** A line as those of the log are, of the level `warn`. */
const noticeOf = (lost: number, nowMs: number): string =>
  `${JSON.stringify({ level: 40, time: rfc3339(nowMs), lines: lost, msg: 'lines of the log were lost: they could not be written' })}\n`

/** Writes to a stream that may refuse; the next line that gets through is led by how many did not. */
export const logOutlet = (stream: Outlet, clock: Pick<Clock, 'nowMs'>): ((text: string) => void) => {
  let lost = 0
  return (text) => {
    const told = lost
    lost = 0
    const notice = told === 0 ? '' : noticeOf(told, clock.nowMs())
    stream.write(`${notice}${text}`, (error) => {
      if (error !== undefined && error !== null) lost += told + 1
    })
  }
}
