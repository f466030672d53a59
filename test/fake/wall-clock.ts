/** Preloaded into a server (`--import`): its wall clock goes apart from the machine's by what a file says, `+1h`, `-30m`, `+0`. Its monotonic clock does not. */

import { readFileSync } from 'node:fs'

const file = process.env['WALL_CLOCK_FILE'] ?? ''
const readEveryMs = 500
const unitsMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000 }

const offsetIn = (text: string): number => {
  const [, count = '0', unit = 's'] = /^([+-]?\d+)([hms]?)/.exec(text.trim()) ?? []
  return Number(count) * (unitsMs[unit] ?? 1_000)
}

const RealDate = Date
let offsetMs = 0
let readMs = Number.NEGATIVE_INFINITY

const now = (): number => {
  if (performance.now() - readMs > readEveryMs) {
    readMs = performance.now()
    offsetMs = offsetIn(readFileSync(file, 'utf8'))
  }
  return RealDate.now() + offsetMs
}

class ApartDate extends RealDate {
  constructor(...given: ConstructorParameters<typeof Date> | []) {
    if (given.length === 0) super(now())
    else super(...given)
  }
  static override now(): number {
    return now()
  }
}

if (file !== '') globalThis.Date = ApartDate as unknown as DateConstructor
