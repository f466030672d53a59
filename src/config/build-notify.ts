/** Who is told of what: recipients with their one way, alerts with thresholds in the unit of their event. */

import type { EventName } from '#base/event.ts'
import { eventKinds } from '#base/event.ts'
import { meantText } from '#base/nearest.ts'
import { durationMsOf } from '#base/settings.ts'
import type { AlertConfig, NotifyConfig, RecipientConfig } from './config.ts'
import type { Path } from './fault.ts'
import type { Resolver, Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

const signingKeyLengthMin = 24
const dayMs = 86_400_000

type RecipientEntry = NonNullable<Settings['recipients']>[string]
type AlertEntry = NonNullable<Settings['alerts']>[number]
type Building = { readonly resolver: Resolver; readonly tell: Tell; readonly hasMail: boolean }

const webhookOf = async (name: string, entry: RecipientEntry, { resolver, tell }: Building) => {
  const path = ['recipients', name]
  const { webhook, secret, allow_private: allowPrivate } = entry
  if (webhook === undefined) return null
  if (secret === undefined) {
    tell(
      path,
      'needs \'secret\', for example secret: "env:WEBHOOK_SECRET": without it a receiver cannot tell who posts',
    )
    return null
  }
  const found = await resolver.secret(secret, [...path, 'secret'], `recipient '${name}'`)
  if (found === null) return null
  if (found.secret.reveal().length < signingKeyLengthMin) {
    tell([...path, 'secret'], `leads to a key that is too short: it needs ${signingKeyLengthMin} characters or more`)
    return null
  }
  return { kind: 'webhook', url: webhook, secret: found.secret, allowPrivate } as const
}

const slackOf = async (name: string, entry: RecipientEntry, { resolver, tell }: Building) => {
  const path = ['recipients', name, 'slack']
  if (entry.slack === undefined) return null
  const found = await resolver.secret(entry.slack, path, `recipient '${name}'`)
  if (found === null) return null
  if (/^https?:$/.test(URL.parse(found.secret.reveal())?.protocol ?? ''))
    return { kind: 'slack', url: found.secret, allowPrivate: entry.allow_private } as const
  tell(path, 'does not lead to a URL')
  return null
}

const recipientOf = async (
  name: string,
  entry: RecipientEntry,
  building: Building,
): Promise<RecipientConfig | null> => {
  const { tell, hasMail } = building
  const path: Path = ['recipients', name]
  const ways = (['mail', 'webhook', 'slack'] as const).filter((way) => entry[way] !== undefined)
  if (ways.length !== 1) {
    tell(
      path,
      `must have exactly one of mail, webhook and slack${ways.length > 1 ? `, not ${ways.join(' and ')}` : ''}`,
    )
    return null
  }
  if (entry.secret !== undefined && entry.webhook === undefined)
    tell([...path, 'secret'], "signs webhooks only: leave it out, or give 'webhook'")
  if (entry.mail !== undefined) {
    if (!hasMail) tell([...path, 'mail'], "needs the block 'mail' with smtp and from")
    return { name, way: { kind: 'mail', addresses: entry.mail } }
  }
  const way = (await webhookOf(name, entry, building)) ?? (await slackOf(name, entry, building))
  return way === null ? null : { name, way }
}

const unitOf = (event: EventName): string | null => {
  const kind: { readonly figure?: string } = eventKinds[event]
  return kind.figure ?? null
}

/** The threshold in the event's unit; a text tells a fault. */
const thresholdOf = (event: EventName, text: string): number | string => {
  const unit = unitOf(event)
  const durationMs = durationMsOf(text)
  if (unit === null) return `'${event}' has no figure to compare: leave it out`
  if (unit === 'milliseconds') return durationMs ?? 'must be a duration such as 50ms'
  if (unit === 'days') return durationMs === null ? 'must be a duration such as 14d' : durationMs / dayMs
  if (unit === 'percent')
    return /^[\d.]+%$/.test(text) ? Number(text.slice(0, -1)) : 'must be a percentage such as "1%"'
  return /^[\d.]+$/.test(text) ? Number(text) : 'must be an amount in USD such as "100"'
}

const alertOf = (
  index: number,
  entry: AlertEntry,
  { names, tell, warn }: { names: readonly string[]; tell: Tell; warn: Tell },
): AlertConfig => {
  const path: Path = ['alerts', index]
  const read = (side: 'above' | 'below'): number | null => {
    const text = entry[side]
    if (text === undefined) return null
    const threshold = thresholdOf(entry.event, text)
    if (typeof threshold === 'number') return threshold
    tell([...path, side], threshold)
    return null
  }
  for (const [at, recipient] of entry.notify.entries())
    if (names.length > 0 && !names.includes(recipient))
      tell([...path, 'notify', at], `is no recipient; there are ${names.join(', ')}${meantText(recipient, names)}`)
  if (names.length === 0 && entry.notify.length > 0)
    warn([...path, 'notify'], "reaches nobody: there is no block 'recipients'. The alert is kept among the events only")
  return {
    event: entry.event,
    above: read('above'),
    below: read('below'),
    recipients: entry.notify.filter((recipient) => names.includes(recipient)),
  }
}

/** Faults go to `tell`, what reaches nobody to `warn`; what is sound is given. */
export const buildNotify = async (
  settings: Settings,
  resolver: Resolver,
  { tell, warn }: { readonly tell: Tell; readonly warn: Tell },
): Promise<NotifyConfig> => {
  const building = { resolver, tell, hasMail: settings.mail !== undefined }
  const smtp = settings.mail && (await resolver.secret(settings.mail.smtp, ['mail', 'smtp'], 'mail'))
  if (smtp && !/^smtps?:$/.test(URL.parse(smtp.secret.reveal())?.protocol ?? ''))
    tell(['mail', 'smtp'], 'does not lead to an address that begins with smtp:// or smtps://')
  const entries = Object.entries(settings.recipients ?? {})
  const recipients: RecipientConfig[] = []
  for (const [name, entry] of entries) {
    const recipient = await recipientOf(name, entry, building)
    if (recipient !== null) recipients.push(recipient)
  }
  const names = entries.map(([name]) => name)
  return {
    mail: smtp && settings.mail ? { smtp: smtp.secret, from: settings.mail.from } : null,
    recipients,
    alerts: (settings.alerts ?? []).map((entry, index) => alertOf(index, entry, { names, tell, warn })),
  }
}
