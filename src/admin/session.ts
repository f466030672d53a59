/** Signing in and out: the session of a browser. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { FoundSession, PersonRow, SessionRow, SignInMethod } from '#identity/port.ts'
import { makeToken, sessionRow } from '#identity/session.ts'
import { mailField } from './members.ts'
import type { Actor, OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { checkSecondFactor, codeFields } from './second-factor.ts'
import { firstOf, liveSession, sessionView, viewOfSession } from './session-view.ts'
import { signedOut } from './signed-out.ts'
import { trailRowOf } from './trail-row.ts'
import { rememberDevice, takeSecretTry, takeSignInTry } from './tries.ts'
import { sendVerification } from './verification.ts'
import { visitOf } from './visit.ts'

type Opening = Pick<SessionRow, 'key' | 'organisation'> & {
  readonly method: SignInMethod
  /** As they were when they proved themselves; `null` = it is an admin key's. */
  readonly person: PersonRow | null
}

/** A new session for the browser that asks, not yet kept. @throws Problem `permission_denied` where it cannot be. */
export const newSession = ({ person, ...opening }: Opening, context: OperationContext) => {
  const { ids, clock } = context
  const { address, agent, keep, checkKeep } = visitOf(context)
  checkKeep()
  const token = makeToken(ids)
  const opened = { ...opening, person: person?.id ?? null }
  const row = sessionRow({ ...opened, token, address, agent, nowMs: clock.nowMs() }, ids)
  const keepBoth = (): void => {
    keep(token, row.expiresMs - row.createdMs)
    if (person !== null) rememberDevice(person.mail, context)
  }
  return { row, keep: keepBoth }
}

/** Opens one, and gives what there is to see of it; the one that the browser had ends. */
export const openSession = async (wanted: Opening, context: OperationContext) => {
  const { ports } = context
  const memberships = wanted.person === null ? [] : await ports.identity.store.memberships(wanted.person.id)
  // It goes on acting for the same organisation when its person joins another.
  const opening = { ...wanted, organisation: wanted.organisation ?? firstOf(memberships)?.organisation ?? null }
  const { row, keep } = newSession(opening, context)
  const actor: Actor = { name: row.person === null ? `key:${row.key}` : `person:${row.person}`, scopes: [] }
  const after = { method: row.method, address: row.address }
  const change = { operation: 'session.create' as const, object: row.id, before: null, after }
  await ports.identity.store.openSession(row, wanted.person, trailRowOf(change, { ...context, actor }))
  const old = context.actor.signedIn?.session
  if (old !== undefined) await endOf(old, context)
  keep()
  return viewOfSession(await stillThere(row.digest, context))
}

const endOf = (session: SessionRow, context: OperationContext): Promise<boolean> => {
  const { id, person, key } = session
  const change = { operation: 'session.end' as const, object: id, before: { method: session.method }, after: null }
  return context.ports.identity.store.endSession({ id, person, key }, trailRowOf(change, context))
}

/** @throws Problem `signed_out`. */
const stillThere = async (digest: string, context: OperationContext): Promise<FoundSession> => {
  const found = await liveSession(digest, context)
  if (found === null) throw signedOut()
  return found
}

/** The session that asks. @throws Problem `signed_out` for keys and commands, which have none. */
export const ownSession = ({ actor }: OperationContext): SessionRow => {
  if (actor.signedIn === undefined) throw signedOut()
  return actor.signedIn.session
}

/** The person who asks. @throws Problem `signed_out`; `permission_denied` for the session of an admin key. */
export const ownPerson = (context: OperationContext): PersonRow => {
  ownSession(context)
  const person = context.actor.signedIn?.person ?? null
  if (person !== null) return person
  throw new Problem('permission_denied', {
    ...saying('session_of_key'),
  })
}

const wrong = (): Problem => new Problem('invalid_credentials', { ...saying('sign_in_wrong'), param: 'password' })

type PasswordInput = {
  readonly email: string
  readonly password: string
  readonly totp?: string | undefined
  readonly recovery_code?: string | undefined
}

/**
 * Whoever has not proven the mail address is sent a new link, and not let in: the address may be somebody else's. Who was let in
 * by a link that was handed over had to prove nothing.
 */
export const checkVerified = async (person: PersonRow, context: OperationContext): Promise<void> => {
  if (person.verifiedMs !== null || person.vouchedMs !== null || !context.ports.signup().rules.verifyMail) return
  await sendVerification(person, context)
  throw new Problem('permission_denied', {
    ...saying('mail_unconfirmed'),
    param: 'email',
  })
}

const byPassword = async (input: PasswordInput, context: OperationContext) => {
  const { identity } = context.ports
  const counted = await takeSignInTry(input.email, context)
  const person = await identity.store.person(input.email)
  // Somebody unknown takes as long as somebody known.
  const isRight = await identity.passwords.matches(input.password, person?.password ?? null)
  if (person === null || !isRight) throw wrong()
  await checkSecondFactor(person, input, context)
  await checkVerified(person, context)
  await counted.passed()
  return openSession({ person, key: null, organisation: null, method: 'password' }, context)
}

const byKey = async (text: string, context: OperationContext) => {
  const counted = await takeSecretTry(context)
  const key = context.ports.identity.adminKey(text, visitOf(context).address)
  await counted.passed()
  return openSession({ person: null, key: key.id, organisation: key.organisation, method: 'key' }, context)
}

const create = operation({
  noun: 'session',
  verb: 'create',
  summary: 'Sign in with mail address and password, or exchange an admin key for a session of the same role.',
  method: 'POST',
  path: '/session',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: z
    .strictObject({
      email: mailField().optional().describe('The mail address.'),
      password: z.string().min(1).max(1000).optional().describe('The password.'),
      ...codeFields(),
      admin_key: z.string().min(1).max(512).optional().describe('An admin key, instead of all the others.'),
    })
    .superRefine((input, context) => {
      const ways = [input.email !== undefined && input.password !== undefined, input.admin_key !== undefined]
      if (ways.filter(Boolean).length !== 1)
        context.addIssue({
          code: 'custom',
          path: ['email'],
          message: 'and password belong together, or give admin_key',
        })
    }),
  output: sessionView,
  flags: [],
  run: async ({ email, password, admin_key, ...codes }, context) => {
    if (admin_key !== undefined) return byKey(admin_key, context)
    return byPassword({ email: email ?? '', password: password ?? '', ...codes }, context)
  },
})

const show = operation({
  noun: 'session',
  verb: 'show',
  summary: 'Who is signed in, and for which organisation the session acts.',
  method: 'GET',
  path: '/session',
  scope: 'read',
  input: z.strictObject({}),
  output: sessionView,
  flags: [],
  run: async (_input, context) => viewOfSession(await stillThere(ownSession(context).digest, context)),
})

/** The session acts for this organisation from now on. @throws Problem `not_found` where the person is no member. */
export const moveSession = async (organisation: string, context: OperationContext) => {
  const { id, digest } = ownSession(context)
  const { memberships } = await stillThere(digest, context)
  if (!memberships.some((one) => one.organisation === organisation))
    throw new Problem('not_found', {
      ...saying('no_membership', { id: organisation }),
      param: 'organisation',
    })
  await context.ports.identity.store.moveSession(id, organisation)
  return viewOfSession(await stillThere(digest, context))
}

const move = operation({
  noun: 'session',
  verb: 'move',
  summary: 'Act for another organisation that the person is a member of.',
  method: 'PATCH',
  path: '/session',
  scope: 'write',
  input: z.strictObject({ organisation: z.string().min(1).max(100).describe('Its id.') }),
  output: sessionView,
  flags: [],
  run: ({ organisation }, context) => moveSession(organisation, context),
})

const end = operation({
  noun: 'session',
  verb: 'end',
  summary: 'Sign out.',
  method: 'DELETE',
  path: '/session',
  scope: 'write',
  input: z.strictObject({}),
  output: z.object({ ended: z.boolean().describe('Whether there was a session.') }),
  flags: [],
  run: async (_input, context) => {
    const session = context.actor.signedIn?.session
    visitOf(context).keep(null, 0)
    return { ended: session !== undefined && (await endOf(session, context)) }
  },
})

const ownView = z.object({
  id: z.string(),
  current: z.boolean().describe('Whether it is the one that asks.'),
  method: z.enum(['password', 'passkey', 'oidc', 'link', 'key']),
  address: z.string().describe('The network address that it was opened from.'),
  agent: z.string().describe('What the browser called itself.'),
  created: z.string().describe('RFC 3339, UTC.'),
  seen: z.string().describe('When it was used last. RFC 3339, UTC.'),
})

export const listSessions = operation({
  noun: 'sessions',
  verb: 'list',
  summary: 'The sessions of the person who asks.',
  method: 'GET',
  path: '/sessions',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(ownView) }),
  flags: [],
  run: async (_input, context) => {
    const own = ownSession(context)
    const rows = own.person === null ? [own] : await context.ports.identity.store.sessions(own.person)
    return {
      data: rows.map((row) => ({
        id: row.id,
        current: row.id === own.id,
        method: row.method,
        address: row.address,
        agent: row.agent,
        created: rfc3339(row.createdMs),
        seen: rfc3339(row.seenMs),
      })),
    }
  },
})

const revoke = operation({
  noun: 'sessions',
  verb: 'end',
  summary: 'End one of the own sessions.',
  method: 'DELETE',
  path: '/sessions/{id}',
  scope: 'write',
  input: z.strictObject({ id: z.string().min(1).max(100).describe('The session.') }),
  output: z.object({ id: z.string() }),
  flags: [],
  run: async ({ id }, context) => {
    const { person, key } = ownSession(context)
    const change = { operation: 'session.end' as const, object: id, before: null, after: null }
    const isGone = await context.ports.identity.store.endSession({ id, person, key }, trailRowOf(change, context))
    if (!isGone) throw new Problem('not_found', { ...saying('no_session', { id }), param: 'id' })
    return { id }
  },
})

export const sessionOperations = [create, show, move, end, listSessions, revoke] as const
