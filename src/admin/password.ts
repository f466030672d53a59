/** Passwords: forgotten, chosen anew by a link, changed by whoever knows the old one. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { subscriberOf } from '#identity/network.ts'
import { tokenDigest } from '#identity/session.ts'
import { dataOf, linkOf, newToken, tokenField, write } from './link.ts'
import { mailField } from './members.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { hashOf, passwordField } from './person.ts'
import { ownPerson, ownSession } from './session.ts'
import { trailRowOf } from './trail-row.ts'
import { forgetTries, rememberDevice, takeOwnTry } from './tries.ts'
import { takeTurn } from './turn.ts'
import { releaseSignups } from './verification.ts'
import { visitOf } from './visit.ts'

const hourMs = 3_600_000

/** A link for a new password that is mailed: whoever follows it reads the mail of the address. */
export const resetByMail = { kind: 'reset', data: { mailed: true } } as const

const forgotten = operation({
  noun: 'password',
  verb: 'forgotten',
  summary: 'Send a link for a new password. The answer is the same whether anybody signs in with the address or not.',
  method: 'POST',
  path: '/password/forgotten',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: z.strictObject({ email: mailField().describe('The mail address.') }),
  output: z.object({ state: z.literal('mail_sent') }),
  flags: [],
  run: async ({ email }, context) => {
    const { store, mails } = context.ports.identity
    if (!mails())
      throw new Problem('permission_denied', {
        ...saying('no_mail_ask_operator'),
      })
    const from = subscriberOf(visitOf(context).address)
    await takeTurn({ what: 'forgotten from', of: from, max: 10, windowMs: hourMs }, context)
    await takeTurn({ what: 'forgotten', of: email, max: 3, windowMs: hourMs }, context)
    const person = await store.person(email)
    const { token, row } = newToken({ ...resetByMail, person: person?.id ?? 'nobody' }, context)
    // Kept in either case, so that both take as long.
    await store.keepToken(row, null)
    if (person !== null) write({ kind: 'reset', to: person.mail, link: linkOf('reset', token, context) }, context)
    return { state: 'mail_sent' as const }
  },
})

const gone = (): Problem => new Problem('not_found', { ...saying('link_over'), param: 'token' })

const reset = operation({
  noun: 'password',
  verb: 'reset',
  summary:
    'Choose a new password by the link that was sent. Every session of the person ends; where the address was not proven before, so does all else that signs in as them, and their keys.',
  method: 'POST',
  path: '/password/reset',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: z.strictObject({ token: tokenField(), password: passwordField() }),
  output: z.object({ email: z.string().describe('Sign in with it now.') }),
  flags: [],
  run: async ({ token, password }, context) => {
    const { clock, ports } = context
    const { store } = ports.identity
    const nowMs = clock.nowMs()
    const digest = tokenDigest(token)
    const looked = await store.token(digest, 'reset', nowMs)
    const person = looked?.person == null ? null : await store.person(looked.person)
    if (looked === null || person === null) throw gone()
    // Before the link is spent: a password that is too weak may be followed by a better one.
    const hash = await hashOf(password, person.mail, context)
    if ((await store.takeToken(digest, 'reset', nowMs)) === null) throw gone()
    const actor = { name: `person:${person.id}`, scopes: [] }
    const change = {
      operation: 'password.reset' as const,
      object: person.id,
      before: null,
      after: { sessions: 'ended' },
    }
    // Until now anybody could have had an account of this address: what they added to it goes.
    const isProven = person.verifiedMs === null && dataOf(looked)['mailed'] === true
    const proven = isProven ? ({ verifiedMs: nowMs, onlyPassword: true } as const) : {}
    const author = { ...context, actor }
    const { keys } = await store.changePerson(
      { person: person.id, password: hash, keepSession: null, ...proven },
      nowMs,
      trailRowOf(change, author),
    )
    await ports.keysChanged(keys)
    if (isProven) await releaseSignups(person.id, author)
    await forgetTries(person.mail, context)
    // The link was theirs: the sign-in that follows must not wait for what strangers guess.
    rememberDevice(person.mail, context)
    write({ kind: 'changed', to: person.mail, about: 'password' }, context)
    return { email: person.mail }
  },
})

/**
 * Whether a person who is signed in knows their password. Whoever asks counts the try, and forgets it when all is proven.
 * @throws Problem `invalid_credentials`, `overloaded`.
 */
export const checkOwnPassword = async (password: string, context: OperationContext): Promise<void> => {
  const person = ownPerson(context)
  if (await context.ports.identity.passwords.matches(password, person.password)) return
  throw new Problem('invalid_credentials', { ...saying('password_wrong'), param: 'password' })
}

const change = operation({
  noun: 'password',
  verb: 'change',
  summary: 'Change the own password. Every other session of the person ends.',
  method: 'POST',
  path: '/password',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: z.strictObject({
    current: z.string().min(1).max(1000).describe('The password until now.'),
    password: passwordField(),
  }),
  output: z.object({ email: z.string() }),
  flags: [],
  run: async ({ current, password }, context) => {
    const person = ownPerson(context)
    if (person.password === null) throw new Problem('conflict', { ...saying('no_password_yet') })
    const counted = await takeOwnTry(person.id, context)
    await checkOwnPassword(current, context)
    await counted.passed()
    const hash = await hashOf(password, person.mail, context)
    const noted = {
      operation: 'password.change' as const,
      object: person.id,
      before: null,
      after: { other_sessions: 'ended' },
    }
    const nowMs = context.clock.nowMs()
    await context.ports.identity.store.changePerson(
      { person: person.id, password: hash, keepSession: ownSession(context).id },
      nowMs,
      trailRowOf(noted, context),
    )
    write({ kind: 'changed', to: person.mail, about: 'password' }, context)
    return { email: person.mail }
  },
})

const link = operation({
  noun: 'people',
  verb: 'reset',
  summary: 'Make a one-time link for a new password, to hand to somebody who gets no mail. It works for an hour.',
  method: 'POST',
  path: '/people/reset',
  scope: 'secrets',
  input: z.strictObject({ email: mailField().describe('Their mail address.') }),
  output: z.object({ link: z.string() }),
  flags: [{ field: 'email', positional: true, describe: 'Their mail address.' }],
  render: (made) => `${made.link}\n`,
  run: async ({ email }, context) => {
    const { store } = context.ports.identity
    const person = await store.person(email)
    if (person === null) throw new Problem('not_found', { ...saying('nobody_signs_in', { email }), param: 'email' })
    const own = context.actor.role ?? 'owner'
    const operates = (await store.memberships(person.id)).some(({ operator }) => operator)
    if (operates && own !== 'owner')
      throw new Problem('permission_denied', {
        ...saying('role_resets', { own }),
      })
    const { token, row } = newToken({ kind: 'reset', person: person.id }, context)
    const noted = { operation: 'people.reset' as const, object: person.id, before: null, after: { mail: person.mail } }
    await store.keepToken(row, trailRowOf(noted, context))
    return { link: linkOf('reset', token, context) }
  },
})

export const passwordOperations = [forgotten, reset, change, link] as const
