/** SHA-256 of bytes that come in pieces. */

import { Buffer } from 'node:buffer'
import type { Hash } from 'node:crypto'
import { createHash, hash } from 'node:crypto'

export type Digest = {
  /**
   * The bytes must stay as they are: they may be digested as late as the digest is read. `isHeld`: somebody holds them until then anyway, so
   * that they need not be copied.
   */
  readonly add: (bytes: Uint8Array, isHeld?: boolean) => void
  /** In hex, of everything so far; more may follow. */
  readonly hex: () => string
}

/** The events of a stream are small, and to digest each costs more than its bytes: so much is gathered, and not more, for thousands run at once. */
const gatheredBytesMax = 2_048
const gatheredBytesMin = 256

/** What comes whole, as most bodies do, is digested by one call when it is read: a third cheaper than an object for it. */
export const makeDigest = (): Digest => {
  /** A first piece that is held anyway, or is too large to be gathered: it may be all there is. */
  let only: Uint8Array | null = null
  let gathered: Buffer | null = null
  let gatheredBytes = 0
  let running: Hash | null = null
  /** Digests what has been kept so far. */
  const run = (): Hash => {
    running ??= createHash('sha256')
    if (only !== null) running.update(only)
    if (gathered !== null && gatheredBytes > 0) running.update(gathered.subarray(0, gatheredBytes))
    only = null
    gatheredBytes = 0
    return running
  }
  /** Copied, so that an event does not keep the whole of what was read with it. */
  const gather = (bytes: Uint8Array): void => {
    const sizeBytes = gatheredBytes + bytes.length
    if (gathered === null || sizeBytes > gathered.length) {
      // Memory of its own: a part of the pool would keep all of the pool for as long as the call lasts.
      const grown = Buffer.allocUnsafeSlow(Math.min(gatheredBytesMax, Math.max(gatheredBytesMin, 2 * sizeBytes)))
      gathered?.copy(grown, 0, 0, gatheredBytes)
      gathered = grown
    }
    gathered.set(bytes, gatheredBytes)
    gatheredBytes = sizeBytes
  }
  return {
    add: (bytes, isHeld = false) => {
      if (bytes.length === 0) return
      const isFirst = running === null && only === null && gatheredBytes === 0
      if (isFirst && (isHeld || bytes.length > gatheredBytesMax)) {
        only = bytes
        return
      }
      if (only !== null || gatheredBytes + bytes.length > gatheredBytesMax) run()
      if (bytes.length > gatheredBytesMax) running?.update(bytes)
      else gather(bytes)
    },
    hex: () => {
      if (running !== null) return run().copy().digest('hex')
      return hash('sha256', only ?? gathered?.subarray(0, gatheredBytes) ?? Buffer.alloc(0), 'hex')
    },
  }
}
