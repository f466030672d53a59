/** What people say of answers, told by the programs that showed them. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { compile } from '#migration/compiled.ts'
import { isLive } from '#migration/itinerary.ts'
import type { Feedback } from '#migration/port.ts'
import { feedbackBatchMax } from '#migration/port.ts'
import { conversationNamed } from '#relay/conversation.ts'
import { idOf } from './calls.ts'
import { handleField } from './field.ts'
import { migrationNameField } from './migration-name.ts'
import { mayReport } from './migration-observations.ts'
import { migrationNamed } from './migration-view.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { everyCall } from './port.ts'

const feedback = z
  .strictObject({
    call: z
      .string()
      .min(1)
      .max(100)
      .refine((id) => !id.startsWith('unit:'), 'is no id of a call')
      .optional()
      .describe('Of the call (`x-request-id` of its answer), or of the observation that was told of it.'),
    conversation: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe(
        'What its caller names it by (`x-session-id`), for the newest of its last 20 calls that was in this migration. With split: client what its observations name as `unit`, once for a conversation.',
      ),
    bad: z.boolean(),
  })
  .refine(({ call, conversation }) => (call === undefined) !== (conversation === undefined), {
    message: 'needs a call or a conversation, and not both',
  })

type Told = z.output<typeof feedback>

/** Whose calls may be meant; `null` = anybody's. */
type Asker = { readonly key: string | null; readonly account: string | null }

type Meaning = { readonly name: string; readonly isSplitByCaller: boolean; readonly asker: Asker }

const askerOf = async (account: string | undefined, context: OperationContext): Promise<Asker> => {
  const { actor, ports } = context
  if (actor.isCaller !== true)
    return { key: null, account: account === undefined ? null : await idOf('account', account, context) }
  if (account !== undefined)
    throw new Problem('permission_denied', {
      message:
        'Only an admin key says of which account calls are: this one speaks of those of its own. Leave account out.',
    })
  const key = actor.name.replace(/^key:/, '')
  return { key, account: (await ports.store.key(key))?.account ?? null }
}

/** Of a conversation only the newest calls are looked at: later ones may be in no migration, or in another. */
const newestCalls = 20

/** What is meant; `null` = no call that the asker may speak of. */
const meantBy = async (
  { call, conversation = '', bad: isBad }: Told,
  { name, isSplitByCaller, asker }: Meaning,
  { ports }: OperationContext,
): Promise<Feedback | null> => {
  const { key, account } = asker
  if (isSplitByCaller) return { call: call ?? `unit:${conversation}`, isBad }
  if (call !== undefined) {
    if (key === null && account === null) return { call, isBad }
    const record = await ports.store.call(call)
    const isOwn = record !== null && (record.key === key || (account !== null && record.account === account))
    return isOwn ? { call, isBad } : null
  }
  const named = { ...everyCall(newestCalls), conversation: conversationNamed(conversation) }
  const { calls } = await ports.store.calls(key === null ? { ...named, account } : { ...named, key })
  const found = calls.findLast(({ migration }) => migration === name)
  return found === undefined ? null : { call: found.id, isBad }
}

const tell = operation({
  noun: 'migrate',
  verb: 'feedback',
  summary:
    'Say of answers whether people called them bad: counted for the arm that gave them, by the metric feedback-bad-share.',
  method: 'POST',
  path: '/migrations/{name}/feedback',
  scope: 'write',
  forCallers: true,
  input: z.strictObject({
    name: migrationNameField(),
    feedback: z.array(feedback).min(1).max(feedbackBatchMax).describe(`At most ${feedbackBatchMax}.`),
    account: handleField()
      .optional()
      .describe(
        'Whose calls are meant, by name or id: others are unknown. For admin keys; a key for calls speaks of those of its own.',
      ),
  }),
  output: z.object({
    accepted: z.int().describe('New ones: of each answer the first word counts.'),
    unknown: z
      .int()
      .describe(
        'Conversations of which none of the newest calls was in this migration, and calls that are not the asker’s or not in the log yet.',
      ),
    state: z.string(),
  }),
  flags: [{ field: 'name', positional: true, describe: 'The name of the migration.' }],
  run: async ({ name, feedback: told, account }, context) => {
    const { ports, clock } = context
    const row = await migrationNamed(name, context)
    const { file } = compile(row)
    mayReport({ name, file }, context)
    if (!file.analysis.metrics.some((metric) => metric.name === 'feedback-bad-share'))
      throw new Problem('conflict', {
        message: `Migration "${name}" does not ask for feedback. Give its file the metric feedback-bad-share, and start it anew.`,
      })
    const meaning = { name, isSplitByCaller: file.split === 'client', asker: await askerOf(account, context) }
    const meant: (Feedback | null)[] = []
    for (const one of told) meant.push(await meantBy(one, meaning, context))
    const said = [...new Map(meant.flatMap((one) => (one === null ? [] : [[one.call, one] as const]))).values()]
    const given = { migration: row.id, nowMs: clock.nowMs(), said }
    const accepted = isLive(row.state) ? await ports.migrations.store.keepFeedback(given) : 0
    return { accepted, unknown: meant.filter((one) => one === null).length, state: row.state.phase }
  },
})

export const migrationFeedback = [tell] as const
