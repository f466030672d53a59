/**
 * The keys of WeChat Pay's platform, by serial number: the public key of the configuration, and platform certificates, which change by the
 * platform's will: a new one is listed a day before it signs, and the old one's end is brought forward; the list is asked for at least every 12
 * hours (https://pay.weixin.qq.com/wiki/doc/api/wxpay/ch/fusion_wallet_ch/QuickPay/chapter8_7.shtml, read 2026-11-29).
 */

import type { KeyObject } from 'node:crypto'
import { createPublicKey, X509Certificate } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { objectAt, textAt } from '#payment/ask.ts'
import type { PaymentConfig } from '#payment/settings.ts'

export type PlatformCertificate = { readonly key: KeyObject; readonly fromMs: number; readonly untilMs: number }
export type PlatformCertificates = ReadonlyMap<string, PlatformCertificate>

/** Certificates are fetched anew when one is not known, at most this often, and by the day. */
const certificatesAgainMs = 60_000
const certificatesOldMs = 12 * 3_600_000
const certificatesMax = 20

const unusable = (why: string, cause?: unknown): Problem =>
  new Problem('upstream_error', { message: `The platform certificates of WeChat Pay cannot be used: ${why}.`, cause })

/** One way to write it, of several. */
const serialOf = (text: string): string => text.toUpperCase().replace(/^0+/, '')

const certificateIn = (one: unknown, open: (resource: unknown) => string): [string, PlatformCertificate] => {
  const serial = serialOf(textAt(one, 'serial_no') ?? '')
  let pem: string
  try {
    pem = open(objectAt(one, 'encrypt_certificate'))
  } catch (thrown) {
    throw unusable('they were not encrypted with our APIv3 key; check api_v3_key', thrown)
  }
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch (thrown) {
    throw unusable('what was encrypted is no certificate', thrown)
  }
  if (serialOf(certificate.serialNumber) !== serial)
    throw unusable('one has another serial number than it is listed by')
  const within = (name: string, own: Date): number => {
    const listedMs = Date.parse(textAt(one, name) ?? '')
    return Number.isNaN(listedMs) ? own.getTime() : listedMs
  }
  const [fromMs, untilMs] = [
    within('effective_time', certificate.validFromDate),
    // The list may end one early, and never late.
    Math.min(within('expire_time', certificate.validToDate), certificate.validToDate.getTime()),
  ]
  return [serial, { key: certificate.publicKey, fromMs, untilMs }]
}

/** The certificates of a list. @throws Problem `upstream_error` where one is not what it says: none is left out in silence. */
export const certificatesIn = (
  object: Readonly<Record<string, unknown>>,
  open: (resource: unknown) => string,
): PlatformCertificates => {
  const list: readonly unknown[] = Array.isArray(object['data']) ? object['data'] : []
  if (list.length === 0 || list.length > certificatesMax) throw unusable(`the list has ${list.length} of them`)
  return new Map(list.map((one) => certificateIn(one, open)))
}

/** The key of a certificate that is valid now; `null` for any other serial number. */
export const keyIn = (certificates: PlatformCertificates, serial: string, nowMs: number): KeyObject | null => {
  const found = certificates.get(serialOf(serial))
  return found === undefined || nowMs < found.fromMs || nowMs >= found.untilMs ? null : found.key
}

export type Platform = { readonly keyFor: (serial: string) => Promise<KeyObject | null> }
export type PublicKey = NonNullable<PaymentConfig['wechat']>['publicKey']

/** `fetch` gets the list, proved. What it throws is thrown where nothing that is known already can stand in. */
export const platformOf = (
  publicKey: PublicKey,
  { clock, fetch }: { readonly clock: Clock; readonly fetch: () => Promise<PlatformCertificates> },
): Platform => {
  const own = publicKey === null ? null : { id: publicKey.id, key: createPublicKey(publicKey.pem.reveal()) }
  let certificates: PlatformCertificates = new Map()
  let fetchedMs: number | null = null
  let fetching: Promise<void> | null = null
  const renew = async (): Promise<void> => {
    fetchedMs = clock.nowMs()
    certificates = await fetch()
  }
  const known = (serial: string): KeyObject | null => keyIn(certificates, serial, clock.nowMs())
  return {
    keyFor: async (serial) => {
      if (own !== null && serial === own.id) return own.key
      // A key that is not the one of the configuration would be another merchant's.
      if (serial.startsWith('PUB_KEY_ID_')) return null
      const ageMs = fetchedMs === null ? certificatesOldMs : clock.nowMs() - fetchedMs
      const isDue = ageMs >= certificatesOldMs || (known(serial) === null && ageMs >= certificatesAgainMs)
      if (isDue) fetching ??= renew().finally(() => (fetching = null))
      try {
        await fetching
      } catch (thrown) {
        if (known(serial) === null) throw thrown
      }
      return known(serial)
    },
  }
}
