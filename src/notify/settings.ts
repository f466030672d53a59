/** What can be configured about messages: the blocks `mail`, `recipients` and `alerts`. */

import { z } from 'zod'
import type { EventName } from '#base/event.ts'
import { eventKinds } from '#base/event.ts'
import { meantText } from '#base/nearest.ts'
import { durationMsOf, line, name, reference, url } from '#base/settings.ts'

/** The block `mail`. */
export const mailSettings = z
  .strictObject({
    smtp: reference().describe('A reference to the URL of the mail server, `smtps://user:password@host`.'),
    from: z.email('must be a mail address').describe('The sender.'),
  })
  .describe('Sending mail.')

/** The block `recipients`; that each has exactly one way is checked where the block is built. */
export const recipientSettings = z
  .record(
    name('a recipient'),
    z.strictObject({
      mail: z
        .array(z.email('must be a mail address'))
        .min(1)
        .max(50)
        .optional()
        .describe('Addresses, told by mail (needs the block `mail`).'),
      webhook: url(['https', 'http'])
        .optional()
        .describe('An address that events are posted to, signed as Standard Webhooks has it (needs `secret`).'),
      secret: reference()
        .optional()
        .describe(
          'A reference to the key that signs a webhook: `whsec_` and base64, or any text of 24 characters or more.',
        ),
      slack: reference()
        .optional()
        .describe('A reference to the URL of an incoming webhook of Slack, or of anything that takes `{"text": …}`.'),
      allow_private: z
        .boolean()
        .default(false)
        .describe('The address of the webhook may be on the own machine or network.'),
    }),
  )
  .describe('Who can be told of events, and by which way: each has one of `mail`, `webhook` and `slack`.')

const threshold = line(32).refine(
  (text) => durationMsOf(text) !== null || /^\d{1,12}(\.\d{1,9})?%?$/.test(text),
  'must be a duration (50ms), a percentage ("1%") or a quoted decimal ("100")',
)

const eventNames = Object.keys(eventKinds)

const eventName = line(64).transform((text, context): EventName => {
  if (!Object.hasOwn(eventKinds, text))
    context.addIssue(`is no event; there are ${eventNames.join(', ')}${meantText(text, eventNames)}`)
  return text as EventName
})

/** The block `alerts`. */
export const alertSettings = z
  .array(
    z.strictObject({
      event: eventName.describe('What is watched.'),
      above: threshold.optional().describe('Told where the figure is over this.'),
      below: threshold.optional().describe('Told where the figure is at or under this.'),
      notify: z.array(name('a recipient')).min(1).max(100).describe('Who is told: names of `recipients`.'),
    }),
  )
  .max(1000)
  .describe('What operators are told about.')
