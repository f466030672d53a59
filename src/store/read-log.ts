/** The log of calls and its figures, read in pieces, so that calls get their turn in between. */

import type { CallFilter, CallPage } from '#admin/port.ts'
import type { CallRecord } from '#base/call-record.ts'
import type { UsageGroup, UsagePage, UsageQuestion } from '#report/port.ts'
import type { BackendHabits, CallStretch } from './operations/call.ts'
import type { Execute } from './operations/index.ts'

/** A question looks at no more of the log than this many stretches; its answer says where the next one goes on. */
const stretchesPerPageMax = 40

/**
 * In the order of the log. Without `afterId` the newest `limit`; with it the first `limit` after that call, so that
 * whoever follows the log misses none, however many came at once.
 */
export const readCalls = async (execute: Execute, filter: CallFilter): Promise<CallPage> => {
  const found: CallRecord[] = []
  let from: bigint | null = null
  const backward = filter.afterId === null
  for (let stretches = 0; stretches < stretchesPerPageMax || !backward; stretches += 1) {
    const limit = filter.limit - found.length
    const stretch: CallStretch = await execute('callStretch', { filter: { ...filter, limit }, from })
    found.push(...stretch.rows)
    from = stretch.next
    if (from === null || found.length === filter.limit) break
  }
  if (!backward) return { calls: found, before: null }
  // The place may be that of a call that is gone, or of none yet: the one above it is as good to go on from.
  const before =
    from === null ? null : found.length === filter.limit ? found.at(-1)?.id : await execute('callFrom', from)
  return { calls: found.reverse(), before: before ?? null }
}

/** Adds a step of the log to the figures, where there is one; an idle server writes nothing. */
export const rollForward = async (execute: Execute): Promise<number> =>
  (await execute('pendingCalls', null)) === 0 ? 0 : execute('rollForward', null)

/** Figures lag behind the log by what came since the last roll: a question rolls so many steps before it is answered. */
const rollsPerQuestionMax = 40

/** Sums by their groups, over everything that the log holds unless `pending` says otherwise. */
export const readUsage = async (
  execute: Execute,
  question: UsageQuestion,
  { isFar }: BackendHabits = { isFar: false },
): Promise<UsagePage> => {
  for (let rolls = 0; rolls < rollsPerQuestionMax; rolls += 1) if ((await rollForward(execute)) === 0) break
  // A server of its own reads in the order of time by itself, and keeps nobody waiting meanwhile.
  return question.byTime && !isFar ? readWindows(execute, question) : execute('usagePage', question)
}

/** Rows of figures are told apart by time first: a page of them is found without adding up what comes after it. */
const windowMs = { hour: 24 * 3_600_000, day: 8 * 86_400_000 } as const

const readWindows = async (execute: Execute, question: UsageQuestion): Promise<UsagePage> => {
  const { after, grain, limit, toMs } = question
  const groups: UsageGroup[] = []
  let fromMs = Math.max(question.fromMs, typeof after?.[0] === 'number' ? after[0] : question.fromMs)
  for (;;) {
    fromMs = (await execute('usageStart', { ...question, fromMs })) ?? toMs
    const endMs = Math.min(toMs, fromMs + windowMs[grain])
    const part = { ...question, fromMs, toMs: endMs, limit: limit - groups.length }
    const { groups: found, next, pending } = await execute('usagePage', part)
    groups.push(...found)
    if (next !== null || endMs >= toMs) return { groups, next, pending }
    fromMs = endMs
  }
}
