/** Passkeys: added by whoever is signed in, and enough to sign in with. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Challenge, Site } from '#identity/passkey.ts'
import { addedPasskey, additionOptions, siteOf, usedPasskey, useOptions } from '#identity/passkey.ts'
import type { OneTimeKind, PasskeyRow } from '#identity/port.ts'
import { passkeysMax } from '#identity/port.ts'
import { tokenDigest } from '#identity/session.ts'
import { nameField } from './field.ts'
import { dataOf, newToken, tokenField, write } from './link.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { checkVerified, openSession, ownPerson } from './session.ts'
import { sessionView } from './session-view.ts'
import { trailRowOf } from './trail-row.ts'
import { takeBeginning } from './turn.ts'
import { visitOf } from './visit.ts'

const bodyBytesMax = 64 * 1024

const passkeyView = z.object({
  id: z.string(),
  name: z.string(),
  created: z.string().describe('RFC 3339, UTC.'),
  used: z.string().nullable().describe('When it was used last. RFC 3339, UTC.'),
})

const viewOf = ({ id, name, createdMs, usedMs }: PasskeyRow): z.input<typeof passkeyView> => ({
  id,
  name,
  created: rfc3339(createdMs),
  used: usedMs === null ? null : rfc3339(usedMs),
})

const siteFor = (context: OperationContext): Site => {
  const site = siteOf(visitOf(context).origin, context.ports.identity.hasPublicUrl())
  if (typeof site !== 'string') return site
  throw new Problem('conflict', { ...saying('no_passkeys_here', { why: site }) })
}

const beginView = z.object({
  ticket: z.string().describe('Send it back with the answer of the browser, within five minutes.'),
  options: z.record(z.string(), z.unknown()).describe('For `navigator.credentials`, in its JSON form.'),
})

type Begun = Challenge & { readonly options: object }

const keepChallenge = async (
  kind: OneTimeKind,
  { challenge, site, options }: Begun,
  context: OperationContext,
): Promise<z.input<typeof beginView>> => {
  const person = context.actor.signedIn?.person ?? null
  const data = { challenge, site } satisfies Challenge
  const { token, row } = newToken({ kind, data, ...(person === null ? {} : { person: person.id }) }, context)
  await context.ports.identity.store.keepToken(row, null)
  return { ticket: token, options: { ...options } }
}

/** Each challenge is answered once. */
const takeChallenge = async (kind: OneTimeKind, ticket: string, { ports, clock }: OperationContext) => {
  const row = await ports.identity.store.takeToken(tokenDigest(ticket), kind, clock.nowMs())
  if (row === null)
    throw new Problem('not_found', {
      ...saying('passkey_late'),
      param: 'ticket',
    })
  return { person: row.person, challenge: dataOf(row) as Challenge }
}

const responseField = () =>
  z
    .looseObject({ id: z.string().min(1).max(2000), response: z.looseObject({}) })
    .describe('What the browser answered, in its JSON form.')

const begin = operation({
  noun: 'passkeys',
  verb: 'begin',
  summary: 'Begin to add a passkey.',
  method: 'POST',
  path: '/passkeys/begin',
  scope: 'write',
  input: z.strictObject({}),
  output: beginView,
  flags: [],
  run: async (_input, context) => {
    const person = ownPerson(context)
    const known = await context.ports.identity.store.passkeys(person.id)
    if (known.length >= passkeysMax)
      throw new Problem('conflict', {
        ...saying('passkeys_enough', { count: passkeysMax }),
      })
    const begun = await additionOptions({ person, known, site: siteFor(context), ids: context.ids })
    return keepChallenge('passkey-add', begun, context)
  },
})

const add = operation({
  noun: 'passkeys',
  verb: 'add',
  summary: 'Add the passkey that the browser made.',
  method: 'POST',
  path: '/passkeys',
  scope: 'write',
  bodyBytesMax,
  input: z.strictObject({
    ticket: tokenField(),
    name: nameField().default('passkey').describe('What it is called: the device that has it.'),
    response: responseField(),
  }),
  output: passkeyView,
  flags: [],
  run: async ({ ticket, name, response }, context) => {
    const { ids, clock, ports } = context
    const person = ownPerson(context)
    const begun = await takeChallenge('passkey-add', ticket, context)
    const made = begun.person === person.id ? await addedPasskey(response, begun.challenge) : null
    if (made === null)
      throw new Problem('invalid_credentials', {
        ...saying('passkey_wrong'),
        param: 'response',
      })
    const row = { ...made, id: ids.next('psk'), person: person.id, name, createdMs: clock.nowMs(), usedMs: null }
    const change = { operation: 'passkeys.add' as const, object: row.id, before: null, after: viewOf(row) }
    await ports.identity.store.addPasskey(row, trailRowOf(change, context))
    write({ kind: 'changed', to: person.mail, about: `passkey ${name} added` }, context)
    return viewOf(row)
  },
})

export const listPasskeys = operation({
  noun: 'passkeys',
  verb: 'list',
  summary: 'The own passkeys.',
  method: 'GET',
  path: '/passkeys',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(passkeyView) }),
  flags: [],
  run: async (_input, context) => ({
    data: (await context.ports.identity.store.passkeys(ownPerson(context).id)).map(viewOf),
  }),
})

const remove = operation({
  noun: 'passkeys',
  verb: 'remove',
  summary: 'Remove one of the own passkeys.',
  method: 'DELETE',
  path: '/passkeys/{id}',
  scope: 'write',
  input: z.strictObject({ id: z.string().min(1).max(100).describe('The passkey.') }),
  output: z.object({ id: z.string() }),
  flags: [],
  run: async ({ id }, context) => {
    const person = ownPerson(context)
    const change = { operation: 'passkeys.remove' as const, object: id, before: null, after: null }
    const isGone = await context.ports.identity.store.removePasskey(
      { id, person: person.id },
      trailRowOf(change, context),
    )
    if (!isGone) throw new Problem('not_found', { ...saying('no_passkey', { id }), param: 'id' })
    write({ kind: 'changed', to: person.mail, about: 'passkey removed' }, context)
    return { id }
  },
})

const ask = operation({
  noun: 'session',
  verb: 'passkey-begin',
  summary: 'Begin to sign in, or to step up, with a passkey.',
  method: 'POST',
  path: '/session/passkey/begin',
  scope: 'write',
  input: z.strictObject({}),
  output: beginView,
  flags: [],
  run: async (_input, context) => {
    await takeBeginning('passkey from', context)
    return keepChallenge('passkey-use', await useOptions(siteFor(context), context.ids), context)
  },
})

export const passkeyAnswer = z.strictObject({ ticket: tokenField(), response: responseField() })

const userHandleOf = ({ response }: z.output<typeof passkeyAnswer>): string | null => {
  const inner: unknown = response.response
  const handle = isObject(inner) ? inner['userHandle'] : undefined
  return typeof handle === 'string' ? Buffer.from(handle, 'base64url').toString() : null
}

/**
 * The person whose passkey answers. It has asked for a finger or a code of the device: it is two factors by itself.
 * @throws Problem `invalid_credentials`, `not_found` where the challenge is over.
 */
export const personOfPasskey = async (answer: z.output<typeof passkeyAnswer>, context: OperationContext) => {
  const { store } = context.ports.identity
  const { challenge } = await takeChallenge('passkey-use', answer.ticket, context)
  const row = await store.passkey(answer.response.id)
  const person = row === null ? null : await store.person(row.person)
  const counter = row === null ? null : await usedPasskey(answer.response, challenge, row)
  const handle = userHandleOf(answer)
  const isTheirs = handle === null || handle === person?.id
  // Used after its person was read: what takes passkeys away changes the person as well, and is seen by one or the other.
  if (row !== null && counter !== null && person !== null && isTheirs)
    if (await store.usePasskey(row.id, counter, context.clock.nowMs())) return person
  throw new Problem('invalid_credentials', {
    ...saying('passkey_unknown'),
    param: 'response',
  })
}

const signIn = operation({
  noun: 'session',
  verb: 'passkey',
  summary: 'Sign in with a passkey.',
  method: 'POST',
  path: '/session/passkey',
  scope: 'write',
  bodyBytesMax,
  input: passkeyAnswer,
  output: sessionView,
  flags: [],
  run: async (answer, context) => {
    const person = await personOfPasskey(answer, context)
    await checkVerified(person, context)
    return openSession({ person, key: null, organisation: null, method: 'passkey' }, context)
  },
})

export const passkeyOperations = [begin, add, listPasskeys, remove, ask, signIn] as const
