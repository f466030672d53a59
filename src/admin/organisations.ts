/** Organisations: the customers. Each owns projects, members, keys and exactly one account, and is made with it. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { handleField, nameField, pageFields, pageOf } from './field.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import { moveSession, ownPerson } from './session.ts'
import { sessionView } from './session-view.ts'
import { signupRowsOf } from './signups.ts'
import { trailRowOf } from './trail-row.ts'
import { takeTurn } from './turn.ts'
import { visitOf } from './visit.ts'

const dayMs = 86_400_000

const list = operation({
  noun: 'organisations',
  verb: 'list',
  summary: 'List organisations, the oldest first. `accounts create` makes one with its account.',
  method: 'GET',
  path: '/organisations',
  scope: 'read',
  input: z.strictObject(pageFields(1000)),
  output: z.object({
    data: z.array(z.object({ id: z.string(), name: z.string(), created: z.string().describe('RFC 3339, UTC.') })),
    next: z.string().nullable(),
  }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'NAME', 'CREATED'],
      data.map(({ id, name, created }) => [id, name, created]),
    ),
  run: async ({ limit, after }, { ports }) => {
    const page = pageOf(await ports.store.organisations({ limit, after: after ?? null }), limit)
    return {
      data: page.data.map(({ id, name, createdMs }) => ({ id, name, created: rfc3339(createdMs) })),
      next: page.next,
    }
  },
})

const rename = operation({
  noun: 'organisations',
  verb: 'rename',
  summary: 'Give an organisation another name. Its id stays, and the name of its account.',
  method: 'PATCH',
  path: '/organisations/{organisation}',
  scope: 'write',
  input: z.strictObject({
    organisation: handleField().describe("The organisation's id."),
    name: nameField().describe('The new name; no other organisation may have it.'),
  }),
  output: z.object({ id: z.string(), name: z.string() }),
  flags: [{ field: 'organisation', positional: true, describe: "The organisation's id." }],
  render: (row) => `${row.id} is named ${row.name}\n`,
  run: async ({ organisation: id, name }, context) => {
    const { ports } = context
    const before = await ports.identity.store.organisation(id)
    const isOwn = context.actor.tenant === undefined || context.actor.tenant.organisation === id
    const change = {
      operation: 'organisations.rename' as const,
      object: id,
      before: { name: before?.name },
      after: { name },
    }
    const row = isOwn ? await ports.customers.renameOrganisation({ id, name }, trailRowOf(change, context)) : null
    if (row !== null) return { id: row.id, name: row.name }
    throw new Problem('not_found', {
      ...saying('no_organisation', { id }),
      param: 'organisation',
    })
  },
})

const create = operation({
  noun: 'organisations',
  verb: 'create',
  summary:
    'Make another organisation of the person who is signed in, with an account of its own; the session moves there.',
  method: 'POST',
  path: '/organisations',
  scope: 'write',
  input: z.strictObject({ name: nameField().describe('The name; no other organisation may have it.') }),
  output: sessionView,
  flags: [],
  run: async ({ name }, context) => {
    const { ports } = context
    const person = ownPerson(context)
    if (!ports.signup().open)
      throw new Problem('permission_denied', {
        ...saying('no_new_organisations'),
      })
    await takeTurn({ what: 'organisations of', of: person.id, max: 5, windowMs: dayMs }, context)
    const { address } = visitOf(context)
    const rows = signupRowsOf({ name, mail: person.mail, verified: person.verifiedMs !== null, address }, context)
    const request = { ...rows, owner: { ...rows.owner, person: person.id } }
    const { organisation } = rows.owner
    const after = { account: request.signup.account, name, plan: request.signup.plan }
    const change = { operation: 'organisations.create' as const, object: organisation, before: null, after }
    const signup = await ports.customers.signUp(request, trailRowOf(change, context))
    await ports.accountsChanged([{ id: signup.account, billing: 'prepaid', state: 'open', plan: signup.plan }])
    return moveSession(organisation, context)
  },
})

export const organisationOperations = [list, rename, create] as const
