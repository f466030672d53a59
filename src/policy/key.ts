/** Keys as text: how one is made, what its form says, and the digest that stands for it everywhere but in its owner's hands. */

import { createHash, createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Ids } from '#base/id.ts'

/** `model` keys call models, `admin` keys manage; never both. */
export type KeyPurpose = 'model' | 'admin'

export type MadeKey = {
  /** The row's id; the key carries the part after `key_`, so that a key found lying about can be told by its row. */
  readonly id: string
  /** Shown once, then kept only as a digest. */
  readonly key: string
  /** The last 4 characters, for people. */
  readonly ending: string
}

/**
 * What the text says of itself: `sound` has a prefix of ours and a right checksum, `malformed` a prefix of ours and a
 * wrong one (a typo, or a key cut short), `imported` begins with `sk-` and carries no checksum, `foreign` is no key of ours.
 */
export type KeyForm = 'sound' | 'malformed' | 'imported' | 'foreign'

/** Keys taken over from elsewhere or given by the operator have at least this many characters. */
export const givenKeyLengthMin = 32

/** No header or parameter longer than this is looked at as a key. */
export const keyLengthMax = 512

const ownPrefixes = ['hs-live-', 'hs-test-', 'drover-admin-'] as const
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const secretBytes = 32
const secretLength = 43
const checksumLength = 6
const idLength = 26

const base62 = (value: bigint, length: number): string => {
  let rest = value
  let text = ''
  while (text.length < length) {
    text = alphabet.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text
}

/** CRC-32 in 6 characters of base 62: finds typos, proves nothing. */
const checksumOf = (text: string): string => base62(BigInt(crc32(text)), checksumLength)

const prefixOf = (purpose: KeyPurpose, test: boolean): string => {
  if (purpose === 'admin') return 'drover-admin-'
  return test ? 'hs-test-' : 'hs-live-'
}

/**
 * A new key: prefix, the row's id (26 characters), 32 random bytes in base 62 (43), checksum (6). An admin key has no
 * test form: `test` is ignored for it.
 */
export const makeKey = (purpose: KeyPurpose, test: boolean, ids: Ids): MadeKey => {
  const id = ids.next('key')
  const secret = BigInt(`0x${Buffer.from(ids.bytes(secretBytes)).toString('hex')}`)
  const body = `${prefixOf(purpose, test)}${id.slice('key_'.length)}${base62(secret, secretLength)}`
  const key = body + checksumOf(body)
  return { id, key, ending: endingOf(key) }
}

/** The last 4 characters. */
export const endingOf = (key: string): string => key.slice(-4)

/** Judges the text alone. A key that the snapshot knows is good whatever its form: given keys have no checksum. */
export const keyForm = (text: string): KeyForm => {
  const prefix = ownPrefixes.find((own) => text.startsWith(own))
  if (prefix === undefined) return text.startsWith('sk-') ? 'imported' : 'foreign'
  const rest = text.slice(prefix.length)
  if (rest.length !== idLength + secretLength + checksumLength || !/^[0-9A-Za-z]+$/.test(rest)) return 'malformed'
  const body = text.slice(0, -checksumLength)
  return checksumOf(body) === text.slice(-checksumLength) ? 'sound' : 'malformed'
}

/**
 * Why a text cannot be taken as a given key (`DROVER_ADMIN_KEY`, `DROVER_TEST_KEY`, an imported key), or `null` where it
 * can: an `hs-`, `sk-` or `drover-admin-` string of 32 to 512 visible ASCII characters.
 */
export const givenKeyFault = (text: string): string | null => {
  if (!/^(hs-|sk-|drover-admin-)/.test(text)) return 'it does not begin with "hs-", "sk-" or "drover-admin-"'
  if (text.length < givenKeyLengthMin) return `it has ${text.length} characters, and ${givenKeyLengthMin} are the least`
  if (text.length > keyLengthMax) return `it has ${text.length} characters, and ${keyLengthMax} are the most`
  if (!/^[!-~]+$/.test(text) || text.includes(',')) return 'it contains blanks, commas or characters outside ASCII'
  return null
}

/** HMAC-SHA-256 of the whole key under the server's pepper, in hex: what the store and the snapshot know a key by. */
export const digestKey = (key: string, pepper: Uint8Array): string =>
  createHmac('sha256', pepper).update(key).digest('hex')

/** What a key is known by that was taken over from where only its SHA-256 was kept. */
export const sha256DigestOf = (sha256: string): string => `sha256:${sha256}`

/** The same, from the key. */
export const sha256Digest = (key: string): string => sha256DigestOf(createHash('sha256').update(key).digest('hex'))

/**
 * A key as it may appear in a message: at most its first 8 and last 4 characters, and less of a short one, so that
 * never more than half is shown. Anything that is not a visible ASCII character becomes `?`.
 */
export const maskKey = (text: string): string => {
  const clean = text.slice(0, 8).replace(/[^!-~]/g, '?')
  if (text.length >= 24) return `${clean}…${text.slice(-4).replace(/[^!-~]/g, '?')}`
  return `${clean.slice(0, Math.min(3, Math.floor(text.length / 2)))}…`
}
