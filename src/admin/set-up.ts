/** The first person: signs up by the link that the first start prints, once. There is no default password. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { tokenDigest } from '#identity/session.ts'
import { nameField } from './field.ts'
import { linkOf, newToken, tokenField } from './link.ts'
import { mailField } from './members.ts'
import type { AdminPorts, OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { hashOf, passwordField, personOf } from './person.ts'
import { newSession } from './session.ts'
import { liveSession, sessionView, viewOfSession } from './session-view.ts'
import { signedOut } from './signed-out.ts'
import { trailRowOf } from './trail-row.ts'
import { takeSecretTry } from './tries.ts'

type Making = Pick<OperationContext, 'clock' | 'ids' | 'actor' | 'requestId'> & {
  readonly ports: Pick<AdminPorts, 'identity'>
}

/** A set-up link for an owner of the organisation that runs this server; `null` in an empty store. */
export const makeSetUpToken = async (context: Making): Promise<string | null> => {
  const { store } = context.ports.identity
  const organisation = await store.operatorOrganisation()
  if (organisation === null) return null
  const { token, row } = newToken({ kind: 'set-up', organisation }, context)
  const change = { operation: 'people.set-up' as const, object: row.id, before: null, after: { organisation } }
  await store.keepToken(row, trailRowOf(change, context))
  return token
}

const create = operation({
  noun: 'set-up',
  verb: 'create',
  summary: 'Make the first owner of this server, by the one-time link that its first start printed.',
  method: 'POST',
  path: '/set-up',
  scope: 'write',
  bodyBytesMax: 8 * 1024,
  input: z.strictObject({
    token: tokenField(),
    email: mailField().describe('The mail address to sign in with.'),
    password: passwordField(),
    name: nameField().optional().describe('What the person is called.'),
  }),
  output: sessionView,
  flags: [],
  run: async ({ token, email, password, name }, context) => {
    const { ids, clock, ports } = context
    const { store } = ports.identity
    const counted = await takeSecretTry(context)
    const nowMs = clock.nowMs()
    const digest = tokenDigest(token)
    const row = await store.token(digest, 'set-up', nowMs)
    if (row === null || row.organisation === null)
      throw new Problem('not_found', {
        ...saying('set_up_over'),
        param: 'token',
      })
    await counted.passed()
    // Whoever reads the server's terminal vouches for them; whose the address is nobody has looked.
    const person = {
      ...personOf({ mail: email, name }, context),
      password: await hashOf(password, email, context),
      vouchedMs: nowMs,
    }
    const session = newSession({ person, key: null, organisation: row.organisation, method: 'link' }, context)
    const member = { id: ids.next('mem'), organisation: row.organisation, role: 'owner' } as const
    const actor = { name: `person:${person.id}`, scopes: [] }
    const after = { mail: email, organisation: row.organisation, role: 'owner' }
    const change = { operation: 'set-up.create' as const, object: person.id, before: null, after }
    await store.addPerson(
      { person, session: session.row, token: { digest, kind: 'set-up' }, member },
      nowMs,
      trailRowOf(change, { ...context, actor }),
    )
    session.keep()
    const found = await liveSession(session.row.digest, context)
    if (found === null) throw signedOut()
    return viewOfSession(found)
  },
})

const link = operation({
  noun: 'people',
  verb: 'set-up',
  summary: 'Make a one-time link by which somebody becomes an owner of this server, for 24 hours.',
  method: 'POST',
  path: '/people/set-up',
  scope: 'secrets',
  input: z.strictObject({}),
  output: z.object({ link: z.string() }),
  flags: [],
  render: (made) => `${made.link}\n`,
  run: async (_input, context) => {
    const own = context.actor.role ?? 'owner'
    if (own !== 'owner') throw new Problem('permission_denied', { ...saying('role_makes_owner', { own }) })
    const token = await makeSetUpToken(context)
    if (token === null)
      throw new Problem('conflict', { message: 'The store is empty: the first start of the server prints a link.' })
    return { link: linkOf('set-up', token, context) }
  },
})

export const setUpOperations = [create, link] as const
