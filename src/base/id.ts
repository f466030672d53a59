/** Names of things, as an argument: sortable by time, unguessable, with a prefix that says what they name. */

import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'

/** What an id names: a call, an organisation, a project, a member, an account, a key, a trail row, a model, a person and so on. */
export type IdPrefix =
  | 'call'
  | 'org'
  | 'prj'
  | 'mem'
  | 'acc'
  | 'key'
  | 'trl'
  | 'mdl'
  | 'lot'
  | 'bud'
  | 'cod'
  | 'sgn'
  | 'ord'
  | 'rfd'
  | 'doc'
  | 'fap'
  | 'mig'
  | 'tx'
  | 'whk'
  | 'evt'
  | 'prc'
  | 'per'
  | 'ses'
  | 'one'
  | 'psk'

export type Ids = {
  /** `<prefix>_` + 10 characters of time + 16 characters of chance (80 bits), Crockford base 32, lower case. */
  readonly next: (prefix: IdPrefix) => string
  /** Cryptographic chance: `size` bytes. */
  readonly bytes: (size: number) => Uint8Array
  /** A number in [0, 1) for jitter and weighted choice; not for secrets. */
  readonly chance: () => number
}

const digits = '0123456789abcdefghjkmnpqrstvwxyz'

const timeText = (timeMs: number): string => {
  let rest = timeMs
  let text = ''
  for (let place = 0; place < 10; place += 1) {
    text = digits.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}

const chanceBytes = 16

const idOf = (prefix: IdPrefix, timeMs: number, chance: Uint8Array): string => {
  let text = ''
  for (let place = 0; place < chance.length; place += 1) text += digits.charAt((chance[place] as number) & 31)
  return `${prefix}_${timeText(timeMs)}${text}`
}

/** The id of something that happened at this time and is known by this name: the same whoever makes it, and in the order of time. */
export const idFrom = (prefix: IdPrefix, timeMs: number, name: string): string =>
  idOf(prefix, timeMs, createHash('sha256').update(name).digest().subarray(0, chanceBytes))

/** The first id of a kind that can be made at an instant: ids sort by their time. */
export const firstIdAt = (prefix: IdPrefix, atMs: number): string => `${prefix}_${timeText(Math.max(0, atMs))}`

/** When an id was made, in milliseconds; `null` = it says no time. */
export const timeOfId = (id: string): number | null => {
  const text = /^[a-z]+_([0-9a-hjkmnp-tv-z]{10})/.exec(id)?.[1]
  return text === undefined ? null : [...text].reduce((sum, digit) => sum * 32 + digits.indexOf(digit), 0)
}

/** The same ids with the time of another clock in them: nodes that share a store date what they make by its time. */
export const idsBy = (clock: Clock, ids: Ids): Ids => ({
  ...ids,
  next: (prefix) => `${prefix}_${timeText(clock.nowMs())}${ids.next(prefix).slice(-chanceBytes)}`,
})

/** Asking the system for chance costs more than an id: it is asked for many at a time. */
const poolBytes = 256 * chanceBytes

/** Ids from the clock and the system's randomness. For main.ts; everybody else is given ids. */
export const systemIds = (clock: Clock): Ids => {
  let pool = randomBytes(poolBytes)
  let used = 0
  return {
    next: (prefix) => {
      if (used === poolBytes) {
        pool = randomBytes(poolBytes)
        used = 0
      }
      used += chanceBytes
      return idOf(prefix, clock.nowMs(), pool.subarray(used - chanceBytes, used))
    },
    bytes: (size) => randomBytes(size),
    chance: () => Math.random(),
  }
}
