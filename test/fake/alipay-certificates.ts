/**
 * Alipay's certificates: two roots (one of them not RSA, as in the file that Alipay gives out), an intermediate, the application's
 * certificate, and one that signs, which another may follow. Serial numbers are reckoned from the names as they were written, not read back.
 */

import type { KeyObject } from 'node:crypto'
import { createHash, generateKeyPairSync } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import type { NameParts } from './certificate.ts'
import { certificateOf } from './certificate.ts'
import type { KeyPair } from './platform-certificates.ts'

export type AlipaySigner = {
  readonly serial: string
  readonly key: KeyObject
  /** The certificate, and its issuer behind it. */
  readonly pem: string
}

export type AlipayCertificates = {
  readonly pems: { readonly application: string; readonly root: string; readonly alipay: string }
  readonly serials: { readonly application: string; readonly root: string }
  readonly signer: () => AlipaySigner
  /** Another certificate signs from now on. `how`: what is wrong with it. */
  readonly follow: (pair: KeyPair, how?: Following) => AlipaySigner
  /** What the gateway gives for a serial number: base64 of PEM. */
  readonly download: (serial: string) => string | null
}

export type Following = {
  /** Issued by nobody whom Alipay's roots know. */
  readonly isForeign?: boolean
  /** Made out to somebody else, by the same issuer. */
  readonly owner?: string
  readonly untilMs?: number
}

export type AlipayCertificateKeys = { readonly root: KeyPair; readonly issuer: KeyPair }

const yearMs = 365 * 86_400_000
const authority = (name: string): NameParts => [
  ['C', 'CN'],
  ['O', 'Ant Financial'],
  ['OU', 'Certification Authority'],
  ['CN', `Ant Financial Certification Authority ${name}`],
]
const person = (name: string): NameParts => [
  ['C', 'CN'],
  ['O', '支付宝(中国)网络技术有限公司'],
  ['OU', 'Alipay'],
  ['CN', name],
]
const owner = '支付宝(中国)网络技术有限公司-2088000000000001'

const serialOf = (issuer: NameParts, serial: bigint): string => {
  const name = [...issuer].reverse().map(([kind, text]) => `${kind}=${text}`)
  return createHash('md5')
    .update(`${name.join(',')}${serial}`)
    .digest('hex')
}

/** Keys that a whole run may share. */
export const alipayCertificateKeys = (): AlipayCertificateKeys => {
  const pair = (): KeyPair => generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { root: pair(), issuer: pair() }
}

/** Everything that a merchant in certificate mode downloads, and what the gateway has. */
export function alipayCertificates(
  clock: Clock,
  given: {
    readonly authorities: AlipayCertificateKeys
    readonly application: KeyObject
    readonly platform: KeyPair
  },
): AlipayCertificates {
  const fromMs = clock.nowMs() - yearMs
  const [r1, e1, class2] = [authority('R1'), authority('E1'), authority('Class 2 R1')]
  const { root, issuer } = given.authorities
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const common = { fromMs, untilMs: clock.nowMs() + 10 * yearMs, isAuthority: true }
  const rootOf = (name: NameParts, { publicKey, privateKey }: KeyPair, serial: bigint): string =>
    certificateOf({ ...common, subject: name, issuer: name, publicKey, issuerKey: privateKey, serial })
  const between = certificateOf({
    ...{ ...common, subject: class2, issuer: r1, publicKey: issuer.publicKey, issuerKey: root.privateKey },
    serial: 8_483_372_036_854_775_807n,
  })
  let made = 0x20200514e63c2fe04d538716fe21358bn
  const issued = (publicKey: KeyObject, how: Following & { readonly owner: string }) => {
    made += 1n
    const byWhom = how.isForeign === true ? authority('Class 2 R9') : class2
    const pem = certificateOf({
      ...{ fromMs, untilMs: how.untilMs ?? clock.nowMs() + 2 * yearMs, isAuthority: false },
      ...{ subject: person(how.owner), issuer: byWhom, publicKey, serial: made },
      issuerKey: how.isForeign === true ? elliptic.privateKey : issuer.privateKey,
    })
    return { pem, serial: serialOf(byWhom, made) }
  }
  const known = new Map<string, string>()
  const signerOf = ({ publicKey, privateKey }: KeyPair, how: Following): AlipaySigner => {
    const { pem, serial } = issued(publicKey, { owner, ...how })
    const foreign = how.isForeign === true ? rootOf(authority('Class 2 R9'), elliptic, 9n) : between
    known.set(serial, `${pem}${foreign}`)
    return { serial, key: privateKey, pem: `${pem}${foreign}` }
  }
  const application = issued(given.application, { owner: 'Example Ltd-2088000000000001' })
  let signer = signerOf(given.platform, {})
  const [rootSerial, otherSerial] = [0x1fcfa18d6a480d11n, 0x417efa52c07fdf4an]
  return {
    pems: {
      application: application.pem,
      root: `${rootOf(e1, elliptic, otherSerial)}${rootOf(r1, root, rootSerial)}`,
      alipay: signer.pem,
    },
    serials: { application: application.serial, root: serialOf(r1, rootSerial) },
    signer: () => signer,
    follow: (pair, how = {}) => {
      signer = signerOf(pair, how)
      return signer
    },
    download: (serial) => {
      const pem = known.get(serial)
      return pem === undefined ? null : Buffer.from(pem).toString('base64')
    },
  }
}
