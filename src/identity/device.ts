/**
 * Browsers that somebody has signed in with before: what strangers guess elsewhere keeps nobody out of these (OWASP, "Slow Down
 * Online Guessing Attacks with Device Cookies", read 2026-11-29). A token lets nobody in: it only has tries of its own.
 */

import { timingSafeEqual } from 'node:crypto'
import type { Ids } from '#base/id.ts'

/** How long a browser is known. */
export const deviceMs = 180 * 86_400_000

const nonceBytes = 16
const form = /^([0-9a-z]{1,11})\.([A-Za-z0-9_-]{22})\.([0-9a-f]{64})$/

export type DeviceParts = {
  /** Whoever signed in, by mail address. */
  readonly mail: string
  readonly nowMs: number
  /** HMAC under the server's key, hex. */
  readonly digest: (text: string) => string
}

const sealOf = (mail: string, head: string, digest: DeviceParts['digest']): string => digest(`device ${mail} ${head}`)

/** A token for the browser that has signed in. */
export const makeDevice = ({ mail, nowMs, digest }: DeviceParts, ids: Pick<Ids, 'bytes'>): string => {
  const head = `${nowMs.toString(36)}.${Buffer.from(ids.bytes(nonceBytes)).toString('base64url')}`
  return `${head}.${sealOf(mail, head, digest)}`
}

/** Which browser of this person's a token is of; `null` = of none, or its time is over. */
export const deviceOf = (token: string | null, { mail, nowMs, digest }: DeviceParts): string | null => {
  const [, time = '', nonce = '', seal = ''] = form.exec(token ?? '') ?? []
  if (seal === '') return null
  const wanted = sealOf(mail, `${time}.${nonce}`, digest)
  const isOurs = wanted.length === seal.length && timingSafeEqual(Buffer.from(wanted), Buffer.from(seal))
  const ageMs = nowMs - Number.parseInt(time, 36)
  return isOurs && ageMs >= 0 && ageMs < deviceMs ? nonce : null
}
