/** Encryption at rest: AES-256-GCM, a key of its own for each purpose, bound to the place that something is kept at. */

import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { Ids } from '#base/id.ts'

const nonceBytes = 12
const tagBytes = 16

export type Seal = {
  readonly close: (place: string, plain: Uint8Array) => Buffer
  /** @throws where the bytes are not what was sealed at this place. */
  readonly open: (place: string, sealed: Uint8Array) => Buffer
}

/** What is sealed: of the server's key one for each is derived, so that nothing is read as what it is not. */
export type SealPurpose =
  | 'carried'
  | 'kept answers'
  | 'similar answers'
  | 'kept responses'
  | 'own credentials'
  | 'applied providers'
  | 'bindings'
  | 'sandbox files'
  | 'one-time codes'
  | 'receipt keys'

/** `secret`: the server's own key. */
export const makeSeal = (secret: Uint8Array, ids: Pick<Ids, 'bytes'>, purpose: SealPurpose): Seal => {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `drover ${purpose}`, 32))
  return {
    close: (place, plain) => {
      const nonce = ids.bytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
      const body = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body])
    },
    open: (place, sealed) => {
      const nonce = sealed.subarray(0, nonceBytes)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()])
    },
  }
}
