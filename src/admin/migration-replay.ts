/** `migrate replay`: logged prompts asked again of both sides, or the decisions of a migration made again on the sums that were kept. */

import { z } from 'zod'
import type { CallRecord } from '#base/call-record.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { decimalOf, nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { readMigrationFile } from '#migration/compiled.ts'
import { judgeOf } from '#migration/judge.ts'
import { shareInterval, shownBelow } from '#migration/proportion-test.ts'
import type { MigrationFile } from '#migration/settings.ts'
import { isMigrationName } from '#migration/settings.ts'
import { comparators } from '#migration/shadow-compare.ts'
import { respectsOf } from '#migration/shadow-standing.ts'
import { callScoreOf, findingsOf } from '#migration/shadow-sums.ts'
import type { ArmReplay, Prompt, PromptReplay } from '#rehearsal/replay-prompts.ts'
import { replayPrompts } from '#rehearsal/replay-prompts.ts'
import { keptBodyBytesMax } from '#relay/body-keeper.ts'
import type { ErrandFormat } from '#relay/errand.ts'
import { errandPaths, keptAnswer } from '#relay/errand.ts'
import { recentCalls } from './migration-baseline.ts'
import { declaredIn } from './migration-declared.ts'
import { replayed, replayOf } from './migration-report.ts'
import { openMigration } from './migration-view.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import { viewOfFinding } from './shadow-finding.ts'

const promptsMax = 2_000
const textMax = 18_000_000
const timeLimitMs = 240_000
const answerMsMax = 280_000
const concurrencyUsual = 8
const repeatPercentUsual = 20

const armView = z.object({
  asked: z.int(),
  failed: z.int(),
  duration_p50_ms: z.number().nullable(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_usd: z.string(),
})

const promptsView = z.object({
  compared: z.int(),
  arms: z.object({ baseline: armView, candidate: armView }),
  error_share_at_most: z
    .number()
    .nullable()
    .describe('Of the candidate: what the failures among these prompts rule out is above it.'),
  token_ratio: z
    .object({ input: z.number().nullable(), output: z.number().nullable() })
    .describe("The candidate's to the baseline's, of a prompt in the mean."),
  findings: z.array(
    z.object({
      respect: z.enum(comparators),
      compared: z.int(),
      differed: z.number().nullable(),
      floor: z
        .number()
        .nullable()
        .describe('How often the baseline differs from itself; null = it was not asked twice.'),
      worse: z.boolean(),
    }),
  ),
  tool_call_score: z.number().nullable(),
  left: z.record(z.string(), z.int()).describe('Prompts that were not asked, by the reason.'),
  examples: z.array(z.object({ id: z.string(), differs: z.enum(comparators) })),
})

const replayView = z.object({
  name: z.string(),
  ok: z.boolean(),
  decisions: z.array(replayed).describe('Of a migration that is named.'),
  prompts: promptsView.nullable().describe('Of prompts that were asked again.'),
})

type ReplayView = z.output<typeof replayView>

const median = (values: readonly number[]): number | null =>
  values.length === 0 ? null : (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null)

const viewOfArm = (arm: ArmReplay): z.input<typeof armView> => ({
  asked: arm.asked,
  failed: arm.failed,
  duration_p50_ms: median(arm.durationsMs),
  input_tokens: arm.inputTokens,
  output_tokens: arm.outputTokens,
  cost_usd: decimalOf(arm.nanoUsd),
})

const ratioOf = ({ arms: { baseline, candidate } }: PromptReplay, of: (arm: ArmReplay) => number): number | null => {
  const mean = (arm: ArmReplay): number => of(arm) / Math.max(1, arm.asked - arm.failed)
  return mean(baseline) === 0 ? null : mean(candidate) / mean(baseline)
}

/** The chance of error that each test of the file has. */
const alphaOf = (file: MigrationFile): number => judgeOf(file, { p99Ms: {} }).alpha

const viewOf = (found: PromptReplay, file: MigrationFile): z.input<typeof promptsView> => {
  const { candidate } = found.arms
  const share = { hits: candidate.failed, seen: candidate.asked }
  return {
    compared: found.sums.questions,
    arms: { baseline: viewOfArm(found.arms.baseline), candidate: viewOfArm(candidate) },
    error_share_at_most: candidate.asked === 0 ? null : shownBelow(share, alphaOf(file)),
    token_ratio: {
      input: ratioOf(found, ({ inputTokens }) => inputTokens),
      output: ratioOf(found, ({ outputTokens }) => outputTokens),
    },
    findings: findingsOf(found.sums, file.analysis.alpha_total, respectsOf(file)).map(viewOfFinding),
    tool_call_score: callScoreOf(found.sums),
    left: found.left,
    examples: [...found.examples],
  }
}

const refusedFile = (line: number, why: string): Problem =>
  new Problem('invalid_request_error', {
    message: `Line ${line} of the prompts ${why}. Each line is the body of a chat completion, a line of a batch file ({"url", "body"}), or {"format", "body", "response"}.`,
    param: 'prompts',
  })

const formatAt = (url: unknown): ErrandFormat | null => {
  if (typeof url !== 'string') return 'openai-chat'
  const found = Object.entries(errandPaths).find(([, path]) => url.endsWith(path))
  return found === undefined ? null : (found[0] as ErrandFormat)
}

const isFormat = (value: unknown): value is ErrandFormat =>
  typeof value === 'string' && Object.hasOwn(errandPaths, value)

type Kept = { readonly format: ErrandFormat; readonly body: JsonObject; readonly response: string | null }

const promptOf = (id: string, { format, body, response }: Kept, signal: AbortSignal): Prompt => ({
  id,
  format,
  body,
  answer: response === null ? null : keptAnswer({ format, body }, { text: response, status: 200, signal }),
})

const lineOf = (text: string, line: number): Kept => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refusedFile(line, 'is not JSON')
  }
  if (!isObject(value)) throw refusedFile(line, 'is no object')
  const { body, format, url, response } = value
  if (!isObject(body)) return { format: 'openai-chat', body: value, response: null }
  const found = format === undefined ? formatAt(url) : isFormat(format) ? format : null
  if (found === null)
    throw refusedFile(line, `is of a format that is not asked again; there are ${Object.keys(errandPaths).join(', ')}`)
  return {
    format: found,
    body,
    response: response === undefined ? null : typeof response === 'string' ? response : JSON.stringify(response),
  }
}

const fromFile = (text: string, signal: AbortSignal): readonly Prompt[] => {
  const lines = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]))
  if (lines.length > promptsMax)
    throw new Problem('invalid_request_error', {
      message: `The file has ${lines.length} prompts, more than ${promptsMax}: split it.`,
      param: 'prompts',
    })
  return lines.map(({ line, number }) => promptOf(`line ${number}`, lineOf(line, number), signal))
}

const hasConsent = ({ shadow }: MigrationFile, { project }: CallRecord): boolean =>
  shadow !== undefined && (shadow.consent === 'all' || (project !== null && shadow.consent.includes(project)))

const keptOf = ({ protocol, requestBody, responseBody }: CallRecord): Kept | null => {
  if (requestBody === null || !isFormat(protocol)) return null
  try {
    const body: unknown = JSON.parse(requestBody)
    // An answer that was longer than what is kept is asked for anew.
    const isWhole = responseBody !== null && Buffer.byteLength(responseBody) < keptBodyBytesMax
    return isObject(body) ? { format: protocol, body, response: isWhole ? responseBody : null } : null
  } catch (thrown) {
    // It was longer than what is kept.
    if (thrown instanceof SyntaxError) return null
    throw thrown
  }
}

/** Prompts of the log, the newest first, whose owners have agreed; what the baseline answered then is what the candidate is held against. */
const fromLog = async (file: MigrationFile, count: number, context: OperationContext): Promise<readonly Prompt[]> => {
  if (file.shadow === undefined)
    throw new Problem('invalid_request_error', {
      message:
        'Logged prompts would go to another provider: the file must say whose owners have agreed, as shadow: { consent: all } or [project_1]. Or give prompts of your own with --prompts FILE.',
      param: 'file',
    })
  const signal = new AbortController().signal
  const found: Prompt[] = []
  for (const call of await recentCalls(file, context)) {
    if (found.length >= count) break
    if (call.end !== 'complete' || call.status >= 300 || !hasConsent(file, call)) continue
    const kept = keptOf((await context.ports.store.call(call.id)) ?? call)
    if (kept !== null) found.push(promptOf(call.id, kept, signal))
  }
  if (found.length > 0) return found
  throw new Problem('invalid_request_error', {
    message:
      'The log holds no prompt that could be asked again: bodies are kept only with log: { bodies: true }. Give prompts with --prompts FILE.',
    param: 'prompts',
  })
}

const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(1)} %`)

const promptsText = (found: z.output<typeof promptsView>): string => {
  const { arms, findings, left, token_ratio: ratio } = found
  const rows = findings
    .filter(({ compared }) => compared > 0)
    .map((one) => [one.respect, one.compared, percent(one.differed), percent(one.floor), one.worse ? 'worse' : ''])
  const reasons = Object.entries(left).map(([reason, count]) => `${reason} ${count}`)
  const times = (value: number | null): string => (value === null ? '–' : `× ${value.toFixed(2)}`)
  return [
    table(
      ['ARM', 'ASKED', 'FAILED', 'P50 MS', 'INPUT', 'OUTPUT', 'COST USD'],
      (['baseline', 'candidate'] as const).map((arm) => {
        const one = arms[arm]
        return [arm, one.asked, one.failed, one.duration_p50_ms, one.input_tokens, one.output_tokens, one.cost_usd]
      }),
    ),
    `The candidate's error share is at most ${percent(found.error_share_at_most)}; its tokens are ${times(ratio.input)} in the prompt and ${times(ratio.output)} in the answer.\n\n`,
    table(['RESPECT', 'COMPARED', 'DIFFERED', 'BASELINE FROM ITSELF', ''], rows),
    found.tool_call_score === null ? '' : `Tools are called as the baseline does: ${percent(found.tool_call_score)}.\n`,
    reasons.length === 0 ? '' : `Not asked: ${reasons.join(', ')}.\n`,
    ...found.examples.slice(0, 10).map(({ id, differs }) => `${differs}: ${id}\n`),
  ].join('')
}

const replayText = ({ decisions, prompts }: ReplayView): string =>
  prompts === null
    ? table(
        ['NUMBER', 'DECISION', 'BY', 'AGAIN', 'SAME'],
        decisions.map(({ number, change, by, again, same }) => [number, change, by, again, same ? 'yes' : 'NO']),
      )
    : promptsText(prompts)

const failureOf = ({ ok, prompts }: ReplayView): string | null => {
  if (ok) return null
  return prompts === null
    ? 'a decision does not follow from the sums that were kept with it'
    : 'the candidate is worse than the baseline is from itself, or fails more often than the limit allows'
}

/** Worse in a respect, or its failures show more than the limit. */
const isSound = (found: PromptReplay, file: MigrationFile): boolean => {
  const limit = file.analysis.metrics.find(({ name }) => name === 'error-rate')?.threshold_range?.max ?? 1
  const { failed, asked } = found.arms.candidate
  const low = asked === 0 ? 0 : shareInterval({ hits: failed, seen: asked }, alphaOf(file)).low
  return (
    low <= limit && !findingsOf(found.sums, file.analysis.alpha_total, respectsOf(file)).some(({ isWorse }) => isWorse)
  )
}

const replay = operation({
  noun: 'migrate',
  verb: 'replay',
  summary:
    "Ask logged prompts of both sides again and compare the answers (with a migration's file), or make a migration's decisions again on the sums that were kept (with its name).",
  method: 'POST',
  path: '/migrations/replay',
  scope: 'write',
  answerMsMax,
  bodyBytesMax: 20_000_000,
  input: z.strictObject({
    subject: z.string().min(1).max(200_000).describe('The file of a migration, or the name of one.'),
    prompts: z.string().max(textMax).optional().describe('Prompts, one a line as JSON; absent: those of the log.'),
    limit: z.int().min(1).max(promptsMax).default(600).describe('Prompts at most.'),
    max_usd: z
      .string()
      .regex(/^\d{1,6}(\.\d{1,9})?$/, 'must be a decimal of dollars, such as 5.00')
      .default('5.00')
      .describe('What it may cost at most, both sides together.'),
    max_tokens: z.int().min(1).max(1_000_000_000).default(5_000_000).describe('The same in tokens.'),
  }),
  output: replayView,
  flags: [
    { field: 'subject', positional: true, file: 'or-text', describe: 'The file of a migration, or the name of one.' },
    {
      field: 'prompts',
      flag: '--prompts <file>',
      file: true,
      describe: 'Prompts, one a line as JSON; absent: those of the log.',
    },
  ],
  render: replayText,
  failure: failureOf,
  run: async ({ subject, prompts: text, limit, max_usd, max_tokens }, context) => {
    const declared = (await declaredIn(context)).find(({ name }) => name === subject)
    const isStarted = (await context.ports.migrations.store.migration(subject)) !== null
    if (isMigrationName(subject) && (isStarted || declared === undefined)) {
      const decisions = replayOf(await openMigration(subject, context))
      return { name: subject, ok: decisions.every(({ same }) => same), decisions, prompts: null }
    }
    const file = readMigrationFile(declared?.text ?? subject)
    const { ports, clock } = context
    const stopping = new AbortController().signal
    const all = text === undefined ? await fromLog(file, limit, context) : fromFile(text, stopping)
    const limits = {
      nanoUsdMax: nanoOf(max_usd),
      tokensMax: max_tokens,
      concurrencyMax: file.shadow?.max_concurrency ?? concurrencyUsual,
      timeLimitMs,
      repeatPercent: file.shadow?.noise_floor_sample ?? repeatPercentUsual,
    }
    const found = await replayPrompts(
      all.slice(0, limit),
      { file, limits },
      { errands: ports.migrations.errands, clock, stopping },
    )
    const over = Math.max(0, all.length - limit)
    const left = over === 0 ? found.left : { ...found.left, limit: over }
    return { name: file.migration, ok: isSound(found, file), decisions: [], prompts: viewOf({ ...found, left }, file) }
  },
})

export const migrationReplays = [replay] as const
