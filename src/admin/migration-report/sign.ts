/** Reports are signed with a key of this relay, which follows from its secret key: whoever has its public half can tell whether a report was changed. */

import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { canonicalJson } from '#base/canonical-json.ts'
import type { ReportData, SignedReport } from './data.ts'

/** What precedes the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7), and in a public key's info. */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

type Digest = (text: string) => string

const signingKey = (digestKey: Digest): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([privatePrefix, Buffer.from(digestKey('key that migration reports are signed with'), 'hex')]),
    format: 'der',
    type: 'pkcs8',
  })

const publicBytes = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length)

const signedText = (report: ReportData): Buffer => Buffer.from(canonicalJson(JSON.stringify(report)), 'utf8')

/** `digestKey`: HMAC-SHA-256 under the secret key, hex. */
export const signReport = (report: ReportData, digestKey: Digest): SignedReport => {
  const key = signingKey(digestKey)
  return {
    ...report,
    signature: {
      algorithm: 'Ed25519',
      public_key: publicBytes(key).toString('base64url'),
      value: sign(null, signedText(report), key).toString('base64url'),
    },
  }
}

export type SignatureVerdict = {
  /** Nothing of it was changed since it was signed. */
  readonly intact: boolean
  /** It was signed by this relay, or one with the same secret key. */
  readonly own: boolean
}

export const checkSignature = ({ signature, ...report }: SignedReport, digestKey: Digest): SignatureVerdict => {
  const bytes = Buffer.from(signature.public_key, 'base64url')
  const own = publicBytes(signingKey(digestKey)).equals(bytes)
  if (bytes.length !== 32) return { intact: false, own }
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' })
  return { intact: verify(null, signedText(report), key, Buffer.from(signature.value, 'base64url')), own }
}
