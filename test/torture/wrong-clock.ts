/**
 * Loaded into a relay before anything else (`NODE_OPTIONS=--import`): its wall clock is wrong by as many milliseconds as the file says that
 * `DROVER_WRONG_CLOCK` names. It is looked at twenty times a second; what runs by the monotonic clock does not notice.
 */

import { readFileSync } from 'node:fs'

const everyMs = 50
const file = process.env['DROVER_WRONG_CLOCK']

if (file !== undefined) {
  const trueNow = Date.now.bind(Date)
  let wrongMs = 0
  setInterval(() => {
    wrongMs = Number(readFileSync(file, 'utf8')) || 0
  }, everyMs).unref()
  Date.now = () => trueNow() + wrongMs
}
