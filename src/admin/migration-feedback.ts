/** What people say of answers, told by the programs that showed them. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { compile } from '#migration/compiled.ts'
import { isLive } from '#migration/itinerary.ts'
import type { Feedback } from '#migration/port.ts'
import { feedbackBatchMax } from '#migration/port.ts'
import { conversationNamed } from '#relay/conversation.ts'
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
        'What its caller names it by (`x-session-id`), for its newest call. With split: client what its observations name as `unit`, once for a conversation.',
      ),
    bad: z.boolean(),
  })
  .refine(({ call, conversation }) => (call === undefined) !== (conversation === undefined), {
    message: 'needs a call or a conversation, and not both',
  })

type Told = z.output<typeof feedback>

type Meaning = { readonly name: string; readonly isSplitByCaller: boolean }

/** What is meant; `null` = no call of this conversation was in the migration. */
const meantBy = async (
  { call, conversation = '', bad: isBad }: Told,
  { name, isSplitByCaller }: Meaning,
  { ports, actor }: OperationContext,
): Promise<Feedback | null> => {
  if (call !== undefined) return { call, isBad }
  if (isSplitByCaller) return { call: `unit:${conversation}`, isBad }
  const { calls } = await ports.store.calls({
    ...everyCall(1),
    conversation: conversationNamed(conversation),
    key: actor.isCaller === true ? actor.name.replace(/^key:/, '') : null,
  })
  const found = calls.find(({ migration }) => migration === name)
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
  }),
  output: z.object({
    accepted: z.int().describe('New ones: of each answer the first word counts.'),
    unknown: z.int().describe('Conversations of which no call was in this migration.'),
    state: z.string(),
  }),
  flags: [{ field: 'name', positional: true, describe: 'The name of the migration.' }],
  run: async ({ name, feedback: told }, context) => {
    const { ports, clock } = context
    const row = await migrationNamed(name, context)
    const { file } = compile(row)
    mayReport({ name, file }, context)
    if (!file.analysis.metrics.some((metric) => metric.name === 'feedback-bad-share'))
      throw new Problem('conflict', {
        message: `Migration "${name}" does not ask for feedback. Give its file the metric feedback-bad-share, and start it anew.`,
      })
    const isSplitByCaller = file.split === 'client'
    const meant: (Feedback | null)[] = []
    for (const one of told) meant.push(await meantBy(one, { name, isSplitByCaller }, context))
    const said = [...new Map(meant.flatMap((one) => (one === null ? [] : [[one.call, one] as const]))).values()]
    const given = { migration: row.id, nowMs: clock.nowMs(), said }
    const accepted = isLive(row.state) ? await ports.migrations.store.keepFeedback(given) : 0
    return { accepted, unknown: meant.filter((one) => one === null).length, state: row.state.phase }
  },
})

export const migrationFeedback = [tell] as const
