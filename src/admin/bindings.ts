/** What providers keep for an account: files, uploads, batches, jobs of fine-tuning and the models that came of them. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import type { BindingRow } from '#resource/port.ts'
import { accountNamed } from './credits.ts'
import { handleField } from './field.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

const pageMax = 1000

const bindingView = z.object({
  id: z.string(),
  kind: z.enum(['file', 'upload', 'batch', 'job', 'model', 'response', 'container']),
  form: z.enum(['openai', 'anthropic']).describe('In whose form it is spoken of.'),
  provider: z.string().describe('Which provider keeps it; empty = Drover makes it itself.'),
  state: z.enum(['open', 'ended']).describe('open: something is still to be settled.'),
  status: z.string().nullable().describe('What its provider last said of it; null = it says nothing.'),
  purpose: z.string().nullable(),
  project: z.string().nullable(),
  key: z.string().describe('The key that it was made with.'),
  created: z.string().describe('RFC 3339, UTC.'),
  expires: z.string().nullable().describe('RFC 3339, UTC; null = it stands until it is deleted.'),
})

const statusOf = (document: string): string | null => {
  const { status, processing_status: processing } = JSON.parse(document) as Readonly<Record<string, unknown>>
  const told = status ?? processing
  return typeof told === 'string' ? told : null
}

const viewOf = (row: BindingRow): z.output<typeof bindingView> => ({
  id: row.id,
  kind: row.kind,
  form: row.form,
  provider: row.provider,
  state: row.state === 'open' ? 'open' : 'ended',
  status: statusOf(row.document),
  purpose: row.purpose,
  project: row.project,
  key: row.key,
  created: rfc3339(row.createdMs),
  expires: row.expiresMs === null ? null : rfc3339(row.expiresMs),
})

const list = operation({
  noun: 'bindings',
  verb: 'list',
  summary: 'List what providers keep for an account: files, batches, jobs; the newest first.',
  method: 'GET',
  path: '/bindings',
  scope: 'read',
  input: z.strictObject({
    account: handleField().describe('The account: id or name.'),
    kind: z
      .enum(['file', 'upload', 'batch', 'job', 'model', 'response', 'container'])
      .default('file')
      .describe('What is listed.'),
    form: z.enum(['openai', 'anthropic']).default('openai').describe('In whose form.'),
    test: z.boolean().default(false).describe("Those of the account's test keys, in the sandbox."),
    limit: z.int().min(1).max(pageMax).default(100).describe('How many rows at most, 1 to 1000.'),
    after: z.string().min(1).max(256).optional().describe('Go on after this one: `next` of the page before.'),
  }),
  output: z.object({ data: z.array(bindingView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'KIND', 'PROVIDER', 'STATE', 'STATUS', 'PURPOSE', 'KEY', 'CREATED'],
      data.map((one) => [
        one.id,
        one.kind,
        one.provider,
        one.state,
        one.status ?? '',
        one.purpose ?? '',
        one.key,
        one.created,
      ]),
    ),
  run: async ({ account: handle, kind, form, test, limit, after }, context) => {
    const { id } = await accountNamed(handle, context)
    const holder = test ? `${id}/test` : id
    const question = { holder, kind, form, purpose: null, order: 'desc', after: after ?? null, limit } as const
    const rows = await context.ports.bindings.bindings({ ...question, nowMs: context.clock.nowMs() })
    return { data: rows.map(viewOf), next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) }
  },
})

export const bindingOperations = [list] as const
