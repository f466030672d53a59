/** SHA-256 of bytes that come in pieces. */

import { Buffer } from 'node:buffer'
import type { Hash } from 'node:crypto'
import { createHash, hash } from 'node:crypto'

export type Digest = {
  /** The bytes must stay as they are: they may be digested as late as the digest is read. */
  readonly add: (bytes: Uint8Array) => void
  /** In hex, of everything so far; more may follow. */
  readonly hex: () => string
}

/** So much is gathered before it is digested: the events of a stream are small, and a call for each costs more than its bytes. */
const gatheredBytesMax = 16_384
const gatheredPiecesMax = 256

/** What is gathered whole when it is read, as most bodies are, is digested by one call: a third cheaper than an object for it. */
export const makeDigest = (): Digest => {
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  let running: Hash | null = null
  const taken = (): Uint8Array => {
    const [only] = gathered
    const bytes = gathered.length === 1 && only !== undefined ? only : Buffer.concat(gathered)
    gathered = []
    gatheredBytes = 0
    return bytes
  }
  return {
    add: (bytes) => {
      if (bytes.length === 0) return
      gathered.push(bytes)
      gatheredBytes += bytes.length
      const isMuch = gatheredBytes > gatheredBytesMax || gathered.length === gatheredPiecesMax
      // A large body in one piece may still be all there is.
      if (isMuch && (gathered.length > 1 || running !== null)) {
        running ??= createHash('sha256')
        running.update(taken())
      }
    },
    hex: () => {
      if (running !== null) return running.update(taken()).copy().digest('hex')
      const bytes = taken()
      if (bytes.length > 0) {
        gathered = [bytes]
        gatheredBytes = bytes.length
      }
      return hash('sha256', bytes, 'hex')
    },
  }
}
