/** Reports are signed with a key of this relay, which follows from its secret key: whoever has its public half can tell whether a report was changed. */

import type { KeyObject } from 'node:crypto'
import { sign, verify } from 'node:crypto'
import { canonicalJson } from '#base/canonical-json.ts'
import { privateKeyOf, publicBytesOf, publicKeyOf } from '#base/ed25519.ts'
import type { ReportData, SignedReport } from './data.ts'

type Digest = (text: string) => string

const signingKey = (digestKey: Digest): KeyObject =>
  privateKeyOf(Buffer.from(digestKey('key that migration reports are signed with'), 'hex'))

const signedText = (report: ReportData): Buffer => Buffer.from(canonicalJson(JSON.stringify(report)), 'utf8')

/** `digestKey`: HMAC-SHA-256 under the secret key, hex. */
export const signReport = (report: ReportData, digestKey: Digest): SignedReport => {
  const key = signingKey(digestKey)
  return {
    ...report,
    signature: {
      algorithm: 'Ed25519',
      public_key: publicBytesOf(key).toString('base64url'),
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
  const own = publicBytesOf(signingKey(digestKey)).equals(bytes)
  if (bytes.length !== 32) return { intact: false, own }
  return {
    intact: verify(null, signedText(report), publicKeyOf(bytes), Buffer.from(signature.value, 'base64url')),
    own,
  }
}
