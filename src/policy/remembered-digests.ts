/** The digest of a key that was presented before is not worked out again: an HMAC costs several times what a digest does. */

import { hash } from 'node:crypto'
import { makeRoom } from '#base/make-room.ts'

/** Keys that call in turns; those beyond it are worked out again, which is all that a flood of wrong ones can do. */
const rememberedMax = 8_192

/**
 * Gives what `digestKey` gives. A key is remembered by its SHA-256 and never as it is, so that neither a look into memory nor the time of
 * a look-up tells anything of it; what is forgotten first is what was learnt first. For whole keys, which nobody can guess.
 */
export const rememberedDigests = (
  digestKey: (key: string) => string,
  entriesMax: number = rememberedMax,
): ((key: string) => string) => {
  const digests = new Map<string, string>()
  return (key) => {
    const name = hash('sha256', key, 'base64url')
    const known = digests.get(name)
    if (known !== undefined) return known
    const digest = digestKey(key)
    makeRoom(digests, entriesMax)
    digests.set(name, digest)
    return digest
  }
}
