/** SHA-256 of bytes that come in pieces. */

import type { Hash } from 'node:crypto'
import { createHash, hash } from 'node:crypto'

export type Digest = {
  /** The bytes must stay as they are until more are added, or the digest is read. */
  readonly add: (bytes: Uint8Array) => void
  /** In hex, of everything so far; more may follow. */
  readonly hex: () => string
}

const nothing = new Uint8Array()

/** What comes in one piece, as most bodies do, is digested by one call: a third cheaper than an object for it. */
export const makeDigest = (): Digest => {
  let first: Uint8Array | null = null
  let running: Hash | null = null
  return {
    add: (bytes) => {
      if (bytes.length === 0) return
      if (running !== null) running.update(bytes)
      else if (first === null) first = bytes
      else {
        running = createHash('sha256').update(first).update(bytes)
        first = null
      }
    },
    hex: () => (running === null ? hash('sha256', first ?? nothing, 'hex') : running.copy().digest('hex')),
  }
}
