/** Calls of WeChat Pay: signed, and believed only when the answer is signed by a key of the platform, of this minute. */

import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { AskGround, Told } from '#payment/ask.ts'
import { ask, objectIn, textAt } from '#payment/ask.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import type { PlatformCertificates } from './platform.ts'
import { certificatesIn, keyIn, platformOf } from './platform.ts'
import { authorizationOf, isSignedBy, openSealed } from './sign.ts'

export type WechatSettings = NonNullable<PaymentConfig['wechat']>

const production = 'https://api.mch.weixin.qq.com'
/** Answers and notices of another time are replays. */
const skewMsMax = 300_000
const billBytesMax = 64 * 1024 * 1024

export type WechatAnswer = { readonly status: number; readonly object: Readonly<Record<string, unknown>> }

export type WechatClient = {
  readonly merchantKey: KeyObject
  /** `path` with its query. Statuses under 500 are answers; others are thrown. @throws Problem `upstream_error`. */
  readonly call: (method: 'GET' | 'POST', path: string, body?: object) => Promise<WechatAnswer>
  /** The bytes of a bill, whose answer is not signed. */
  readonly download: (url: string) => Promise<Buffer>
  /** @throws Problem `invalid_request_error` for a notice that the platform did not sign, or not within 5 minutes. */
  readonly check: (notice: {
    readonly headers: Readonly<Record<string, string>>
    readonly bytes: Uint8Array
  }) => Promise<void>
  readonly open: (resource: unknown) => string
  readonly nonce: () => string
  readonly timestamp: () => string
}

const unbelieved = (why: string, isProbe = false): Problem =>
  new Problem('invalid_request_error', { message: `The signature is not believed: ${why}.`, facts: { probe: isProbe } })

/** Why our own question failed: the platform's fault, or a key of the configuration, never a caller's. */
const unbelievedAnswer = (thrown: unknown): Problem =>
  thrown instanceof Problem && thrown.code !== 'invalid_request_error'
    ? thrown
    : new Problem('upstream_error', { message: 'An answer of WeChat Pay is not believed.', cause: thrown })

/** Opens what was encrypted with our APIv3 key. */
const openerOf =
  (settings: WechatSettings) =>
  (resource: unknown): string => {
    const [ciphertext, iv] = [textAt(resource, 'ciphertext'), textAt(resource, 'nonce')]
    if (ciphertext === null || iv === null || textAt(resource, 'algorithm') !== 'AEAD_AES_256_GCM')
      throw unbelieved('what is encrypted is not in the form that is known')
    try {
      const associatedData = textAt(resource, 'associated_data') ?? ''
      return openSealed({ ciphertext, nonce: iv, associatedData }, settings.apiV3Key.reveal())
    } catch {
      // Why is always the same: it was sealed under another key.
      throw unbelieved('it was not encrypted with our APIv3 key')
    }
  }

/** Believes what is signed by one of these keys, within 5 minutes of our time. */
const checkerOf =
  ({ clock }: AskGround) =>
  async (
    {
      headers,
      bytes,
    }:
      | Pick<Told, 'headers' | 'bytes'>
      | { readonly headers: Readonly<Record<string, string>>; readonly bytes: Uint8Array },
    keyFor: (serial: string) => Promise<KeyObject | null>,
  ): Promise<void> => {
    const [time, once] = [headers['wechatpay-timestamp'] ?? '', headers['wechatpay-nonce'] ?? '']
    const [signature, serial] = [headers['wechatpay-signature'] ?? '', headers['wechatpay-serial'] ?? '']
    if (signature.startsWith('WECHATPAY/SIGNTEST/')) throw unbelieved('it is a probe', true)
    if (signature === '' || serial === '' || once === '' || !/^\d{1,12}$/.test(time))
      throw unbelieved('it is not signed')
    if (Math.abs(Number(time) * 1000 - clock.nowMs()) > skewMsMax)
      throw unbelieved('its time is not within 5 minutes of ours')
    const key = await keyFor(serial)
    if (key === null) throw unbelieved('its key is not one of the platform')
    if (!isSignedBy({ timestamp: time, nonce: once, signature, bytes }, key)) throw unbelieved('it does not fit')
  }

/** Makes the client; nothing is called yet. */
export const wechatClient = (settings: WechatSettings, ground: AskGround & { readonly ids: Ids }): WechatClient => {
  const { clock, ids } = ground
  const merchantKey = createPrivateKey(settings.privateKey.reveal())
  const merchant = { id: settings.merchantId, serial: settings.certificateSerial, key: merchantKey }
  const base = settings.api ?? production
  const nonce = (): string => Buffer.from(ids.bytes(16)).toString('hex').toUpperCase()
  const timestamp = (): string => String(Math.floor(clock.nowMs() / 1000))

  const open = openerOf(settings)

  const send = (method: string, url: URL, text: string | null): Promise<Told> => {
    const signed = {
      method,
      path: `${url.pathname}${url.search}`,
      timestamp: timestamp(),
      nonce: nonce(),
      body: text ?? '',
    }
    return ask(ground, {
      method,
      url,
      headers: {
        accept: 'application/json',
        'user-agent': 'drover',
        authorization: authorizationOf(signed, merchant),
        ...(text === null ? {} : { 'content-type': 'application/json' }),
        ...(settings.publicKey === null ? {} : { 'wechatpay-serial': settings.publicKey.id }),
      },
      body: text,
      answerBytesMax: url.pathname.includes('/billdownload/') ? billBytesMax : 1024 * 1024,
    })
  }

  const checkWith = checkerOf(ground)
  /**
   * The certificates prove themselves: who can encrypt them has our APIv3 key, and the answer is signed by one of them, or by the public
   * key where that is what we ask with.
   */
  const fetchCertificates = async (): Promise<PlatformCertificates> => {
    const told = await send('GET', new URL('/v3/certificates', base), null)
    if (told.status !== 200)
      throw new Problem('upstream_error', { message: `WeChat Pay refused the platform certificates (${told.status}).` })
    const found = certificatesIn(objectIn(told.bytes, 'WeChat Pay'), open)
    const { publicKey } = settings
    try {
      await checkWith(told, async (serial) =>
        publicKey !== null && serial === publicKey.id
          ? createPublicKey(publicKey.pem.reveal())
          : keyIn(found, serial, clock.nowMs()),
      )
    } catch (thrown) {
      throw unbelievedAnswer(thrown)
    }
    return found
  }
  const platform = platformOf(settings.publicKey, { clock, fetch: fetchCertificates })

  return {
    merchantKey,
    nonce,
    timestamp,
    open,
    check: (notice) => checkWith(notice, platform.keyFor),
    call: async (method, path, body) => {
      const told = await send(method, new URL(path, base), body === undefined ? null : JSON.stringify(body))
      if (told.status >= 500 || told.status === 401 || told.status === 429)
        throw new Problem('upstream_error', {
          message: `WeChat Pay answered ${told.status}${told.status === 401 ? ': check merchant number, serial and private key' : ''}.`,
        })
      try {
        await checkWith(told, platform.keyFor)
      } catch (thrown) {
        throw unbelievedAnswer(thrown)
      }
      return { status: told.status, object: told.bytes.length === 0 ? {} : objectIn(told.bytes, 'WeChat Pay') }
    },
    download: async (url) => {
      // We sign what we ask there: only where the API itself is.
      if (new URL(url).host !== new URL(base).host)
        throw new Problem('upstream_error', { message: 'The bill of WeChat Pay is said to lie at a foreign address.' })
      const told = await send('GET', new URL(url), null)
      if (told.status !== 200)
        throw new Problem('upstream_error', { message: `The bill could not be fetched (${told.status}).` })
      return told.bytes
    },
  }
}
