/**
 * Signatures of Alipay's gateway (RSA2 = RSA with SHA-256) and the serial numbers of certificate mode:
 * https://opendocs.alipay.com/common/02mse7 and https://opendocs.alipay.com/common/02mriz (from memory).
 */

import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import { createHash, sign, verify, X509Certificate } from 'node:crypto'

export type Parameters = Readonly<Record<string, string>>

/** Names in order, values as they are, nothing encoded; what is empty is not signed. */
export const textOf = (parameters: Parameters, without: readonly string[] = []): string =>
  Object.keys(parameters)
    .filter((name) => !without.includes(name) && (parameters[name] ?? '') !== '')
    .sort()
    .map((name) => `${name}=${parameters[name] ?? ''}`)
    .join('&')

export const signText = (text: string, key: KeyObject): string =>
  sign('sha256', Buffer.from(text), key).toString('base64')

/** Only ever SHA-256: what a notice says of its own algorithm is not asked. */
export const isSignedBy = (text: string, signature: string, key: KeyObject): boolean =>
  /^[A-Za-z0-9+/]{40,1400}={0,2}$/.test(signature) &&
  verify('sha256', Buffer.from(text), key, Buffer.from(signature, 'base64'))

/** A request is signed with everything but the signature itself. */
export const signedRequest = (parameters: Parameters, key: KeyObject): Parameters => ({
  ...parameters,
  sign: signText(textOf(parameters, ['sign']), key),
})

/**
 * A notice is signed without `sign` and `sign_type`. The certificate that it may name only says by which key; whether it is in the signed
 * text is told in two ways (Alipay's own SDKs leave it in, others take it out), and neither lets anything else be changed.
 */
export const isNoticeSigned = (parameters: Parameters, key: KeyObject): boolean => {
  const isSigned = (without: readonly string[]): boolean =>
    isSignedBy(textOf(parameters, ['sign', 'sign_type', ...without]), parameters['sign'] ?? '', key)
  return isSigned([]) || (Object.hasOwn(parameters, 'alipay_cert_sn') && isSigned(['alipay_cert_sn']))
}

/** Where the text of `"name":{…}` lies in an answer: the signature is over those bytes, not over JSON written anew. */
export const signedPart = (text: string, name: string): string | null => {
  const start = text.indexOf(`"${name}"`)
  const from = start < 0 ? -1 : text.indexOf('{', start)
  if (from < 0) return null
  let [depth, inString, escaped] = [0, false, false]
  for (let at = from; at < text.length; at += 1) {
    const character = text[at]
    if (inString) {
      if (escaped) escaped = false
      else if (character === '\\') escaped = true
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{') depth += 1
    else if (character === '}') {
      depth -= 1
      if (depth === 0) return text.slice(from, at + 1)
    }
  }
  return null
}

/** Issuer as Alipay writes it: the last part first, `CN=…,OU=…,O=…,C=…`. */
const issuerOf = ({ issuer }: X509Certificate): string => issuer.split('\n').reverse().join(',')

/** MD5 of the issuer and the serial number in decimals: what a certificate is known by at the gateway. */
export const serialOf = (certificate: X509Certificate): string =>
  createHash('md5')
    .update(`${issuerOf(certificate)}${BigInt(`0x${certificate.serialNumber}`).toString()}`)
    .digest('hex')

const blocks = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** Certificates of a PEM, in their order. */
export const certificatesIn = (pem: string): readonly X509Certificate[] =>
  (pem.match(blocks) ?? []).map((block) => new X509Certificate(block))

/** Of the roots only those count that are signed by RSA; Alipay's file has others too. */
export const rootSerialOf = (pem: string): string =>
  certificatesIn(pem)
    .filter(({ publicKey }) => publicKey.asymmetricKeyType === 'rsa')
    .map(serialOf)
    .join('_')
