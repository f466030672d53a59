/** A self-signed certificate made on the spot, so that no private key lies in the project. */

import { Buffer } from 'node:buffer'
import { createSign, generateKeyPairSync } from 'node:crypto'

export type TestCertificate = { readonly cert: string; readonly key: string }

/** DER after X.690: tag, length, content. */
const element = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, ...parts)
const objectId = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'))

const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'))
const commonName = '550403'
const subjectAltName = '551d11'

const nameOf = (text: string): Buffer =>
  sequence(element(0x31, sequence(objectId(commonName), element(0x0c, Buffer.from(text)))))

/** A certificate for these host names, valid from 2020 to 2049 (RFC 5280, https://www.rfc-editor.org/rfc/rfc5280, read 2026-11-22). */
export const testCertificate = (...hosts: readonly string[]): TestCertificate => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const names = hosts.map((host) => element(0x82, Buffer.from(host)))
  const extension = sequence(objectId(subjectAltName), element(0x04, sequence(...names)))
  const body = sequence(
    element(0xa0, element(0x02, Buffer.of(2))),
    element(0x02, Buffer.of(1)),
    ecdsaWithSha256,
    nameOf('drover test'),
    sequence(element(0x17, Buffer.from('200101000000Z')), element(0x17, Buffer.from('490101000000Z'))),
    nameOf('drover test'),
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(extension)),
  )
  const signature = createSign('sha256').update(body).sign(privateKey)
  const certificate = sequence(body, ecdsaWithSha256, element(0x03, Buffer.of(0), signature))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
