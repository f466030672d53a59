/** Calls: the log, and one call with what was kept of it. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { CallView } from './call-view.ts'
import { callView, viewOfCall } from './call-view.ts'
import { handleField, pastField, pastOf } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import type { CallFilter } from './port.ts'
import { table } from './render.ts'

/** The id of what a handle names. @throws Problem `not_found`. */
export const idOf = async (noun: 'key' | 'account', handle: string, { ports }: OperationContext): Promise<string> => {
  const row = noun === 'key' ? await ports.store.key(handle) : await ports.store.account(handle)
  if (row !== null) return row.id
  throw new Problem('not_found', { ...saying('no_such', { noun, handle }), param: noun })
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

const label = (what: string) => z.string().min(1).max(300).optional().describe(what)

const listInput = z
  .strictObject({
    limit: z.int().min(1).max(1000).default(20).describe('How many calls at most, 1 to 1000.'),
    after: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('Only calls that follow this one in the log, the first of them: for following it.'),
    before: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('Only calls that precede this one in the log, the last of them (the `next` of the page before).'),
    key: handleField().optional().describe('Only calls of this key: id or name.'),
    account: handleField().optional().describe('Only calls of this account: id or name.'),
    model: z.string().min(1).max(200).optional().describe('Only calls for this model, as callers wrote it.'),
    provider: label('Only calls that this provider answered.'),
    status: z
      .string()
      .regex(/^[1-5](\d\d|xx)$/, 'must be a status such as 429, or a class such as 5xx')
      .optional()
      .describe('Only calls answered with this status, or class of it: 429, 5xx.'),
    end: z.enum(['complete', 'cut', 'left', 'refused']).optional().describe('Only calls that ended so.'),
    error: label('Only calls with this error code.'),
    tag: z
      .string()
      .regex(/^[^=]{1,100}=.{0,200}$/s, 'must be name=value')
      .optional()
      .describe('Only calls with this tag: name=value.'),
    conversation: label('Only calls of this conversation, as the log shows it.'),
    call_site: label('Only calls from this call site.'),
    from: pastField().optional().describe('Only calls since then: 24h (ago), 2026-11-01, or RFC 3339.'),
    to: pastField().optional().describe('Only calls before then.'),
  })
  .superRefine(({ after, before }, context) => {
    if (after !== undefined && before !== undefined)
      context.addIssue({ code: 'custom', path: ['before'], message: 'does not go together with after' })
  })

const statusRange = (status: string | undefined): readonly [number, number] | null => {
  if (status === undefined) return null
  return status.endsWith('xx')
    ? [Number(status[0]) * 100, Number(status[0]) * 100 + 99]
    : [Number(status), Number(status)]
}

const filterOf = async (input: z.output<typeof listInput>, context: OperationContext): Promise<CallFilter> => {
  const { key, account, from, to } = input
  const nowMs = context.clock.nowMs()
  return {
    limit: input.limit,
    afterId: input.after ?? null,
    beforeId: input.before ?? null,
    key: key === undefined ? null : await idOf('key', key, context),
    account: account === undefined ? null : await idOf('account', account, context),
    model: input.model ?? null,
    provider: input.provider ?? null,
    status: statusRange(input.status),
    end: input.end ?? null,
    error: input.error ?? null,
    tag: input.tag ?? null,
    conversation: input.conversation ?? null,
    callSite: input.call_site ?? null,
    fromMs: from === undefined ? null : pastOf(from, nowMs),
    toMs: to === undefined ? null : pastOf(to, nowMs),
  }
}

const list = operation({
  noun: 'logs',
  verb: 'list',
  summary: 'The newest calls, oldest first.',
  method: 'GET',
  path: '/calls',
  scope: 'read',
  input: listInput,
  output: z.object({
    data: z.array(callView),
    next: z
      .string()
      .nullable()
      .describe(
        'Give it as `before` for the calls that precede these; null = there are none, or the log was followed.',
      ),
  }),
  flags: [],
  render: ({ data }) => callColumns(data, true),
  run: async (input, context) => {
    const { calls, before } = await context.ports.store.calls(await filterOf(input, context))
    return { data: calls.map(viewOfCall), next: before }
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
        ...saying('no_call', { id }),
        param: 'id',
      })
    return { ...viewOfCall(record), request_body: record.requestBody, response_body: record.responseBody }
  },
})

export const callOperations = [list, show] as const
