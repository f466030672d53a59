/** Calls of Alipay's gateway: signed, and believed only when the answer is signed by Alipay. */

import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { Problem } from '#base/problem.ts'
import type { AskGround } from '#payment/ask.ts'
import { ask, objectAt, objectIn, textAt } from '#payment/ask.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import type { Parameters } from './sign.ts'
import {
  certificatesIn,
  isNoticeSigned,
  isSignedBy,
  rootSerialOf,
  serialOf,
  signedPart,
  signedRequest,
} from './sign.ts'

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

type Trust = { readonly keys: readonly KeyObject[]; readonly serials: Parameters; readonly known: ReadonlySet<string> }

/** In certificate mode keys come from certificates that one of the roots has issued; one may follow another, so there may be several. */
const trustOf = ({ trust }: AlipaySettings): Trust => {
  if (trust.kind === 'key') return { keys: [createPublicKey(trust.publicKey.reveal())], serials: {}, known: new Set() }
  const [application] = certificatesIn(trust.application.reveal())
  const roots = certificatesIn(trust.root.reveal())
  const chain = certificatesIn(trust.alipay.reveal())
  const issuers = [...roots, ...chain]
  const believed = chain.filter(
    (one) => !one.ca && issuers.some((issuer) => issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey)),
  )
  if (application === undefined || believed.length === 0)
    throw new Problem('invalid_request_error', {
      message: "Alipay's certificate was issued by none of the root certificates, or the application's is none.",
      param: 'payments.alipay.alipay_certificate',
    })
  return {
    keys: believed.map(({ publicKey }) => publicKey),
    serials: { app_cert_sn: serialOf(application), alipay_root_cert_sn: rootSerialOf(trust.root.reveal()) },
    known: new Set(believed.map(serialOf)),
  }
}

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

/** Makes the client; nothing is called yet. @throws Problem where certificates do not belong together. */
export const alipayClient = (settings: AlipaySettings, ground: AskGround): AlipayClient => {
  const key = createPrivateKey(settings.privateKey.reveal())
  const trust = trustOf(settings)
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

  const call: AlipayClient['call'] = async (method, content, notifyUrl = null) => {
    const told = await ask(ground, {
      method: 'POST',
      url: new URL(`${gateway.href}?charset=utf-8`),
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8', 'user-agent': 'drover' },
      body: new URLSearchParams(parametersOf(method, content, { notify: notifyUrl, back: null })).toString(),
    })
    if (told.status !== 200) throw new Problem('upstream_error', { message: `Alipay answered ${told.status}.` })
    const text = told.bytes.toString('utf8')
    const whole = objectIn(told.bytes, 'Alipay')
    const name = `${method.replaceAll('.', '_')}_response`
    const object = objectAt(whole, name)
    const part = signedPart(text, name)
    const signature = textAt(whole, 'sign') ?? ''
    const serial = textAt(whole, 'alipay_cert_sn')
    const isKnown = trust.known.size === 0 || (serial !== null && trust.known.has(serial))
    if (object === null || part === null) {
      const error = objectAt(whole, 'error_response')
      throw new Problem('upstream_error', {
        message:
          `Alipay refused the call: ${textAt(error, 'sub_msg') ?? textAt(error, 'msg') ?? 'no reason given'}.`.slice(
            0,
            300,
          ),
      })
    }
    if (!isKnown || !trust.keys.some((one) => isSignedBy(part, signature, one)))
      throw new Problem('upstream_error', {
        message:
          "An answer of Alipay is not believed: its signature does not fit. Check alipay_public_key: it is Alipay's own, not the application's.",
      })
    return { code: textAt(object, 'code') ?? '', subCode: textAt(object, 'sub_code') ?? '', object }
  }

  return {
    call,
    pageUrl: (method, content, urls) =>
      `${gateway.href}?${new URLSearchParams(parametersOf(method, content, urls)).toString()}`,
    notice: (bytes) => {
      const fields = formOf(bytes)
      if (fields['sign_type'] !== 'RSA2' || !trust.keys.some((one) => isNoticeSigned(fields, one))) throw unsigned()
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
