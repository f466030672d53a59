/** What can be configured about messages: the blocks `mail` and `alerts`. */

import { z } from 'zod'
import { durationMsOf, line, name, reference } from '#base/settings.ts'

/** The block `mail`. */
export const mailSettings = z
  .strictObject({
    smtp: reference().describe('A reference to the URL of the mail server, `smtps://user:password@host`.'),
    from: z.email('must be a mail address').describe('The sender.'),
  })
  .describe('Sending mail.')

const threshold = line(32).refine(
  (text) => durationMsOf(text) !== null || /^\d{1,12}(\.\d{1,9})?%?$/.test(text),
  'must be a duration (50ms), a percentage ("1%") or a quoted decimal ("100")',
)

/** The block `alerts`. */
export const alertSettings = z
  .array(
    z.strictObject({
      event: line(64)
        .regex(/^[a-z][a-z0-9_]*$/, 'must be the name of an event, such as overhead_p99')
        .describe('What is watched.'),
      above: threshold.optional().describe('From where on it is told.'),
      notify: z.array(name('a recipient')).min(1).max(100).describe('Who is told.'),
    }),
  )
  .max(1000)
  .describe('What operators are told about.')
