/** What is the person's own: the name, the mail address, and the end of it. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { subscriberOf } from '#identity/network.ts'
import { tokenDigest } from '#identity/session.ts'
import { nameField } from './field.ts'
import { dataOf, linkOf, newToken, tokenField, write } from './link.ts'
import { mailField } from './members.ts'
import { operation } from './operation.ts'
import { ownPerson, ownSession } from './session.ts'
import { trailRowOf } from './trail-row.ts'
import { takeTurn } from './turn.ts'
import { visitOf } from './visit.ts'

const hourMs = 3_600_000

const rename = operation({
  noun: 'me',
  verb: 'rename',
  summary: 'Change what the person is called.',
  method: 'PATCH',
  path: '/me',
  scope: 'write',
  input: z.strictObject({ name: nameField().nullable().describe('The name; null = none.') }),
  output: z.object({ name: z.string().nullable() }),
  flags: [],
  run: async ({ name }, context) => {
    const { id, name: before } = ownPerson(context)
    const change = { operation: 'me.rename' as const, object: id, before: { name: before }, after: { name } }
    const nowMs = context.clock.nowMs()
    const { row } = await context.ports.identity.store.changePerson(
      { person: id, name },
      nowMs,
      trailRowOf(change, context),
    )
    return { name: row.name }
  },
})

const mail = operation({
  noun: 'me',
  verb: 'change-email',
  summary: 'Send a link to a new mail address, which is the person’s when it is followed; the old address is told.',
  method: 'POST',
  path: '/me/email',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: z.strictObject({ email: mailField().describe('The new mail address.') }),
  output: z.object({ state: z.literal('mail_sent') }),
  flags: [],
  run: async ({ email }, context) => {
    const { store, mails } = context.ports.identity
    const person = ownPerson(context)
    if (!mails())
      throw new Problem('permission_denied', {
        ...saying('sends_no_mail'),
      })
    await takeTurn({ what: 'mail change', of: person.id, max: 5, windowMs: hourMs }, context)
    const { token, row } = newToken(
      { kind: 'mail-change', person: person.id, data: { mail: email, from: person.mail } },
      context,
    )
    const change = {
      operation: 'me.change-email' as const,
      object: person.id,
      before: { mail: person.mail },
      after: { wanted: email },
    }
    await store.keepToken(row, trailRowOf(change, context))
    write({ kind: 'mail-changed', to: person.mail, about: email }, context)
    // Whether somebody else has the address shows only to whoever reads its mail.
    const link = linkOf('mail-change', token, context)
    write({ kind: 'mail-change', to: email, link, about: person.mail }, context)
    return { state: 'mail_sent' as const }
  },
})

const confirm = operation({
  noun: 'me',
  verb: 'confirm-email',
  summary:
    'Take the new mail address, by the link that was sent to it, signed in as who asked for it. Other sessions end; the old address is told.',
  method: 'POST',
  path: '/me/email/confirm',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: z.strictObject({ token: tokenField() }),
  output: z.object({ email: z.string() }),
  flags: [],
  run: async ({ token }, context) => {
    const { store } = context.ports.identity
    const nowMs = context.clock.nowMs()
    const from = subscriberOf(visitOf(context).address)
    await takeTurn({ what: 'mail confirmed', of: from, max: 30, windowMs: hourMs }, context)
    const person = context.actor.signedIn?.person ?? null
    const digest = tokenDigest(token)
    const row = await store.token(digest, 'mail-change', nowMs)
    // Whoever reads the mail of the new address must not be given an account that they do not know.
    if (row !== null && row.person !== person?.id)
      throw new Problem('signed_out', {
        ...saying('change_by_person'),
      })
    const { mail: wanted, from: old } = row === null ? {} : dataOf(row)
    const isGood = person !== null && typeof wanted === 'string' && old === person.mail
    if (!isGood || (await store.takeToken(digest, 'mail-change', nowMs)) === null)
      throw new Problem('not_found', { ...saying('link_over'), param: 'token' })
    const change = {
      operation: 'me.confirm-email' as const,
      object: person.id,
      before: { mail: old },
      after: { mail: wanted },
    }
    const { row: changed } = await store.changePerson(
      { person: person.id, mail: wanted, verifiedMs: nowMs, keepSession: ownSession(context).id },
      nowMs,
      trailRowOf(change, context),
    )
    write({ kind: 'changed', to: person.mail, about: `mail address, which is ${changed.mail} now` }, context)
    return { email: changed.mail }
  },
})

const close = operation({
  noun: 'me',
  verb: 'close',
  summary:
    'End the own sign-in for good, and the keys that were made for or by the person. Who is the only owner of an organisation closes its account first, or makes another owner.',
  method: 'POST',
  path: '/me/close',
  scope: 'write',
  input: z.strictObject({ email: mailField().describe('The own mail address, typed to be sure.') }),
  output: z.object({
    closed: z.boolean(),
    revoked_keys: z.array(z.string()).describe('Ids of the keys that ended.'),
  }),
  flags: [],
  run: async ({ email }, context) => {
    const person = ownPerson(context)
    if (email !== person.mail)
      throw new Problem('invalid_request_error', { ...saying('not_your_mail'), param: 'email' })
    const change = { operation: 'me.close' as const, object: person.id, before: { mail: person.mail }, after: null }
    const { identity, keysChanged } = context.ports
    const keys = await identity.store.closePerson(person.id, context.clock.nowMs(), trailRowOf(change, context))
    await keysChanged(keys)
    visitOf(context).keep(null, 0)
    return { closed: true, revoked_keys: keys.map(({ id }) => id) }
  },
})

export const meOperations = [rename, mail, confirm, close] as const
