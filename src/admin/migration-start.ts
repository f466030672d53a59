/** A migration is started: looked at before, and set going now or at a date. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Sentence } from '#base/sentence.ts'
import { compile, fileDigest, readMigrationFile } from '#migration/compiled.ts'
import { decisionFor, tellDecision } from '#migration/conduct.ts'
import type { Change } from '#migration/itinerary.ts'
import { draftState } from '#migration/itinerary.ts'
import { arms } from '#migration/observation.ts'
import type { MigrationRow } from '#migration/port.ts'
import type { Preflight } from '#migration/preflight.ts'
import { lookedAt, preflightChecks, preflightRefusals } from '#migration/preflight.ts'
import { reason } from '#migration/reasons.ts'
import { meantFile } from './migration-declared.ts'
import { migrationFileField, planned, startStepOf, startWeightField } from './migration-plan.ts'
import { migrationText, migrationView, openMigration, viewOfMigration } from './migration-view.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import { sentenceView, viewOfSentenceOr } from './sentence-view.ts'
import { trailRowOf } from './trail-row.ts'

/** A preflight takes `time_limit` at most, which is no more than 4 minutes. */
const answerMsMax = 280_000
const aheadMsMax = 90 * 86_400_000

const fileFlag = {
  field: 'file',
  positional: true,
  file: 'or-text',
  describe: 'The file of the migration, or the name of one that migrations.dir declares.',
} as const

const preflightView = z.object({
  ok: z.boolean(),
  time: z.string(),
  cost_usd: z.string().describe('What it cost the operator, as far as prices are known.'),
  checks: z.array(
    z.object({
      check: z.enum(preflightChecks),
      arm: z.enum(arms as readonly ['baseline', 'candidate']).nullable(),
      outcome: z.enum(['passed', 'failed', 'warned', 'skipped']),
      says: z.string(),
      mend: z.string().nullable(),
      says_said: sentenceView.nullable(),
      mend_said: sentenceView.nullable(),
      took_ms: z.int(),
    }),
  ),
})

type PreflightView = z.output<typeof preflightView>

const viewOfPreflight = (found: Preflight): z.input<typeof preflightView> => ({
  ok: preflightRefusals(found).length === 0,
  time: rfc3339(found.atMs),
  cost_usd: decimalOf(BigInt(found.nanoUsd)),
  checks: found.checks.map(({ check, arm, outcome, says, mend, said, tookMs }) => ({
    check,
    arm,
    outcome,
    says,
    mend,
    says_said: viewOfSentenceOr(said?.says),
    mend_said: viewOfSentenceOr(said?.mend),
    took_ms: tookMs,
  })),
})

const preflightText = ({ checks, cost_usd: usd }: PreflightView): string =>
  [
    table(
      ['CHECK', 'ARM', 'OUTCOME', 'MS', 'WHAT'],
      checks.map(({ check, arm, outcome, took_ms: tookMs, says }) => [check, arm ?? '-', outcome, tookMs, says]),
    ),
    ...checks.flatMap(({ check, mend, outcome }) =>
      mend === null || outcome === 'passed' ? [] : [`${check}: ${mend}\n`],
    ),
    `It cost ${usd} USD.\n`,
  ].join('')

/** `is_plan`: the plan speaks against it; else what was looked at. */
const refused = (why: readonly Sentence[], by: 'plan' | 'preflight'): Problem =>
  new Problem('conflict', { ...saying('not_started', { why, is_plan: by === 'plan' }), param: 'file' })

/** When it is to start; `null` = now. */
const dateOf = (text: string | undefined, nowMs: number): number | null => {
  if (text === undefined) return null
  const atMs = Date.parse(text)
  const wrong = (said: ReturnType<typeof saying>): Problem =>
    new Problem('invalid_request_error', { ...said, param: 'at' })
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(atMs))
    throw wrong(saying('no_start_date', { text }))
  if (atMs <= nowMs) throw wrong(saying('start_past', { at: rfc3339(atMs) }))
  if (atMs > nowMs + aheadMsMax) throw wrong(saying('start_too_far', { at: rfc3339(atMs) }))
  return atMs
}

type Beginning = {
  readonly text: string
  readonly facts: MigrationRow['facts']
  readonly change: Change
  readonly why: Sentence
  readonly preflight: Preflight | undefined
}

const begin = async ({ text, facts, change, why, preflight }: Beginning, context: OperationContext) => {
  const { ports, clock, ids, actor } = context
  const file = readMigrationFile(text)
  const nowMs = clock.nowMs()
  const id = ids.next('mig')
  const row: MigrationRow = {
    id,
    name: file.migration,
    file: text,
    digest: fileDigest(text),
    salt: file.assignment.salt === 'auto' ? id : file.assignment.salt,
    createdMs: nowMs,
    facts,
    state: draftState,
    version: 0,
    checkedMs: nowMs,
  }
  const conducting = { row, compiled: compile(row), change, why, actor: actor.name, evidence: [], nowMs, preflight }
  const decision = decisionFor(conducting)
  const after = { name: row.name, digest: row.digest, change, why: why.text }
  const trail = trailRowOf({ operation: `migrate.${change.kind}` as const, object: id, before: null, after }, context)
  await ports.migrations.store.createMigration({ ...row, version: 1, state: decision.after }, { decision, trail })
  tellDecision(ports.migrations.emit, row, decision)
  await ports.migrations.changed()
  return viewOfMigration(await openMigration(row.name, context), clock.nowMs())
}

/** The command that starts one. */
export const startMigration = operation({
  noun: 'migrate',
  verb: 'start',
  summary:
    'Start a migration, now or at a date. Refused where a route is not there, the baseline breaks a limit already, or the preflight fails: real completions on both arms, keys and quota, the probes of the candidate, the way back.',
  method: 'POST',
  path: '/migrations',
  scope: 'write',
  answerMsMax,
  input: z.strictObject({
    file: migrationFileField(),
    start_weight: startWeightField(),
    at: z
      .string()
      .max(40)
      .optional()
      .describe("When: 2026-12-01T06:00Z. The preflight runs now and again then; 'drover migrate abort' cancels it."),
    skip_preflight: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .describe('Start without the preflight, for this reason: it is kept with the decision.'),
  }),
  output: migrationView.extend({ preflight: preflightView.nullable() }),
  flags: [fileFlag],
  render: (view) => `${view.preflight === null ? '' : `${preflightText(view.preflight)}\n`}${migrationText(view)}`,
  run: async ({ file: given, start_weight, at, skip_preflight: skip }, context) => {
    const text = await meantFile(given, context)
    const { clock, actor, ports } = context
    const file = readMigrationFile(text)
    const startStep = startStepOf(file, start_weight)
    const atMs = dateOf(at, clock.nowMs())
    const { facts, refusals: against } = await planned(text, start_weight, context)
    if (against.length > 0) throw refused(against, 'plan')
    const question = { file, startStep, need: facts.busiest ?? null }
    const found = skip === undefined ? await ports.migrations.preflight(question) : undefined
    const refusals = found === undefined ? [] : preflightRefusals(found)
    if (refusals.length > 0) throw refused(refusals, 'preflight')
    // Meanwhile another one may have begun to move the same calls.
    const now = await planned(text, start_weight, context)
    if (now.refusals.length > 0) throw refused(now.refusals, 'plan')
    const change: Change =
      atMs === null
        ? { kind: 'start', startStep }
        : { kind: 'schedule', startStep, atMs, withoutPreflight: skip ?? null }
    const told = { actor: actor.name, looked: lookedAt(found, skip ?? null) }
    const why = atMs === null ? reason('started', told) : reason('set_to_start', { at: rfc3339(atMs), ...told })
    const started = await begin({ text, facts, change, why, preflight: found }, context)
    return { ...started, preflight: found === undefined ? null : viewOfPreflight(found) }
  },
})

/** The command that only looks. */
export const preflightMigration = operation({
  noun: 'migrate',
  verb: 'preflight',
  summary: 'Look at what must hold before traffic moves, with real calls to both providers; nothing is started.',
  method: 'POST',
  path: '/migrations/preflight',
  scope: 'write',
  answerMsMax,
  input: z.strictObject({ file: migrationFileField() }),
  output: preflightView,
  flags: [fileFlag],
  render: preflightText,
  failure: ({ ok }) => (ok ? null : 'The preflight failed: the migration would not be started.'),
  run: async ({ file: given }, context) => {
    const text = await meantFile(given, context)
    const { facts, refusals } = await planned(text, undefined, context)
    if (refusals.length > 0) throw refused(refusals, 'plan')
    const question = { file: readMigrationFile(text), startStep: 0, need: facts.busiest ?? null }
    return viewOfPreflight(await context.ports.migrations.preflight(question))
  },
})
