/**
 * Signatures and ciphers of WeChat Pay API v3. What is signed is lines, each with its line end, the empty body too:
 * https://pay.weixin.qq.com/doc/v3/merchant/4012365342 (from memory; the request itself: 4012525095, read 2026-11-29).
 */

import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import { createDecipheriv, sign, verify } from 'node:crypto'

const tagBytes = 16
const lines = (parts: readonly string[]): string => `${parts.join('\n')}\n`

export type SignedRequest = {
  readonly method: string
  /** With its query, as it is sent. */
  readonly path: string
  readonly timestamp: string
  readonly nonce: string
  readonly body: string
}

/** The text of a request that is signed. */
export const requestText = ({ method, path, timestamp, nonce, body }: SignedRequest): string =>
  lines([method, path, timestamp, nonce, body])

/** RSA with SHA-256, base64. */
export const signText = (text: string, key: KeyObject): string =>
  sign('sha256', Buffer.from(text), key).toString('base64')

/** The header `authorization` of a request. */
export const authorizationOf = (
  request: SignedRequest,
  merchant: { readonly id: string; readonly serial: string; readonly key: KeyObject },
): string => {
  const fields = {
    mchid: merchant.id,
    nonce_str: request.nonce,
    timestamp: request.timestamp,
    serial_no: merchant.serial,
    signature: signText(requestText(request), merchant.key),
  }
  const text = Object.entries(fields).map(([name, value]) => `${name}="${value}"`)
  return `WECHATPAY2-SHA256-RSA2048 ${text.join(',')}`
}

export type SignedAnswer = {
  readonly timestamp: string
  readonly nonce: string
  readonly signature: string
  /** The bytes as they came: JSON written anew is other bytes. */
  readonly bytes: Uint8Array
}

/** Whether an answer or a notice is signed by this key. */
export const isSignedBy = ({ timestamp, nonce, signature, bytes }: SignedAnswer, key: KeyObject): boolean => {
  if (!/^[A-Za-z0-9+/]{40,1400}={0,2}$/.test(signature)) return false
  const text = Buffer.concat([Buffer.from(lines([timestamp, nonce])), Buffer.from(bytes), Buffer.from('\n')])
  return verify('sha256', text, key, Buffer.from(signature, 'base64'))
}

export type Sealed = { readonly ciphertext: string; readonly nonce: string; readonly associatedData: string }

/** AES-256-GCM under the APIv3 key; the last 16 bytes are the tag. @throws Error where key, text or data are not those it was sealed with. */
export const openSealed = ({ ciphertext, nonce, associatedData }: Sealed, apiV3Key: string): string => {
  const bytes = Buffer.from(ciphertext, 'base64')
  if (bytes.length < tagBytes) throw new Error('too short for its tag')
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(Buffer.from(associatedData))
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
  return Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - tagBytes)), decipher.final()]).toString('utf8')
}

/** What the wallet's script in its own browser is given. */
export const scriptParameters = (
  pay: { readonly appId: string; readonly prepayId: string; readonly timestamp: string; readonly nonce: string },
  key: KeyObject,
): Readonly<Record<string, string>> => {
  const prepay = `prepay_id=${pay.prepayId}`
  return {
    appId: pay.appId,
    timeStamp: pay.timestamp,
    nonceStr: pay.nonce,
    package: prepay,
    signType: 'RSA',
    paySign: signText(lines([pay.appId, pay.timestamp, pay.nonce, prepay]), key),
  }
}
