/** Organisations: the customers. Each owns projects, members, keys and exactly one account, and is made with it. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { handleField, nameField, pageFields, pageOf } from './field.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

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
    const change = { operation: 'organisations.rename', object: id, before: { name: before?.name }, after: { name } }
    const row = isOwn ? await ports.customers.renameOrganisation({ id, name }, trailRowOf(change, context)) : null
    if (row !== null) return { id: row.id, name: row.name }
    throw new Problem('not_found', {
      message: `There is no organisation '${id}'. 'drover organisations list' shows those that there are.`,
      param: 'organisation',
    })
  },
})

export const organisationOperations = [list, rename] as const
