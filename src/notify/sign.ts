/**
 * Signatures of outgoing webhooks, as Standard Webhooks has them: HMAC-SHA256 over `id.timestamp.body`, base64
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read 2026-11-28).
 */

import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import type { Secret } from '#base/log.ts'

const prefix = 'whsec_'

/** `whsec_` and base64 is the key's own form; any other text is taken by its bytes. */
const keyOf = (secret: Secret): Buffer => {
  const text = secret.reveal()
  return text.startsWith(prefix) ? Buffer.from(text.slice(prefix.length), 'base64') : Buffer.from(text, 'utf8')
}

export type SignRequest = {
  readonly id: string
  readonly timeMs: number
  readonly body: string
  readonly secret: Secret
}

/** The three headers that a receiver checks; the timestamp is in whole seconds. */
export const signatureHeaders = ({ id, timeMs, body, secret }: SignRequest): Readonly<Record<string, string>> => {
  const timestamp = String(Math.floor(timeMs / 1000))
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
