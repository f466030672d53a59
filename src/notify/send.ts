/** Sends one event to one recipient, once: gives why it failed, or nothing. Secrets and answers stay out of that reason. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { Event } from '#base/event.ts'
import type { Secret } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Transport } from '#http/transport.ts'
import type { Mail } from './message.ts'
import { mailOf, slackBody, webhookBody } from './message.ts'
import type { Recipient } from './recipient.ts'
import { signatureHeaders } from './sign.ts'

/** A receiver that takes longer has not taken it. */
const answerTimeoutMs = 15_000
const connectTimeoutMs = 5_000

export type SendPorts = {
  /** The way out, through the egress guard; `allowPrivate` is the recipient's own setting. */
  readonly transport: (allowPrivate: boolean) => Transport
  /** `null` = no mail server is configured. Rejects with why the mail was not taken. */
  readonly mailer: ((addresses: readonly string[], mail: Mail) => Promise<void>) | null
  readonly clock: Clock
}

type Post = {
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly allowPrivate: boolean
}

const post = async (
  { url, body, headers, allowPrivate }: Post,
  { transport, clock }: SendPorts,
): Promise<string | null> => {
  const limit = new AbortController()
  const cancel = clock.after(answerTimeoutMs, () => limit.abort(new Error(`no answer within ${answerTimeoutMs} ms`)))
  try {
    const reply = await transport(allowPrivate).send({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', 'user-agent': 'drover', ...headers },
      body: { kind: 'bytes', bytes: Buffer.from(body) },
      signal: limit.signal,
      connectTimeoutMs,
      headersTimeoutMs: answerTimeoutMs,
    })
    reply.abort()
    return reply.status >= 200 && reply.status < 300 ? null : `the receiver answered ${reply.status}`
  } catch (thrown) {
    // The way out is the one of upstreams, and so are its words.
    return asProblem(thrown).message.replace(/^The provider\b/, 'The receiver')
  } finally {
    cancel()
  }
}

const signed = (event: Event, secret: Secret, { clock }: SendPorts): Pick<Post, 'body' | 'headers'> => {
  const body = webhookBody(event)
  return { body, headers: signatureHeaders({ id: event.id, timeMs: clock.nowMs(), body, secret }) }
}

/** A mail to somebody, whatever it says. */
export type Letter = { readonly addresses: readonly string[]; readonly mail: Mail }

/** Never rejects; `null` = it was taken. */
export const sendLetter = async ({ addresses, mail }: Letter, { mailer }: SendPorts): Promise<string | null> => {
  if (mailer === null) return 'no mail server is configured: set mail.smtp and mail.from'
  try {
    await mailer(addresses, mail)
    return null
  } catch (thrown) {
    return asProblem(thrown).message
  }
}

/** Never rejects; `null` = it was taken. Bounded by 15 s. */
export const sendEvent = async (event: Event, { way }: Recipient, ports: SendPorts): Promise<string | null> => {
  if (way.kind === 'webhook')
    return post({ url: way.url, allowPrivate: way.allowPrivate, ...signed(event, way.secret, ports) }, ports)
  if (way.kind === 'slack')
    return post({ url: way.url.reveal(), allowPrivate: way.allowPrivate, body: slackBody(event), headers: {} }, ports)
  return sendLetter({ addresses: way.addresses, mail: mailOf(event) }, ports)
}
