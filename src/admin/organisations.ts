/** Organisations: the customers. Each owns projects, members, keys and exactly one account, and is made with it. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { pageFields, pageOf } from './field.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

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

export const organisationOperations = [list] as const
