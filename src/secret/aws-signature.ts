/**
 * Amazon's Signature Version 4 over a whole request, made for each attempt: its time is part of it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html, read 2026-11-28.
 */

import type { Hash, Hmac } from 'node:crypto'
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Secret } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { UpstreamRequest } from '#http/transport.ts'

export type AccessKey = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export type SigningPlace = { readonly region: string; readonly service: string; readonly nowMs: number }

type Signed = Pick<UpstreamRequest, 'method' | 'url' | 'headers' | 'body'>

type Bytes = string | ArrayBuffer | ArrayBufferView

const plain = (value: Bytes): string | Uint8Array => {
  if (typeof value === 'string') return value
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value)
}

/** The machine's own SHA-256, in the form that the signer wants: pictures of megabytes pass through it. */
class Sha256 {
  readonly #secret: Bytes | undefined
  #hash: Hash | Hmac

  constructor(secret?: Bytes) {
    this.#secret = secret
    this.#hash = this.#begin()
  }

  update(bytes: Bytes): void {
    this.#hash.update(plain(bytes))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    this.#hash = this.#begin()
  }

  #begin(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', plain(this.#secret))
  }
}

const textIn = (object: Readonly<Record<string, unknown>>, ...names: readonly string[]): string | null => {
  for (const name of names) {
    const value = object[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return null
}

/** The JSON that `aws sts` and secret stores give; `null` = it is no access key. */
const readDocument = (text: string): AccessKey | null => {
  if (!text.trimStart().startsWith('{')) return null
  let document: Readonly<Record<string, unknown>>
  try {
    const value = JSON.parse(text)
    document = typeof value.Credentials === 'object' && value.Credentials !== null ? value.Credentials : value
  } catch {
    // Begins like JSON and is none: a key of another kind.
    return null
  }
  const accessKeyId = textIn(document, 'AccessKeyId', 'accessKeyId', 'access_key_id', 'aws_access_key_id')
  const secret = textIn(document, 'SecretAccessKey', 'secretAccessKey', 'secret_access_key', 'aws_secret_access_key')
  const sessionToken = textIn(document, 'SessionToken', 'sessionToken', 'session_token', 'aws_session_token')
  if (accessKeyId === null || secret === null) return null
  return { accessKeyId, secretAccessKey: secret, ...(sessionToken === null ? {} : { sessionToken }) }
}

/** The access key that a credential is, by itself or beside `options.access_key_id`; `null` = it is a token to be sent as it is. */
export const accessKeyOf = (credential: Secret, options: Readonly<Record<string, string>> = {}): AccessKey | null => {
  const text = credential.reveal()
  const { access_key_id: accessKeyId } = options
  return accessKeyId === undefined ? readDocument(text) : { accessKeyId, secretAccessKey: text }
}

/** The headers of the request with its signature among them. */
export const signRequest = async (
  { method, url: address, headers, body }: Signed,
  key: AccessKey,
  { region, service, nowMs }: SigningPlace,
): Promise<Readonly<Record<string, string>>> => {
  if (body.kind === 'stream') throw new Problem('upstream_error', { message: 'A body that streams cannot be signed.' })
  const url = new URL(address)
  const signer = new SignatureV4({ credentials: { ...key }, region, service, sha256: Sha256, applyChecksum: false })
  const { authorization: _authorization, ...others } = headers
  // All that Amazon itself reads must be signed.
  const own = Object.entries(others).filter(([name]) => name.startsWith('x-amz-'))
  const { headers: signed } = await signer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      // What a proxy may add or change on the way is left out.
      headers: {
        host: url.host,
        ...(others['content-type'] === undefined ? {} : { 'content-type': others['content-type'] }),
        ...Object.fromEntries(own),
      },
      ...(body.kind === 'bytes' ? { body: body.bytes } : {}),
    },
    { signingDate: new Date(nowMs) },
  )
  const { host: _host, ...rest } = signed
  return { ...others, ...rest }
}
