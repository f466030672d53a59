/** X.509 certificates in DER, written by hand (RFC 5280, X.690): tests run where there is no OpenSSL program. */

import type { KeyObject } from 'node:crypto'
import { sign } from 'node:crypto'

/** Parts of a name in the order of the certificate: `[['C', 'CN'], ['O', 'Ant'], ['CN', 'Root']]`. */
export type NameParts = readonly (readonly ['C' | 'O' | 'OU' | 'CN', string])[]

export type CertificateRequest = {
  readonly subject: NameParts
  readonly issuer: NameParts
  /** The public key that is certified. */
  readonly publicKey: KeyObject
  /** The issuer's private key: RSA, or EC on P-256. */
  readonly issuerKey: KeyObject
  readonly serial: bigint
  readonly fromMs: number
  readonly untilMs: number
  readonly isAuthority: boolean
}

const lengthOf = (size: number): Buffer => {
  if (size < 0x80) return Buffer.of(size)
  const bytes = Buffer.from(size.toString(16).padStart(size > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes])
}

const element = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content])
}

const sequence = (...contents: readonly Uint8Array[]): Buffer => element(0x30, ...contents)

const integer = (value: bigint): Buffer => {
  const text = value.toString(16)
  const bytes = Buffer.from(text.padStart(text.length + (text.length % 2), '0'), 'hex')
  // A first bit of one would make it negative.
  return element(0x02, (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

const objectId = (text: string): Buffer => {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = rest.flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return element(0x06, Buffer.of(first * 40 + second, ...bytes))
}

const bitString = (bytes: Uint8Array): Buffer => element(0x03, Buffer.of(0), bytes)
const explicit = (number: number, content: Uint8Array): Buffer => element(0xa0 | number, content)

/** 20261129040000Z: with four digits of the year, whatever the year. */
const time = (timeMs: number): Buffer =>
  element(0x18, Buffer.from(`${new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`))

const attributes = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const
const utf8Tag = 0x0c
const printableTag = 0x13

const nameOf = (parts: NameParts): Buffer =>
  sequence(
    ...parts.map(([kind, text]) =>
      element(
        0x31,
        sequence(objectId(attributes[kind]), element(kind === 'C' ? printableTag : utf8Tag, Buffer.from(text))),
      ),
    ),
  )

const algorithmOf = (key: KeyObject): Buffer =>
  key.asymmetricKeyType === 'rsa'
    ? sequence(objectId('1.2.840.113549.1.1.11'), element(0x05))
    : sequence(objectId('1.2.840.10045.4.3.2'))

const basicConstraints = (): Buffer =>
  sequence(
    objectId('2.5.29.19'),
    element(0x01, Buffer.of(0xff)),
    element(0x04, sequence(element(0x01, Buffer.of(0xff)))),
  )

/** The certificate in PEM, signed with SHA-256. */
export function certificateOf(request: CertificateRequest): string {
  const { subject, issuer, publicKey, issuerKey, serial, fromMs, untilMs, isAuthority } = request
  const version3 = explicit(0, integer(2n))
  const body = sequence(
    version3,
    integer(serial),
    algorithmOf(issuerKey),
    nameOf(issuer),
    sequence(time(fromMs), time(untilMs)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(isAuthority ? [explicit(3, sequence(basicConstraints()))] : []),
  )
  const whole = sequence(body, algorithmOf(issuerKey), bitString(sign('sha256', body, issuerKey)))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
