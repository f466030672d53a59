/** Mail by SMTP through nodemailer, with bounds on everything that waits. */

import { Buffer } from 'node:buffer'
import { createTransport } from 'nodemailer'
import type { Secret } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Mail } from './message.ts'

const connectTimeoutMs = 10_000
const silenceTimeoutMs = 15_000

export type Mailer = {
  readonly send: (addresses: readonly string[], mail: Mail) => Promise<void>
  readonly close: () => void
}

/** Servers put what they like into an answer; its code tells enough, and holds no credential. */
const whyOf = (error: unknown): string => {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown }
  return [code, responseCode].filter((one) => one !== undefined).join(' ') || 'no reason given'
}

/** Whether a password would go over a network in the clear, if the server did not offer to encrypt. */
export const isSentInClear = ({ protocol, password, hostname }: URL): boolean =>
  protocol === 'smtp:' && password !== '' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)

/**
 * One connection, opened when a mail is sent. `smtp` is `smtp://` or `smtps://user:password@host:port`.
 * `send` rejects with Problem `upstream_error` naming the server's code, never its words.
 */
export const smtpMailer = ({ smtp, from }: { readonly smtp: Secret; readonly from: string }): Mailer => {
  const transport = createTransport({
    url: smtp.reveal(),
    // Who stands in between must not be able to take the offer of TLS out.
    requireTLS: isSentInClear(new URL(smtp.reveal())),
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    send: async (addresses, { subject, text, attachments = [] }) => {
      try {
        await transport.sendMail({
          from,
          to: [...addresses],
          subject,
          text,
          attachments: attachments.map(({ name, contentType, bytes }) => ({
            filename: name,
            contentType,
            content: Buffer.from(bytes),
          })),
        })
      } catch (error) {
        throw new Problem('upstream_error', { message: `The mail server did not take the mail: ${whyOf(error)}.` })
      }
    },
    close: () => transport.close(),
  }
}
