/** What callers who split their traffic themselves report of both sides. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { compile } from '#migration/compiled.ts'
import { isLive } from '#migration/itinerary.ts'
import type { Observation } from '#migration/observation.ts'
import { arms, outcomes } from '#migration/observation.ts'
import type { MigrationRow } from '#migration/port.ts'
import type { ReportedSplit, Standing } from '#migration/reported-step.ts'
import { isOfNow, reportedStep } from '#migration/reported-step.ts'
import type { MigrationFile } from '#migration/settings.ts'
import { migrationNameField } from './migration-name.ts'
import { migrationNamed } from './migration-view.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'

const batchMax = 500
/** A turn that began longer ago, or by a clock that is so far ahead, is refused: what was decided until then went without it. */
const agoMsMax = 3_600_000
const aheadMsMax = 60_000

const count = () => z.int().min(0).max(1_000_000_000).nullable().default(null)
const said = () => z.string().min(1).max(256).nullable().default(null)
const fact = () => z.boolean().nullable().default(null)

const observation = z.strictObject({
  id: z.string().min(1).max(100).describe('Names the turn: what is told twice counts once.'),
  arm: z.enum(arms as readonly [Observation['arm'], ...Observation['arm'][]]),
  unit: z
    .string()
    .min(1)
    .max(128)
    .nullable()
    .default(null)
    .describe('A digest of the conversation; null = nothing names it.'),
  percent: z
    .number()
    .min(0)
    .max(100)
    .nullable()
    .default(null)
    .describe(
      'By which its caller split when it began: the value of DROVER_PERCENT. null = unknown; it is then compared only where the step did not change in its time.',
    ),
  epoch: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('Of the last answer to a report that its caller had when it began; null = none.'),
  start_ms: z.int().min(0).describe('Wall-clock time, milliseconds since 1970.'),
  duration_ms: z.int().min(0).max(86_400_000),
  call_site: z.string().max(256).nullable().default(null),
  caller: z.string().min(1).max(128).nullable().default(null).describe('A digest of whom the answer is for.'),
  stream: z.boolean().default(false),
  outcome: z.enum(outcomes),
  status: z.int().min(100).max(599).nullable().default(null),
  ttft_ms: count(),
  tpot_micros: count(),
  longest_gap_ms: count(),
  tokens: z.strictObject({ input: count(), cached_input: count(), output: count(), reasoning: count() }).prefault({}),
  usage_missing: z.boolean().default(false),
  truncated: z.boolean().default(false),
  tool_called: fact(),
  tool_arguments_valid: fact(),
  json_valid: fact(),
  refused: fact(),
  other_model: said().describe('The model that the answer names, where it is another one than was asked for.'),
  unknown_finish: said().describe('Its finish reason, where the format does not know it.'),
  cost_nano_usd: z
    .string()
    .regex(/^\d{1,18}$/)
    .nullable()
    .default(null),
})

const turnOf = (told: z.output<typeof observation>): Observation => ({
  id: told.id,
  arm: told.arm,
  unit: told.unit,
  startMs: told.start_ms,
  durationMs: told.duration_ms,
  callSite: told.call_site,
  caller: told.caller,
  stream: told.stream,
  outcome: told.outcome,
  status: told.status,
  ttftMs: told.ttft_ms,
  tpotMicros: told.tpot_micros,
  longestGapMs: told.longest_gap_ms,
  tokens: {
    input: told.tokens.input,
    cachedInput: told.tokens.cached_input,
    output: told.tokens.output,
    reasoning: told.tokens.reasoning,
  },
  usageMissing: told.usage_missing,
  truncated: told.truncated,
  toolCalled: told.tool_called,
  toolArgumentsValid: told.tool_arguments_valid,
  jsonValid: told.json_valid,
  refused: told.refused,
  otherModel: told.other_model,
  unknownFinish: told.unknown_finish,
  costNanoUsd: told.cost_nano_usd === null ? null : BigInt(told.cost_nano_usd),
})

/**
 * Whoever may report decides whether traffic moves: a key that the operator has not named must not.
 * @throws Problem `permission_denied`.
 */
export const mayReport = (
  { name, file }: { readonly name: string; readonly file: MigrationFile },
  { actor }: Pick<OperationContext, 'actor'>,
): void => {
  if (actor.isCaller !== true || (file.match.keys ?? []).some((key) => `key:${key}` === actor.name)) return
  throw new Problem('permission_denied', {
    message: `This key may not report on migration "${name}". Its id must stand in match.keys of the migration's file, or an admin key reports.`,
  })
}

const splitOf = (told: z.output<typeof observation>): ReportedSplit => ({
  startMs: told.start_ms,
  durationMs: told.duration_ms,
  percent: told.percent,
  epoch: told.epoch,
})

/** Decisions of the last hour, and more: a gate that is held and asked again every half minute does not fill them. */
const pastMax = 200

/** What was in force when turns began that are told after a step has changed. */
const pastOf = async ({ id, version }: MigrationRow, { ports }: OperationContext): Promise<readonly Standing[]> => {
  const page = { migration: id, after: Math.max(0, version - pastMax), limit: pastMax }
  const decisions = await ports.migrations.store.decisions(page)
  return decisions.map(({ timeMs, after: { epoch, step } }) => ({ fromMs: timeMs, epoch, step }))
}

const report = operation({
  noun: 'migrate',
  verb: 'observe',
  summary: 'Report outcomes of both sides of a migration whose callers split their traffic themselves (split: client).',
  method: 'POST',
  path: '/migrations/{name}/observations',
  scope: 'write',
  forCallers: true,
  input: z.strictObject({
    name: migrationNameField(),
    observations: z.array(observation).max(batchMax).describe(`At most ${batchMax}.`),
    dropped: z.int().min(0).default(0).describe('How many the caller could not keep until now.'),
  }),
  output: z.object({
    accepted: z.int().describe('New ones; the others were told before.'),
    state: z.string(),
    weight: z.number().describe('Percent that should go to the candidate: what DROVER_PERCENT should be.'),
    epoch: z.int().describe('Of the evidence now: what the next observations should say.'),
    aside: z.int().describe('How many of those that were told now are compared with nothing; status says why.'),
  }),
  flags: [{ field: 'name', positional: true, describe: 'The name of the migration.' }],
  run: async ({ name, observations }, context) => {
    const { ports, clock } = context
    const row = await migrationNamed(name, context)
    const { file, itinerary } = compile(row)
    if (file.split !== 'client')
      throw new Problem('conflict', {
        message: `The relay itself splits the traffic of migration "${name}" and sees both sides: nothing is to be reported. Set split: client where callers split it.`,
      })
    mayReport({ name, file }, context)
    const nowMs = clock.nowMs()
    const off = observations.find(({ start_ms: startMs }) => startMs < nowMs - agoMsMax || startMs > nowMs + aheadMsMax)
    if (off !== undefined)
      throw new Problem('invalid_request_error', {
        message: `Observation ${off.id} began at ${off.start_ms}, which is more than an hour ago or ahead of this server's clock (${nowMs}). Set the clock, and report sooner.`,
        param: 'observations',
      })
    const { state } = row
    const isOld = observations.some(({ start_ms: startMs }) => !isOfNow({ startMs }, state))
    const past = isOld ? await pastOf(row, context) : []
    const weightsBasisPoints = itinerary.steps.map(({ weightBasisPoints }) => weightBasisPoints)
    const turns = observations.map((told) => ({
      ...reportedStep(splitOf(told), { state, weightsBasisPoints, past }),
      turn: turnOf(told),
    }))
    const accepted = isLive(state) ? await ports.migrations.store.keepReports({ migration: row.id, turns }) : 0
    return {
      accepted,
      state: state.phase,
      weight: state.weightBasisPoints / 100,
      epoch: state.epoch,
      aside: turns.filter(({ step }) => step < 0).length,
    }
  },
})

export const migrationObservations = [report] as const
