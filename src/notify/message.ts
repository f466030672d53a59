/** An event in the form that each way wants: a JSON document, a line of chat, a mail. */

import { rfc3339 } from '#base/clock.ts'
import type { Event } from '#base/event.ts'
import { eventKinds } from '#base/event.ts'

/** The document that webhooks get; fields are only ever added. */
export const webhookBody = (event: Event): string =>
  JSON.stringify({
    type: event.name,
    timestamp: rfc3339(event.timeMs),
    data: {
      id: event.id,
      severity: eventKinds[event.name].severity,
      account: event.account,
      object: event.object,
      message: event.message,
      figure: event.figure,
      facts: event.facts,
    },
  })

/** Slack reads these three as mark-up (https://docs.slack.dev/messaging/formatting-message-text, read 2026-11-28). */
const slackText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const factLines = (event: Event): readonly string[] =>
  Object.entries(event.facts).map(([name, value]) => `${name}: ${value === null ? 'unknown' : String(value)}`)

export const slackBody = (event: Event): string => {
  const { severity } = eventKinds[event.name]
  const lines = [`*${event.name}* (${severity}): ${slackText(event.message)}`, ...factLines(event).map(slackText)]
  return JSON.stringify({ text: lines.join('\n') })
}

export type Mail = {
  readonly subject: string
  readonly text: string
  readonly attachments?: readonly { readonly name: string; readonly contentType: string; readonly bytes: Uint8Array }[]
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, ' ').trim()

export const mailOf = (event: Event): Mail => {
  const { severity, summary } = eventKinds[event.name]
  const about = event.account === null ? [] : [`account: ${event.account}`]
  return {
    subject: oneLine(`[Drover] ${severity}: ${event.message}`).slice(0, 180),
    text: [
      event.message,
      '',
      `event: ${event.name} (${summary})`,
      `about: ${event.object}`,
      ...about,
      `time: ${rfc3339(event.timeMs)}`,
      ...factLines(event),
      `id: ${event.id}`,
      '',
    ].join('\n'),
  }
}
