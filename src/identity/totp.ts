/** One-time codes of authenticator apps (RFC 6238: SHA-1, 30 s, 6 digits, which is what they all take), and recovery codes. */

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Ids } from '#base/id.ts'

const stepMs = 30_000
const digitsCount = 6
/** Steps before and after the present one, for clocks that are not the same. */
const driftSteps = 1
const secretBytes = 20
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const base32 = (bytes: Uint8Array): string => {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet.charAt((held >>> bits) & 31)
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet.charAt((held << (5 - bits)) & 31)
}

/** 160 bits, as RFC 4226 recommends. */
export const makeTotpSecret = (ids: Pick<Ids, 'bytes'>): Uint8Array => ids.bytes(secretBytes)

/** The code of a time step (RFC 4226, 5.3). */
export const totpCode = (secret: Uint8Array, step: number): string => {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', secret).update(counter).digest()
  const at = (digest[digest.length - 1] ?? 0) & 15
  const number = digest.readUInt32BE(at) & 0x7fffffff
  return String(number % 10 ** digitsCount).padStart(digitsCount, '0')
}

const same = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))

export type TotpCheck = {
  readonly secret: Uint8Array
  readonly code: string
  readonly lastStep: number | null
  readonly nowMs: number
}

/** The time step that a code is of; `null` = it is of none that is good now, or of one that was taken before. */
export const totpStepOf = ({ secret, code, lastStep, nowMs }: TotpCheck): number | null => {
  const now = Math.floor(nowMs / stepMs)
  let found: number | null = null
  for (let step = now - driftSteps; step <= now + driftSteps; step += 1)
    if (same(totpCode(secret, step), code) && step > (lastStep ?? -1)) found = step
  return found
}

/** What an app reads from a QR code (Key Uri Format of Google Authenticator, read 2026-11-29). */
export const totpUri = (
  secret: Uint8Array,
  { issuer, mail }: { readonly issuer: string; readonly mail: string },
): string =>
  `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(mail)}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}`

/** For typing it in. */
export const totpText = base32

const codesCount = 10

/** `xxxxx-xxxxx`, 50 bits each. */
export const makeRecoveryCodes = (ids: Pick<Ids, 'bytes'>): readonly string[] =>
  Array.from({ length: codesCount }, () => {
    const text = base32(ids.bytes(7)).slice(0, 10).toLowerCase()
    return `${text.slice(0, 5)}-${text.slice(5)}`
  })

/** As it was meant, however it was typed. */
export const plainCode = (code: string): string => code.toLowerCase().replace(/[^a-z2-7]/g, '')
