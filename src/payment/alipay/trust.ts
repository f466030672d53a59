/**
 * Whom the gateway is believed by: one public key, or certificates that lead to Alipay's roots. A certificate that follows another is named
 * by answers before anybody here knows it; the gateway gives it for the asking (`alipay.open.app.alipaycert.download`, whose answer is not
 * signed), and it is believed when it leads to the same roots and is made out to the same subject:
 * https://opendocs.alipay.com/common/02mriz and AntCertificationUtil of Alipay's SDK for Java (read 2026-11-29).
 */

import type { KeyObject, X509Certificate } from 'node:crypto'
import { createPublicKey } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import type { Parameters } from './sign.ts'
import { certificatesIn, rootSerialOf, serialOf } from './sign.ts'

type TrustSettings = NonNullable<PaymentConfig['alipay']>['trust']
type CertificateSettings = Extract<TrustSettings, { readonly kind: 'certificates' }>

export type Trust = {
  /** What a request says of certificates. */
  readonly serials: Parameters
  /** The keys that a notice may be signed by. `serial`: the certificate that it names, if it does. */
  readonly forNotice: (serial: string | null) => readonly KeyObject[]
  /** The keys that an answer may be signed by; where it names a certificate that follows another, that is fetched. */
  readonly forAnswer: (serial: string | null) => Promise<readonly KeyObject[]>
  /** For people: how answers are checked. */
  readonly words: () => string
}

/** Intermediate certificates between a root and one that signs. */
const chainMax = 4
/** A follow-up is asked for at most this often. */
const downloadAgainMs = 60_000

/** Those that sign and lead to a root; intermediates may stand beside them. */
const believedOf = (
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  isValid: (one: X509Certificate) => boolean,
): readonly X509Certificate[] => {
  const issuers = roots.filter((one) => one.ca && isValid(one))
  const isIssued = (one: X509Certificate): boolean =>
    isValid(one) && issuers.some((issuer) => one.checkIssued(issuer) && one.verify(issuer.publicKey))
  for (let depth = 0; depth < chainMax; depth += 1)
    issuers.push(...chain.filter((one) => one.ca && !issuers.includes(one) && isIssued(one)))
  return chain.filter((one) => !one.ca && isIssued(one))
}

const isWithin = (one: X509Certificate, nowMs: number): boolean =>
  nowMs >= one.validFromDate.getTime() && nowMs < one.validToDate.getTime()

const fault = (message: string, param: string): Problem =>
  new Problem('invalid_request_error', { message, param: `payments.alipay.${param}` })

const readCertificates = (pem: string, param: string): readonly X509Certificate[] => {
  try {
    const found = certificatesIn(pem)
    if (found.length > 0) return found
  } catch (thrown) {
    throw new Problem('invalid_request_error', {
      message: 'A certificate cannot be read: it must be X.509 in PEM.',
      param: `payments.alipay.${param}`,
      cause: thrown,
    })
  }
  throw fault('There is no certificate in PEM.', param)
}

const downloaded = (pem: string): readonly X509Certificate[] => {
  try {
    return certificatesIn(pem)
  } catch (thrown) {
    throw new Problem('upstream_error', { message: 'Alipay gave a certificate that cannot be read.', cause: thrown })
  }
}

const byCertificates = (
  settings: CertificateSettings,
  { clock, download }: { readonly clock: Clock; readonly download: (serial: string) => Promise<string | null> },
): Trust => {
  const [application] = readCertificates(settings.application.reveal(), 'app_certificate')
  const roots = readCertificates(settings.root.reveal(), 'root_certificate')
  const given = readCertificates(settings.alipay.reveal(), 'alipay_certificate')
  // Whether they have ended is a question of the moment that they are used in.
  const named = believedOf(given, roots, () => true)
  if (application === undefined || named.length === 0)
    throw fault("Alipay's certificate was issued by none of the root certificates.", 'alipay_certificate')
  const subjects = new Set(named.map(({ subject }) => subject))
  let chain = given
  let askedMs: number | null = null
  const valid = (): readonly X509Certificate[] => believedOf(chain, roots, (one) => isWithin(one, clock.nowMs()))
  const keysNamed = (serial: string): readonly KeyObject[] =>
    valid()
      .filter((one) => serialOf(one) === serial)
      .map(({ publicKey }) => publicKey)
  const follow = async (serial: string): Promise<void> => {
    if (askedMs !== null && clock.nowMs() - askedMs < downloadAgainMs) return
    askedMs = clock.nowMs()
    const pem = await download(serial)
    if (pem === null) return
    const found = downloaded(pem)
    // Others have certificates of the same issuers: it must be the one that was asked for, of the same owner.
    const isFollowing = (one: X509Certificate): boolean => serialOf(one) === serial && subjects.has(one.subject)
    if (found.some(isFollowing)) chain = [...chain, ...found.filter((one) => one.ca || isFollowing(one))]
  }
  return {
    serials: { app_cert_sn: serialOf(application), alipay_root_cert_sn: rootSerialOf(settings.root.reveal()) },
    // Never fetched for a notice: anybody can send one, and would keep us asking.
    forNotice: (serial) => (serial === null ? valid().map(({ publicKey }) => publicKey) : keysNamed(serial)),
    forAnswer: async (serial) => {
      if (serial === null) return []
      if (keysNamed(serial).length === 0) await follow(serial)
      return keysNamed(serial)
    },
    words: () => {
      const ends = valid().map(({ validToDate }) => validToDate.toISOString().slice(0, 10))
      return ends.length === 0 ? 'by certificate, and all have ended' : `by certificate, until ${ends.sort().at(-1)}`
    },
  }
}

/** @throws Problem where certificates cannot be read or do not belong together. */
export const trustOf = (
  settings: TrustSettings,
  ground: { readonly clock: Clock; readonly download: (serial: string) => Promise<string | null> },
): Trust => {
  if (settings.kind === 'certificates') return byCertificates(settings, ground)
  const keys = [createPublicKey(settings.publicKey.reveal())]
  return { serials: {}, forNotice: () => keys, forAnswer: async () => keys, words: () => 'by public key' }
}
