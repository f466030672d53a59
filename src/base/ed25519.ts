/** Ed25519 keys from and to their 32 bytes, which Node takes in DER only. */

import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey } from 'node:crypto'

const keyBytes = 32
/** What precedes the 32 bytes of a key in PKCS #8 (RFC 8410, section 7), and in a public key's info (section 4). */
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicHead = Buffer.from('302a300506032b6570032100', 'hex')

const der = (head: Buffer, bytes: Uint8Array): Buffer => {
  if (bytes.length !== keyBytes) throw new RangeError(`an Ed25519 key has ${keyBytes} bytes, not ${bytes.length}`)
  return Buffer.concat([head, bytes])
}

/** @throws RangeError where the seed is not 32 bytes. */
export const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: der(privateHead, seed), format: 'der', type: 'pkcs8' })

/** @throws RangeError where they are not 32 bytes. */
export const publicKeyOf = (bytes: Uint8Array): KeyObject =>
  createPublicKey({ key: der(publicHead, bytes), format: 'der', type: 'spki' })

/** The 32 bytes of a key's public half. */
export const publicBytesOf = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicHead.length)
