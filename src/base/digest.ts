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

/**
 * The events of a stream are small, and to digest each costs more than its bytes: so much is gathered, and not more, for thousands run at once,
 * each with two digests.
 */
const gatheredBytesMax = 1_024
const gatheredBytesMin = 256

/** What comes whole, as most bodies do, is digested by one call when it is read: a third cheaper than an object for it. */
class Gathering implements Digest {
  /** A first piece that is held anyway, or is too large to be gathered: it may be all there is. */
  #only: Uint8Array | null = null
  #gathered: Buffer | null = null
  #gatheredBytes = 0
  #running: Hash | null = null

  /** Digests what has been kept so far. */
  #run(): Hash {
    this.#running ??= createHash('sha256')
    if (this.#only !== null) this.#running.update(this.#only)
    if (this.#gathered !== null && this.#gatheredBytes > 0)
      this.#running.update(this.#gathered.subarray(0, this.#gatheredBytes))
    this.#only = null
    this.#gatheredBytes = 0
    return this.#running
  }

  /** Copied, so that an event does not keep the whole of what was read with it. */
  #gather(bytes: Uint8Array): void {
    const sizeBytes = this.#gatheredBytes + bytes.length
    if (this.#gathered === null || sizeBytes > this.#gathered.length) {
      // Memory of its own: a part of the pool would keep all of the pool for as long as the call lasts.
      const grown = Buffer.allocUnsafeSlow(sizeBytes > gatheredBytesMin ? gatheredBytesMax : gatheredBytesMin)
      this.#gathered?.copy(grown, 0, 0, this.#gatheredBytes)
      this.#gathered = grown
    }
    this.#gathered.set(bytes, this.#gatheredBytes)
    this.#gatheredBytes = sizeBytes
  }

  add(bytes: Uint8Array, isHeld = false): void {
    if (bytes.length === 0) return
    const isFirst = this.#running === null && this.#only === null && this.#gatheredBytes === 0
    if (isFirst && (isHeld || bytes.length > gatheredBytesMax)) {
      this.#only = bytes
      return
    }
    if (this.#only !== null || this.#gatheredBytes + bytes.length > gatheredBytesMax) this.#run()
    if (bytes.length > gatheredBytesMax) this.#running?.update(bytes)
    else this.#gather(bytes)
  }

  hex(): string {
    if (this.#running !== null) return this.#run().copy().digest('hex')
    const gathered = this.#gathered?.subarray(0, this.#gatheredBytes) ?? Buffer.alloc(0)
    return hash('sha256', this.#only ?? gathered, 'hex')
  }
}

/** The digest of nothing so far. */
export const makeDigest = (): Digest => new Gathering()
