/**
 * Calls of Stripe's API and its signed events. Forms with brackets, idempotency keys, HMAC over the raw body:
 * https://docs.stripe.com/api/idempotent_requests, https://docs.stripe.com/webhooks#verify-manually (from memory). Written here, not by
 * Stripe's SDK, which takes 23 MB and goes past the guard of our ways out; interop/ holds it against that SDK.
 */

import { Buffer } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from '#base/problem.ts'
import type { AskGround } from '#payment/ask.ts'
import { ask, objectAt, objectIn, textAt } from '#payment/ask.ts'
import type { PaymentConfig } from '#payment/settings.ts'

export type StripeSettings = NonNullable<PaymentConfig['stripe']>

const production = 'https://api.stripe.com'
/** Answers have the form of this version, whatever the account's default is. */
const apiVersion = '2024-06-20'
/** Events of another time are replays. */
const skewSecondsMax = 300
const signaturesMax = 10

type Field = string | number | boolean | null | { readonly [name: string]: Field } | readonly Field[]

/** `{ a: { b: [1] } }` is `a[b][0]=1`; `null` is left out. */
export const formOf = (fields: { readonly [name: string]: Field }): string => {
  const pairs: [string, string][] = []
  const add = (name: string, value: Field): void => {
    if (value === null) return
    if (typeof value === 'object')
      for (const [inner, one] of Object.entries(value)) add(`${name}[${inner}]`, one as Field)
    else pairs.push([name, String(value)])
  }
  for (const [name, value] of Object.entries(fields)) add(name, value)
  return new URLSearchParams(pairs).toString()
}

export type StripeClient = {
  readonly isLive: boolean
  readonly get: (path: string) => Promise<Readonly<Record<string, unknown>>>
  /** The same key and fields give the same answer, for a day at least. */
  readonly post: (
    path: string,
    fields: { readonly [name: string]: Field },
    idempotencyKey?: string,
  ) => Promise<Readonly<Record<string, unknown>>>
  /** The event of a notice. @throws Problem `invalid_request_error` where Stripe did not sign it within 5 minutes. */
  readonly event: (
    notice: { readonly headers: Readonly<Record<string, string>>; readonly bytes: Uint8Array },
    nowMs: number,
  ) => Readonly<Record<string, unknown>>
}

const refusal = (status: number, object: Readonly<Record<string, unknown>>): Problem => {
  const error = objectAt(object, 'error')
  const code = textAt(error, 'code') ?? textAt(error, 'type') ?? 'unknown'
  return new Problem('upstream_error', {
    message: `Stripe refused the call: ${code} ${(textAt(error, 'message') ?? '').slice(0, 200)}`.trim(),
    facts: {
      status_code: status,
      code,
      declined: textAt(error, 'type') === 'card_error',
      intent: textAt(objectAt(error, 'payment_intent'), 'id'),
    },
  })
}

const unsigned = (why: string): Problem =>
  new Problem('invalid_request_error', { message: `The event is not believed: ${why}.` })

/** HMAC-SHA256 over time and body, hex; the header may have several while the secret is being changed. */
export const checkSignature = (
  header: string,
  bytes: Uint8Array,
  { secret, nowMs }: { readonly secret: string; readonly nowMs: number },
): void => {
  if (secret === '') throw unsigned('there is no secret to check it with')
  const parts = header.split(',', signaturesMax + 1).map((part) => part.trim().split('=', 2))
  const time = parts.find(([name]) => name === 't')?.[1] ?? ''
  const signatures = parts.filter(([name]) => name === 'v1').map(([, value]) => value ?? '')
  if (!/^\d{1,12}$/.test(time) || signatures.length === 0) throw unsigned('it is not signed')
  if (Math.abs(Number(time) - Math.floor(nowMs / 1000)) > skewSecondsMax)
    throw unsigned('its time is not within 5 minutes of ours')
  const expected = createHmac('sha256', secret).update(`${time}.`).update(bytes).digest()
  const fits = signatures.some((one) => {
    const given = Buffer.from(/^[0-9a-f]{64}$/.test(one) ? one : '', 'hex')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  if (!fits) throw unsigned('its signature does not fit')
}

/** Makes the client; nothing is called yet. */
export const stripeClient = (settings: StripeSettings, ground: AskGround): StripeClient => {
  const base = settings.api ?? production
  const isLive = /^(sk|rk)_live_/.test(settings.secretKey.reveal())
  const call = async (
    method: string,
    path: string,
    given: { readonly body: string | null; readonly key: string | null },
  ) => {
    const told = await ask(ground, {
      method,
      url: new URL(path, base),
      headers: {
        authorization: `Bearer ${settings.secretKey.reveal()}`,
        'stripe-version': apiVersion,
        ...(given.body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(given.key === null ? {} : { 'idempotency-key': given.key }),
      },
      body: given.body,
    })
    const object = objectIn(told.bytes, 'Stripe')
    if (told.status !== 200) throw refusal(told.status, object)
    return object
  }
  return {
    isLive,
    get: (path) => call('GET', path, { body: null, key: null }),
    post: (path, fields, idempotencyKey) => call('POST', path, { body: formOf(fields), key: idempotencyKey ?? null }),
    event: ({ headers, bytes }, nowMs) => {
      checkSignature(headers['stripe-signature'] ?? '', bytes, { secret: settings.webhookSecret.reveal(), nowMs })
      const event = objectIn(bytes, 'Stripe')
      if (event['livemode'] !== isLive)
        throw unsigned(`it is of ${isLive ? 'a test' : 'live operation'}, and the key is not`)
      return event
    },
  }
}
