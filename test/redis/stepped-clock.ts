/** Loaded before a relay: its wall clock is off by as many milliseconds as the file that CLOCK_OFFSET_FILE names says now. */

import { readFileSync } from 'node:fs'

const file = process.env['CLOCK_OFFSET_FILE'] ?? ''
const lookEveryMs = 50
const ownNow = Date.now.bind(Date)
let offsetMs = 0

const look = (): void => {
  try {
    offsetMs = Number(readFileSync(file, 'utf8')) || 0
  } catch {
    // Until there is a file the clock is right.
    offsetMs = 0
  }
}
Date.now = () => ownNow() + offsetMs
setInterval(look, lookEveryMs).unref()
