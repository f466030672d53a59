/** What somebody signs in with, where they are signed in, and what they have done: one answer for the page about it, and the trail. */

import { z } from 'zod'
import { idNames, namesView } from './id-names.ts'
import { listLinks } from './issuers.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { listPasskeys } from './passkeys.ts'
import { listSessions, ownPerson } from './session.ts'
import { showTotp } from './totp.ts'
import { trailView, viewOfTrail } from './trail.ts'

const show = operation({
  noun: 'me',
  verb: 'show',
  summary: 'What the person signs in with, and where they are signed in.',
  method: 'GET',
  path: '/me',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({
    email: z.string(),
    name: z.string().nullable(),
    password: z.boolean().describe('Whether there is one.'),
    mails: z.boolean().describe('Whether this server sends mail: without it no address is changed.'),
    totp: showTotp.output,
    passkeys: listPasskeys.output.shape.data,
    links: listLinks.output.shape.data.describe('Issuers of OpenID Connect that they sign in with.'),
    issuers: z.array(z.object({ id: z.string(), title: z.string() })).describe('All that there are here.'),
    sessions: listSessions.output.shape.data,
  }),
  flags: [],
  run: async (_input, context) => {
    const { mail: email, name, password } = ownPerson(context)
    const { identity } = context.ports
    const [totp, passkeys, links, sessions] = await Promise.all([
      showTotp.run({}, context),
      listPasskeys.run({}, context),
      listLinks.run({}, context),
      listSessions.run({}, context),
    ])
    return {
      email,
      name,
      password: password !== null,
      mails: identity.mails(),
      totp,
      passkeys: passkeys.data,
      links: links.data,
      issuers: identity.issuers().map(({ id, title }) => ({ id, title })),
      sessions: sessions.data,
    }
  },
})

const actorOf = (context: OperationContext): string => `person:${ownPerson(context).id}`

const trail = operation({
  noun: 'me',
  verb: 'trail',
  summary: 'What the person has changed, the newest first: their own rows of the trail.',
  method: 'GET',
  path: '/me/trail',
  scope: 'read',
  input: z.strictObject({
    limit: z.int().min(1).max(200).default(50).describe('How many rows at most, 1 to 200.'),
    before: z.string().min(1).max(100).optional().describe('Go on before this row: `next` of the page before.'),
  }),
  output: z.object({ data: z.array(trailView), next: z.string().nullable(), names: namesView() }),
  flags: [],
  run: async ({ limit, before }, context) => {
    const rows = await context.ports.store.trailOf({ actor: actorOf(context), limit, before: before ?? null })
    const { id, name, mail } = ownPerson(context)
    const named = await idNames(
      rows.map(({ object }) => object),
      context,
    )
    const next = rows.length < limit ? null : (rows.at(-1)?.id ?? null)
    return { data: rows.map(viewOfTrail), next, names: { ...named, [id]: name ?? mail } }
  },
})

export const ownSecurityOperations = [show, trail] as const
