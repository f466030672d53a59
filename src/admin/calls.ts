/** Calls: the log, and one call with what was kept of it. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import type { CallView } from './call-view.ts'
import { callView, viewOfCall } from './call-view.ts'
import { handleField } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

const idOf = async (noun: 'key' | 'account', handle: string, { ports }: OperationContext): Promise<string> => {
  const row = noun === 'key' ? await ports.store.key(handle) : await ports.store.account(handle)
  if (row !== null) return row.id
  throw new Problem('not_found', { message: `There is no ${noun} '${handle}'.`, param: noun })
}

const tokens = (call: CallView): string =>
  call.usage === null ? '' : `${call.usage.input ?? '?'}+${call.usage.output ?? '?'}`

const headings = ['TIME', 'ID', 'MODEL', 'PROVIDER', 'STATUS', 'END', 'TTFT', 'MS', 'TOKENS', 'ERROR']

/** The columns of calls for a person; `headed` = with the line of headings. */
export const callColumns = (calls: readonly CallView[], headed: boolean): string => {
  const rows = calls.map((call) => [
    call.time,
    call.id,
    call.model,
    call.provider,
    call.status,
    call.end,
    call.ttft_ms === null ? null : Math.round(call.ttft_ms),
    Math.round(call.duration_ms),
    tokens(call),
    call.error,
  ])
  return table(headed ? headings : null, rows)
}

const list = operation({
  noun: 'logs',
  verb: 'list',
  summary: 'The newest calls, oldest first.',
  method: 'GET',
  path: '/calls',
  scope: 'read',
  input: z.strictObject({
    limit: z.int().min(1).max(1000).default(20).describe('How many calls at most, 1 to 1000.'),
    after: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('Only calls that follow this one in the log, the first of them: for following it.'),
    key: handleField().optional().describe('Only calls of this key: id or name.'),
    account: handleField().optional().describe('Only calls of this account: id or name.'),
    model: z.string().min(1).max(200).optional().describe('Only calls for this model, as callers wrote it.'),
  }),
  output: z.object({ data: z.array(callView) }),
  flags: [],
  render: ({ data }) => callColumns(data, true),
  run: async ({ limit, after, key, account, model }, context) => {
    const records = await context.ports.store.calls({
      limit,
      afterId: after ?? null,
      key: key === undefined ? null : await idOf('key', key, context),
      account: account === undefined ? null : await idOf('account', account, context),
      model: model ?? null,
    })
    return { data: records.map(viewOfCall) }
  },
})

const show = operation({
  noun: 'calls',
  verb: 'show',
  summary: 'One call by its id, which is the `x-request-id` of its answer.',
  method: 'GET',
  path: '/calls/{id}',
  scope: 'read',
  input: z.strictObject({ id: z.string().min(1).max(100).describe("The call's id.") }),
  output: callView.extend({
    request_body: z.string().nullable().describe('Only where the operator keeps bodies (`log.bodies`).'),
    response_body: z.string().nullable(),
  }),
  flags: [{ field: 'id', describe: "The call's id: the x-request-id of its answer.", positional: true }],
  run: async ({ id }, { ports }) => {
    const record = await ports.store.call(id)
    if (record === null)
      throw new Problem('not_found', {
        message: `There is no call '${id}'. Ids are in the x-request-id header of answers, and in 'drover logs'; old calls are deleted after retention.calls.`,
        param: 'id',
      })
    return { ...viewOfCall(record), request_body: record.requestBody, response_body: record.responseBody }
  },
})

export const callOperations = [list, show] as const
