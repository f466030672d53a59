/** Invitations: somebody becomes a member by a link that was sent to their mail address. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { subscriberOf } from '#identity/network.ts'
import type { OneTimeRow } from '#identity/port.ts'
import type { Role } from '#identity/role.ts'
import { tokenDigest } from '#identity/session.ts'
import { accountNamed } from './credits.ts'
import { handleField, nameField } from './field.ts'
import { membersBehind } from './key-maker.ts'
import { dataOf, linkOf, newToken, tokenField, write } from './link.ts'
import { checkRank, mailField, roleField } from './members.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { hashOf, passwordField, personOf } from './person.ts'
import { table } from './render.ts'
import { newSession, ownSession } from './session.ts'
import { liveSession, sessionView, viewOfSession } from './session-view.ts'
import { signedOut } from './signed-out.ts'
import { trailRowOf } from './trail-row.ts'
import { takeTurn } from './turn.ts'
import { visitOf } from './visit.ts'

const hourMs = 3_600_000

const accountField = () => handleField().default('default').describe('The account of the organisation: id or name.')

const invitationView = z.object({
  id: z.string(),
  email: z.string(),
  role: roleField(),
  organisation: z.string(),
  created: z.string().describe('RFC 3339, UTC.'),
  expires: z.string().describe('RFC 3339, UTC.'),
})

type Invited = {
  readonly email: string
  readonly role: Role
  /** Whether the link was mailed, and is known to nobody but who reads that mail. */
  readonly mailed?: boolean
  /** The members behind it: by the leaving of any it ends. */
  readonly by?: readonly string[]
}

const invitedOf = (row: OneTimeRow): Invited => dataOf(row) as Invited

const viewOf = (row: OneTimeRow): z.input<typeof invitationView> => ({
  id: row.id,
  email: invitedOf(row).email,
  role: invitedOf(row).role,
  organisation: row.organisation ?? '',
  created: rfc3339(row.createdMs),
  expires: rfc3339(row.expiresMs),
})

const invite = operation({
  noun: 'members',
  verb: 'invite',
  summary: 'Send somebody a link by which they become a member. Where no mail can be sent, the link is the answer.',
  method: 'POST',
  path: '/members/invitations',
  scope: 'write',
  input: z.strictObject({
    account: accountField(),
    email: mailField().describe('The mail address.'),
    role: roleField().default('developer'),
  }),
  output: invitationView.extend({ link: z.string().nullable().describe('To be handed over; null = it was sent.') }),
  flags: [],
  render: (made) => (made.link === null ? `${made.email} was sent a link\n` : `${made.link}\n`),
  run: async ({ account, email, role }, context) => {
    const { ports } = context
    const { organisation } = await accountNamed(account, context)
    await checkRank({ member: null, wanted: role, organisation }, context)
    const known = await ports.customers.member(organisation, email)
    if (known !== null && known.removedMs === null && known.person != null)
      throw new Problem('conflict', { ...saying('member_already', { email }), param: 'email' })
    await takeTurn({ what: 'invitations of', of: organisation, max: 50, windowMs: hourMs }, context)
    const mailed = ports.identity.mails()
    const invited: Invited = { email, role, mailed, by: await membersBehind(context) }
    const { token, row } = newToken({ kind: 'invitation', organisation, data: invited }, context)
    const change = {
      operation: 'members.invite' as const,
      object: row.id,
      before: null,
      after: { email, role, organisation },
    }
    await ports.identity.store.keepToken(row, trailRowOf(change, context))
    const link = linkOf('invitation', token, context)
    const about = (await ports.identity.store.organisation(organisation))?.name ?? organisation
    write({ kind: 'invitation', to: email, link, about }, context)
    return { ...viewOf(row), link: mailed ? null : link }
  },
})

const list = operation({
  noun: 'members',
  verb: 'invitations',
  summary: 'List invitations that nobody has taken yet.',
  method: 'GET',
  path: '/members/invitations',
  scope: 'read',
  input: z.strictObject({ account: accountField() }),
  output: z.object({ data: z.array(invitationView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'EMAIL', 'ROLE', 'EXPIRES'],
      data.map((one) => [one.id, one.email, one.role, one.expires]),
    ),
  run: async ({ account }, context) => {
    const { organisation } = await accountNamed(account, context)
    const rows = await context.ports.identity.store.tokensOf(organisation, 'invitation', context.clock.nowMs())
    return { data: rows.map(viewOf) }
  },
})

const withdraw = operation({
  noun: 'members',
  verb: 'uninvite',
  summary: 'Withdraw an invitation: its link leads nowhere any more.',
  method: 'DELETE',
  path: '/members/invitations/{invitation}',
  scope: 'write',
  input: z.strictObject({
    invitation: z.string().min(1).max(100).describe('The invitation.'),
    account: accountField(),
  }),
  output: z.object({ id: z.string() }),
  flags: [{ field: 'invitation', positional: true, describe: 'The invitation.' }],
  run: async ({ invitation, account }, context) => {
    const { store } = context.ports.identity
    const { organisation } = await accountNamed(account, context)
    const rows = await store.tokensOf(organisation, 'invitation', context.clock.nowMs())
    const row = rows.find(({ id }) => id === invitation)
    if (row === undefined)
      throw new Problem('not_found', { ...saying('no_invitation', { id: invitation }), param: 'invitation' })
    await checkRank({ member: null, wanted: invitedOf(row).role, organisation }, context)
    const change = { operation: 'members.uninvite' as const, object: row.id, before: viewOf(row), after: null }
    await store.dropToken({ id: row.id, organisation }, trailRowOf(change, context))
    return { id: row.id }
  },
})

const invitedBy = async (token: string, context: OperationContext) => {
  const from = subscriberOf(visitOf(context).address)
  await takeTurn({ what: 'invitation from', of: from, max: 60, windowMs: hourMs }, context)
  const { store } = context.ports.identity
  const row = await store.token(tokenDigest(token), 'invitation', context.clock.nowMs())
  if (row === null || row.organisation === null)
    throw new Problem('not_found', {
      ...saying('invitation_over'),
      param: 'token',
    })
  return { ...invitedOf(row), organisation: row.organisation, person: await store.person(invitedOf(row).email) }
}

const look = operation({
  noun: 'invitation',
  verb: 'show',
  summary: 'What an invitation is for, before it is taken.',
  method: 'POST',
  path: '/invitation/show',
  scope: 'read',
  bodyBytesMax: 8 * 1024,
  input: z.strictObject({ token: tokenField() }),
  output: z.object({
    organisation: z.string().describe('The name.'),
    email: z.string(),
    role: roleField(),
    known: z.boolean().describe('Whether somebody signs in with this mail address already: then sign in first.'),
  }),
  flags: [],
  run: async ({ token }, context) => {
    const { email, role, organisation, person } = await invitedBy(token, context)
    const name = (await context.ports.identity.store.organisation(organisation))?.name ?? organisation
    return { organisation: name, email, role, known: person !== null }
  },
})

type Accepting = Awaited<ReturnType<typeof invitedBy>> & {
  readonly token: string
  readonly password: string | undefined
  readonly name: string | undefined
}

/** Somebody new. A link that was mailed has proven the address; one that was handed over lets in whoever has it. */
const joinAnew = async (
  { token, email, role, organisation, mailed, ...given }: Accepting,
  context: OperationContext,
) => {
  const { ids, clock, ports } = context
  if (given.password === undefined)
    throw new Problem('invalid_request_error', { ...saying('choose_password'), param: 'password' })
  const nowMs = clock.nowMs()
  const password = await hashOf(given.password, email, context)
  const known = mailed === true ? { verifiedMs: nowMs } : { vouchedMs: nowMs }
  const person = { ...personOf({ mail: email, name: given.name }, context), password, ...known }
  const session = newSession({ person, key: null, organisation, method: 'link' }, context)
  const actor = { name: `person:${person.id}`, scopes: [] }
  const change = {
    operation: 'invitation.accept' as const,
    object: person.id,
    before: null,
    after: { email, role, organisation },
  }
  await ports.identity.store.addPerson(
    {
      person,
      session: session.row,
      token: { digest: tokenDigest(token), kind: 'invitation' },
      member: { id: ids.next('mem'), organisation, role },
    },
    nowMs,
    trailRowOf(change, { ...context, actor }),
  )
  session.keep()
  return session.row.digest
}

/** Somebody who is signed in, with the address that was invited. */
const joinKnown = async ({ token, email, role, organisation, person }: Accepting, context: OperationContext) => {
  const signedIn = context.actor.signedIn?.person ?? null
  if (signedIn === null) throw new Problem('conflict', { ...saying('sign_in_first', { email }), param: 'email' })
  if (signedIn.id !== person?.id)
    throw new Problem('conflict', {
      ...saying('invited_other', { email, mail: signedIn.mail }),
      param: 'email',
    })
  const change = {
    operation: 'invitation.accept' as const,
    object: person.id,
    before: null,
    after: { email, role, organisation },
  }
  const joining = { person: person.id, digest: tokenDigest(token), memberId: context.ids.next('mem') }
  const { store } = context.ports.identity
  await store.join(joining, context.clock.nowMs(), trailRowOf(change, context))
  const session = ownSession(context)
  // One that acts for nobody any more acts for who has just let its person in.
  if (context.actor.member === undefined) await store.moveSession(session.id, organisation)
  return session.digest
}

const accept = operation({
  noun: 'invitation',
  verb: 'accept',
  summary: 'Become a member by the link that was sent; somebody new chooses a password with it.',
  method: 'POST',
  path: '/invitation',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: z.strictObject({
    token: tokenField(),
    password: passwordField().optional(),
    name: nameField().optional().describe('What the person is called.'),
  }),
  output: sessionView,
  flags: [],
  run: async ({ token, password, name }, context) => {
    const accepting = { ...(await invitedBy(token, context)), token, password, name }
    const isKnown = accepting.person !== null || context.actor.signedIn !== undefined
    const digest = await (isKnown ? joinKnown(accepting, context) : joinAnew(accepting, context))
    const found = await liveSession(digest, context)
    if (found === null) throw signedOut()
    return viewOfSession(found)
  },
})

export const invitationOperations = [invite, list, withdraw, look, accept] as const
