/** The trail: who changed what. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { pageFields, pageOf } from './field.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

const value = z.unknown().describe('The object as it was, without secrets; null = it was not there.')

const trailView = z.object({
  id: z.string(),
  time: z.string().describe('RFC 3339, UTC.'),
  actor: z.string().describe('`key:<id>`, `local` (the command line on this machine) or `system`.'),
  operation: z.string(),
  object: z.string(),
  before: value,
  after: value,
  request_id: z.string().nullable(),
})

const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text))

const list = operation({
  noun: 'trail',
  verb: 'list',
  summary: 'Who changed what, the oldest first.',
  method: 'GET',
  path: '/trail',
  scope: 'read',
  input: z.strictObject(pageFields(1000)),
  output: z.object({ data: z.array(trailView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['TIME', 'ACTOR', 'OPERATION', 'OBJECT'],
      data.map((row) => [row.time, row.actor, row.operation, row.object]),
    ),
  run: async ({ limit, after }, { ports }) => {
    const page = pageOf(await ports.store.trail({ limit, after: after ?? null }), limit)
    return {
      data: page.data.map((row) => ({
        id: row.id,
        time: rfc3339(row.timeMs),
        actor: row.actor,
        operation: row.operation,
        object: row.object,
        before: parsed(row.before),
        after: parsed(row.after),
        request_id: row.requestId,
      })),
      next: page.next,
    }
  },
})

export const trailOperations = [list] as const
