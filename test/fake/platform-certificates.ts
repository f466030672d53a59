/**
 * The platform certificates of WeChat Pay: listed encrypted, a new one a day before it signs, the old one taken off some time after.
 * The list and its rules: https://pay.weixin.qq.com/doc/v3/merchant/4012551764 and its neighbours (read 2026-11-29 as the pages
 * `fusion_wallet_ch/…/chapter8_7.shtml`).
 */

import type { KeyObject } from 'node:crypto'
import { createCipheriv } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import type { NameParts } from './certificate.ts'
import { certificateOf } from './certificate.ts'

export type KeyPair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
export type Signer = { readonly serial: string; readonly key: KeyObject }

type Listed = Signer & { readonly pem: string; readonly fromMs: number; untilMs: number }

export type PlatformCertificates = {
  readonly signer: () => Signer
  /** What `GET /v3/certificates` holds, encrypted under this APIv3 key. */
  readonly list: (apiV3Key: string) => object
  /** Lists a new one, which does not sign yet; the old one ends a day from now. Gives its serial number. */
  readonly announce: (pair: KeyPair, lastsMs?: number) => string
  /** From now on the newest one signs. */
  readonly rotate: () => void
  /** Takes all but the newest off the list. */
  readonly retire: () => void
}

const dayMs = 86_400_000
const yearMs = 365 * dayMs
const issuer: NameParts = [
  ['C', 'CN'],
  ['O', 'Tenpay.com'],
  ['OU', 'Tenpay.com CA Center'],
  ['CN', 'Tenpay.com Root CA'],
]
const subject: NameParts = [
  ['C', 'CN'],
  ['O', 'Tenpay.com'],
  ['CN', 'Tenpay.com sign'],
]

/** AES-256-GCM with the tag behind the text, in base64: how the platform encrypts notices and certificates. */
export const sealFor = (
  text: string,
  key: string,
  { nonce, data }: { readonly nonce: string; readonly data: string },
): string => {
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key), Buffer.from(nonce))
  cipher.setAAD(Buffer.from(data))
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

/** RFC 3339 in Beijing time, as the platform writes times. */
const beijing = (timeMs: number): string => `${new Date(timeMs + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`

/** The shelf with one certificate that signs. */
export function platformCertificates(clock: Clock, first: KeyPair): PlatformCertificates {
  const listed: Listed[] = []
  let made = 0
  const add = ({ publicKey, privateKey }: KeyPair, lastsMs: number): Listed => {
    made += 1
    // 20 bytes, as theirs are.
    const serial = 0x5157f09efdc096de15ebe81a47057a7232f1b800n + BigInt(made)
    const [fromMs, untilMs] = [clock.nowMs() - dayMs, clock.nowMs() + lastsMs]
    const pem = certificateOf({
      ...{ subject, issuer, publicKey, issuerKey: privateKey, serial, fromMs, untilMs },
      isAuthority: false,
    })
    const one = { serial: serial.toString(16).toUpperCase(), key: privateKey, pem, fromMs, untilMs }
    listed.push(one)
    return one
  }
  let signer: Listed = add(first, 5 * yearMs)
  const newest = (): Listed => listed.at(-1) ?? signer
  return {
    signer: () => signer,
    list: (apiV3Key) => ({
      data: listed.map(({ serial, pem, fromMs, untilMs }) => ({
        serial_no: serial,
        effective_time: beijing(fromMs),
        expire_time: beijing(untilMs),
        encrypt_certificate: {
          algorithm: 'AEAD_AES_256_GCM',
          nonce: '61f9c719728a',
          associated_data: 'certificate',
          ciphertext: sealFor(pem, apiV3Key, { nonce: '61f9c719728a', data: 'certificate' }),
        },
      })),
    }),
    announce: (pair, lastsMs = 5 * yearMs) => {
      for (const one of listed) one.untilMs = Math.min(one.untilMs, clock.nowMs() + dayMs)
      return add(pair, lastsMs).serial
    },
    rotate: () => {
      signer = newest()
    },
    retire: () => {
      listed.splice(0, listed.length - 1)
    },
  }
}
