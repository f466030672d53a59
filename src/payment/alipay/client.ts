/** Calls of Alipay's gateway: signed, and believed only when the answer is signed by Alipay. */

import { Buffer } from 'node:buffer'
import { createPrivateKey } from 'node:crypto'
import { Problem } from '#base/problem.ts'
import type { AskGround } from '#payment/ask.ts'
import { ask, objectAt, objectIn, textAt } from '#payment/ask.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import type { Parameters } from './sign.ts'
import { isNoticeSigned, isSignedBy, signedPart, signedRequest } from './sign.ts'
import { trustOf } from './trust.ts'

export type AlipaySettings = NonNullable<PaymentConfig['alipay']>

const production = 'https://openapi.alipay.com/gateway.do'
const billBytesMax = 64 * 1024 * 1024
const beijingMs = 8 * 3_600_000

export type AlipayAnswer = {
  readonly code: string
  readonly subCode: string
  readonly object: Readonly<Record<string, unknown>>
}

export type AlipayClient = {
  readonly call: (method: string, content: object, notifyUrl?: string | null) => Promise<AlipayAnswer>
  /** The address of a page that the payer's browser opens. */
  readonly pageUrl: (
    method: string,
    content: object,
    urls: { readonly notify: string | null; readonly back: string | null },
  ) => string
  /** The fields of a notice. @throws Problem `invalid_request_error` where Alipay did not sign it. */
  readonly notice: (bytes: Uint8Array) => Parameters
  readonly download: (url: string) => Promise<Buffer>
  /** For people: how answers are checked. */
  readonly trustWords: () => string
}

/** `yyyy-MM-dd HH:mm:ss` in Beijing time, whatever the zone of this machine is. */
export const beijingTime = (timeMs: number): string =>
  new Date(timeMs + beijingMs).toISOString().slice(0, 19).replace('T', ' ')

/** Milliseconds of such a time; `null` for anything else. */
export const fromBeijing = (text: string | null): number | null => {
  if (text === null || !/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/.test(text)) return null
  const timeMs = Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`)
  return Number.isNaN(timeMs) ? null : timeMs - beijingMs
}

const unbelieved = (kind: AlipaySettings['trust']['kind']): Problem =>
  new Problem('upstream_error', {
    message:
      kind === 'key'
        ? "An answer of Alipay is not believed: its signature does not fit. Check alipay_public_key: it is Alipay's own, not the application's."
        : 'An answer of Alipay is not believed: no certificate that is valid now signed it. Check alipay_certificate: download it anew.',
  })

const unsigned = (): Problem => new Problem('invalid_request_error', { message: 'The notice is not signed by Alipay.' })

const formOf = (bytes: Uint8Array): Parameters => {
  const fields: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(Buffer.from(bytes).toString('utf8'))) {
    // A field that came twice could be read in two ways.
    if (Object.hasOwn(fields, name)) throw unsigned()
    fields[name] = value
  }
  return fields
}

/** The parts of an answer: what is signed, byte for byte, by what. @throws Problem where the gateway refused the call. */
const signedIn = (bytes: Buffer, method: string) => {
  const whole = objectIn(bytes, 'Alipay')
  const name = `${method.replaceAll('.', '_')}_response`
  const part = signedPart(bytes.toString('utf8'), name)
  if (part !== null)
    // Read from the very bytes that are signed: a name that stands twice would be one thing to who checks and another to who reads.
    return {
      object: objectIn(Buffer.from(part), 'Alipay'),
      part,
      signature: textAt(whole, 'sign') ?? '',
      certificate: textAt(whole, 'alipay_cert_sn'),
    }
  const error = objectAt(whole, 'error_response')
  const why = textAt(error, 'sub_msg') ?? textAt(error, 'msg') ?? 'no reason given'
  throw new Problem('upstream_error', { message: `Alipay refused the call: ${why}.`.slice(0, 300) })
}

/** Makes the client; nothing is called yet. @throws Problem where certificates do not belong together. */
export const alipayClient = (settings: AlipaySettings, ground: AskGround): AlipayClient => {
  const key = createPrivateKey(settings.privateKey.reveal())
  const gateway = new URL(settings.gateway ?? production)

  const parametersOf = (
    method: string,
    content: object,
    urls: { readonly notify: string | null; readonly back: string | null },
  ) =>
    signedRequest(
      {
        app_id: settings.appId,
        method,
        format: 'JSON',
        charset: 'utf-8',
        sign_type: 'RSA2',
        timestamp: beijingTime(ground.clock.nowMs()),
        version: '1.0',
        biz_content: JSON.stringify(content),
        ...(urls.notify === null ? {} : { notify_url: urls.notify }),
        ...(urls.back === null ? {} : { return_url: urls.back }),
        ...trust.serials,
      },
      key,
    )

  const send = async (method: string, content: object, notifyUrl: string | null): Promise<Buffer> => {
    const told = await ask(ground, {
      method: 'POST',
      url: new URL(`${gateway.href}?charset=utf-8`),
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8', 'user-agent': 'drover' },
      body: new URLSearchParams(parametersOf(method, content, { notify: notifyUrl, back: null })).toString(),
    })
    if (told.status !== 200) throw new Problem('upstream_error', { message: `Alipay answered ${told.status}.` })
    return told.bytes
  }
  /** Not signed: what it gives is believed for its own issuer's sake. */
  const download = async (serial: string): Promise<string | null> => {
    const whole = objectIn(
      await send('alipay.open.app.alipaycert.download', { alipay_cert_sn: serial }, null),
      'Alipay',
    )
    const content = textAt(objectAt(whole, 'alipay_open_app_alipaycert_download_response'), 'alipay_cert_content')
    return content === null ? null : Buffer.from(content, 'base64').toString('utf8')
  }
  const trust = trustOf(settings.trust, { clock: ground.clock, download })

  const call: AlipayClient['call'] = async (method, content, notifyUrl = null) => {
    const { object, part, signature, certificate } = signedIn(await send(method, content, notifyUrl), method)
    const keys = await trust.forAnswer(certificate)
    if (!keys.some((one) => isSignedBy(part, signature, one))) throw unbelieved(settings.trust.kind)
    return { code: textAt(object, 'code') ?? '', subCode: textAt(object, 'sub_code') ?? '', object }
  }

  return {
    call,
    trustWords: trust.words,
    pageUrl: (method, content, urls) =>
      `${gateway.href}?${new URLSearchParams(parametersOf(method, content, urls)).toString()}`,
    notice: (bytes) => {
      const fields = formOf(bytes)
      const keys = trust.forNotice(fields['alipay_cert_sn'] ?? null)
      if (fields['sign_type'] !== 'RSA2' || !keys.some((one) => isNoticeSigned(fields, one))) throw unsigned()
      return fields
    },
    download: async (url) => {
      const told = await ask(ground, {
        method: 'GET',
        url: new URL(url),
        headers: {},
        body: null,
        answerBytesMax: billBytesMax,
      })
      if (told.status !== 200)
        throw new Problem('upstream_error', { message: `The bill could not be fetched (${told.status}).` })
      return told.bytes
    },
  }
}
