/** The room that tells people, on the ways that the configuration names. */

import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Config, NotifyConfig } from '#config/config.ts'
import type { Transport } from '#http/transport.ts'
import { networkTransport } from '#http/upstream.ts'
import { askSigned } from '#notify/ask.ts'
import type { Courier, CourierPorts } from '#notify/courier.ts'
import { startCourier } from '#notify/courier.ts'
import { makeLetterBox } from '#notify/letter-box.ts'
import type { Mailer } from '#notify/mailer.ts'
import type { Outbox } from '#notify/port.ts'
import type { Recipient } from '#notify/recipient.ts'
import type { SendPorts } from '#notify/send.ts'
import { sendEvent, sendLetter } from '#notify/send.ts'
import type { GuardHook } from '#policy/guard.ts'
import type { Machine } from './machine.ts'

export type TellRequest = { readonly config: Config; readonly log: Log }

/** The ways out; a mail server that a changed file names is taken at the next mail. */
const openWays = async (machine: Machine, closing: AsyncDisposableStack, current: () => NotifyConfig) => {
  const { clock } = machine
  const network = { proxy: null, certificateAuthorities: null, clock }
  const ways: Readonly<Record<'public' | 'private', Transport>> = {
    public: networkTransport({ ...network, allowPrivate: false }),
    private: networkTransport({ ...network, allowPrivate: true }),
  }
  closing.defer(() => ways.public.close())
  closing.defer(() => ways.private.close())
  let open: { readonly mail: NonNullable<NotifyConfig['mail']>; readonly mailer: Mailer } | null = null
  closing.defer(() => open?.mailer.close())
  const mailerNow = async (mail: NonNullable<NotifyConfig['mail']>): Promise<Mailer> => {
    if (open?.mail === mail) return open.mailer
    // Loaded by the first mail: few servers send any.
    const { smtpMailer } = await import('#notify/mailer.ts')
    open?.mailer.close()
    open = { mail, mailer: smtpMailer(mail) }
    return open.mailer
  }
  return (): SendPorts => {
    const { mail } = current()
    return {
      clock,
      transport: (allowPrivate) => (allowPrivate ? ways.private : ways.public),
      mailer: mail && (async (addresses, message) => (await mailerNow(mail)).send(addresses, message)),
    }
  }
}

/** What operations may know of who is told, with or without a courier that runs. */
export const openTelling = async (machine: Machine, { config, log }: TellRequest, closing: AsyncDisposableStack) => {
  let current = config.notify
  let byName = new Map<string, Recipient>()
  const configure = (notify: NotifyConfig): void => {
    current = notify
    byName = new Map(notify.recipients.map((one) => [one.name, one]))
  }
  configure(config.notify)
  const ways = await openWays(machine, closing, () => current)
  const { clock, ids } = machine
  const letters = makeLetterBox({ send: (letter) => sendLetter(letter, ways()), clock, log })
  closing.defer(() => letters.close())
  return {
    configure,
    ports: {
      recipients: () => current.recipients,
      alerts: () => current.alerts,
      send: (recipient: Recipient, event: Parameters<typeof sendEvent>[0]) => sendEvent(event, recipient, ways()),
    },
    /** Asks the webhook of a guardrail. */
    askHook: ({ url, secret, timeoutMs, allowPrivate }: GuardHook, { id, body }: { id: string; body: string }) =>
      askSigned({ id, url, secret, body, timeoutMs }, { transport: ways().transport(allowPrivate), clock }),
    /** Asks a recipient that is a webhook, within the time. */
    askRecipient: async (name: string, question: { id: string; body: string; timeoutMs: number }) => {
      const way = byName.get(name)?.way
      if (way?.kind !== 'webhook')
        throw new Problem('upstream_error', {
          message: `there is no webhook "${name}" among the recipients of drover.yaml`,
        })
      const { url, secret, allowPrivate } = way
      return askSigned({ ...question, url, secret }, { transport: ways().transport(allowPrivate), clock })
    },
    /** Whether mail can be sent. */
    mails: () => current.mail !== null,
    /** The way out, through the egress guard. */
    way: (allowPrivate: boolean) => ways().transport(allowPrivate),
    /** Sends letters that stand in no store. */
    post: letters.post,
    /** Begins to carry what the outbox holds; `letterTo` knows those who are no recipients of the configuration. */
    start: (outbox: Outbox, letterTo: NonNullable<CourierPorts['letterTo']>): Courier => {
      const courier = startCourier({
        clock,
        ids,
        log,
        outbox,
        transport: (allowPrivate) => ways().transport(allowPrivate),
        get mailer() {
          return ways().mailer
        },
        rules: () => current.alerts,
        recipients: () => byName,
        letterTo,
      })
      closing.defer(() => courier.close())
      return courier
    },
  }
}
