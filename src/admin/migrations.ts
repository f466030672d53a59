/** Staged migration: planned, started, looked at. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { compile, fileDigest, readMigrationFile } from '#migration/compiled.ts'
import { decisionFor, tellDecision } from '#migration/conduct.ts'
import { sayDuration } from '#migration/decide.ts'
import { draftState, isOver } from '#migration/itinerary.ts'
import type { Plan } from '#migration/plan.ts'
import { planOf } from '#migration/plan.ts'
import type { MigrationRow } from '#migration/port.ts'
import type { MigrationFile } from '#migration/settings.ts'
import { fits } from '#migration/settings.ts'
import { findModel } from '#policy/choose.ts'
import { baselineOf } from './migration-baseline.ts'
import {
  decisionView,
  migrationText,
  migrationView,
  openMigration,
  viewOfDecision,
  viewOfMigration,
} from './migration-view.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

export const migrationNameField = () => z.string().min(1).max(64).describe('The name of the migration.')

const fileField = () => z.string().min(1).max(200_000).describe('The file of the migration: YAML or JSON.')

const startWeightField = () =>
  z.int().min(1).max(100).optional().describe('Leave out the steps below this weight, in percent: 5, 10.')

/** Which step has at least this weight. */
const startStepOf = (file: MigrationFile, weight: number | undefined): number => {
  if (weight === undefined) return 0
  const found = file.steps.findIndex(({ set_weight: percent }) => percent >= weight)
  if (found >= 0) return found
  throw new Problem('invalid_request_error', {
    message: `No step has a weight of ${weight} % or more.`,
    param: 'start_weight',
  })
}

/** What of the file does not fit what runs here; an empty list = it does. */
const faultsOf = (file: MigrationFile, { ports }: OperationContext): readonly string[] => {
  const { live } = ports.prices.snapshot()
  const unknown = (what: 'baseline' | 'candidate'): readonly string[] => {
    const { route } = file[what]
    const [provider = ''] = route.split('/')
    if (!live.providers.has(provider)) return [`${what}.route: there is no provider "${provider}" in drover.yaml.`]
    return findModel(live, route) === null
      ? [`${what}.route: provider "${provider}" has no model "${route.slice(provider.length + 1)}".`]
      : []
  }
  const models = file.match.models.filter((name) => !name.includes('*') && findModel(live, name) === null)
  const same = file.baseline.route === file.candidate.route ? ['candidate.route: is the same as baseline.route.'] : []
  return [
    ...unknown('baseline'),
    ...unknown('candidate'),
    ...same,
    ...models.map((name) => `match.models: there is no model "${name}".`),
  ]
}

/** Two migrations of one model would each take the other's baseline for its own. */
const overlapsOf = async (file: MigrationFile, { ports }: OperationContext): Promise<readonly string[]> => {
  const others = (await ports.migrations.store.migrations()).filter(({ state }) => !isOver(state))
  return others.flatMap((other) => {
    const theirs = readMigrationFile(other.file).match.models
    const shared = file.match.models.find((name) => theirs.some((one) => fits(one, name) || fits(name, one)))
    if (shared === undefined || other.name === file.migration) return []
    const mend =
      other.state.phase === 'completed'
        ? 'Let drover.yaml name its candidate, then abort it.'
        : 'Wait for its end, or roll it back.'
    return [`match.models: migration "${other.name}" (${other.state.phase}) moves "${shared}" already. ${mend}`]
  })
}

const planView = z.object({
  name: z.string(),
  ok: z.boolean().describe('false = `start` would refuse it.'),
  hours: z.number(),
  within_deadline: z.boolean(),
  conversations_per_day: z.number(),
  turns_per_conversation: z.number(),
  baseline_error_share: z.number().nullable(),
  baseline_conversations: z.int().describe('Of the last 24 hours; 0 = the file said it, or there were none.'),
  conversations_exposed: z.int().describe('That meet the candidate until the end of the last step.'),
  turns_exposed: z.int(),
  exposed_cost_usd: z.string().nullable().describe("Their cost at the baseline's price."),
  alpha_per_test: z.number().describe('The chance that one test moves a sound candidate back.'),
  chances: z
    .object({ false_rollback: z.number(), missed_harm: z.number() })
    .nullable()
    .describe(
      'Of `policy: thresholds`: moving a sound candidate back, not moving back one that fails three times as often as allowed.',
    ),
  steps: z.array(
    z.object({
      step: z.int(),
      weight: z.number(),
      hours: z.number(),
      conversations: z.int(),
      conversations_so_far: z.int(),
      needed: z.number().nullable(),
      hours_needed: z.number().nullable(),
      smallest_share: z
        .number()
        .nullable()
        .describe('The smallest share of failing conversations that is found by then.'),
      failures_seen: z.int().nullable(),
    }),
  ),
  refusals: z.array(z.string()),
  notes: z.array(z.string()),
})

type Planned = { readonly view: z.input<typeof planView>; readonly plan: Plan; readonly facts: MigrationRow['facts'] }

const planned = async (text: string, startWeight: number | undefined, context: OperationContext): Promise<Planned> => {
  const file = readMigrationFile(text)
  const { baseline, facts } = await baselineOf(file, context)
  const plan = planOf(compile({ file: text, facts }), baseline, startStepOf(file, startWeight))
  const refusals = [...faultsOf(file, context), ...(await overlapsOf(file, context)), ...plan.refusals]
  const view = {
    name: file.migration,
    ok: refusals.length === 0,
    hours: plan.hours,
    within_deadline: plan.isWithinDeadline,
    conversations_per_day: baseline.conversationsPerDay,
    turns_per_conversation: baseline.turnsPerConversation,
    baseline_error_share: baseline.shares['error-rate'] ?? null,
    baseline_conversations: baseline.seen,
    conversations_exposed: plan.conversationsExposed,
    turns_exposed: plan.turnsExposed,
    exposed_cost_usd: plan.exposedNanoUsd === null ? null : decimalOf(plan.exposedNanoUsd),
    alpha_per_test: plan.alphaPerTest,
    chances:
      plan.chances === null
        ? null
        : { false_rollback: plan.chances.falseRollback, missed_harm: plan.chances.missedHarm },
    steps: plan.steps.map((one) => ({
      step: one.step,
      weight: one.weightPercent,
      hours: one.hours,
      conversations: one.conversations,
      conversations_so_far: one.conversationsSoFar,
      needed: one.needed,
      hours_needed: one.hoursNeeded,
      smallest_share: one.smallestShare,
      failures_seen: one.failuresSeen,
    })),
    refusals,
    notes: [...plan.notes],
  }
  return { view, plan, facts }
}

const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(2)} %`)

const sayHours = (hours: number): string => sayDuration(hours * 3_600_000)

const planText = (view: z.output<typeof planView>): string =>
  [
    `"${view.name}": ${sayHours(view.hours)} at ${Math.round(view.conversations_per_day)} conversations a day; ${view.conversations_exposed} conversations meet the candidate.\n`,
    `A sound candidate is moved back with a chance of ${percent(view.alpha_per_test)} a test at most, however often it is looked at.\n`,
    view.chances === null
      ? ''
      : `By plain thresholds: a sound candidate is moved back in ${percent(view.chances.false_rollback)}, harm of three times the limit is missed in ${percent(view.chances.missed_harm)}.\n`,
    '\n',
    table(
      [
        'STEP',
        'WEIGHT',
        'LASTS',
        'CONVERSATIONS',
        'SO FAR',
        'NEEDED',
        'GATE AFTER',
        'FINDS A SHARE OF',
        'FAILURES BY THEN',
      ],
      view.steps.map((one) => [
        one.step,
        `${one.weight} %`,
        sayHours(one.hours),
        one.conversations,
        one.conversations_so_far,
        one.needed === null ? '-' : Math.ceil(one.needed),
        one.hours_needed === null ? 'never' : sayHours(one.hours_needed),
        percent(one.smallest_share),
        one.failures_seen,
      ]),
    ),
    ...view.refusals.map((one) => `REFUSED: ${one}\n`),
    ...view.notes.map((one) => `note: ${one}\n`),
  ].join('')

const plan = operation({
  noun: 'migrate',
  verb: 'plan',
  summary:
    'Say what a migration can show with the traffic that there is: time, conversations exposed, the smallest harm that it finds; nothing is started.',
  method: 'POST',
  path: '/migrations/plan',
  scope: 'read',
  input: z.strictObject({ file: fileField(), start_weight: startWeightField() }),
  output: planView,
  flags: [{ field: 'file', positional: true, file: true, describe: 'The file of the migration: YAML or JSON.' }],
  render: planText,
  failure: ({ refusals }) => (refusals.length === 0 ? null : refusals.join(' ')),
  run: async ({ file, start_weight }, context) => (await planned(file, start_weight, context)).view,
})

const start = operation({
  noun: 'migrate',
  verb: 'start',
  summary:
    'Start a migration: its first step is in force at once. Refused where a route is not there, or the baseline breaks a limit already.',
  method: 'POST',
  path: '/migrations',
  scope: 'write',
  input: z.strictObject({ file: fileField(), start_weight: startWeightField() }),
  output: migrationView,
  flags: [{ field: 'file', positional: true, file: true, describe: 'The file of the migration: YAML or JSON.' }],
  render: migrationText,
  run: async ({ file: text, start_weight }, context) => {
    const { ports, clock, ids, actor } = context
    const { view, facts } = await planned(text, start_weight, context)
    if (!view.ok)
      throw new Problem('conflict', {
        message: `The migration is not started: ${view.refusals.join(' ')} 'drover migrate plan' shows the whole plan.`,
        param: 'file',
      })
    const file = readMigrationFile(text)
    const nowMs = clock.nowMs()
    const id = ids.next('mig')
    const salt = file.assignment.salt === 'auto' ? id : file.assignment.salt
    const row: MigrationRow = {
      id,
      name: file.migration,
      file: text,
      digest: fileDigest(text),
      salt,
      createdMs: nowMs,
      facts,
      state: draftState,
      version: 0,
      checkedMs: nowMs,
    }
    const change = { kind: 'start' as const, startStep: startStepOf(file, start_weight) }
    const decision = decisionFor({
      row,
      compiled: compile(row),
      change,
      why: `started by ${actor.name}`,
      actor: actor.name,
      evidence: [],
      nowMs,
    })
    const after = { name: row.name, digest: row.digest, step: change.startStep }
    const trail = trailRowOf({ operation: 'migrate.start', object: id, before: null, after }, context)
    await ports.migrations.store.createMigration({ ...row, version: 1, state: decision.after }, { decision, trail })
    tellDecision(ports.migrations.emit, row, decision)
    await ports.migrations.changed()
    return viewOfMigration(await openMigration(row.name, context), clock.nowMs())
  },
})

const rowView = z.object({
  name: z.string(),
  state: z.string(),
  weight: z.number(),
  step: z.int(),
  since: z.string(),
  pause_reason: z.string().nullable(),
})

const list = operation({
  noun: 'migrate',
  verb: 'list',
  summary: 'List migrations, the newest first.',
  method: 'GET',
  path: '/migrations',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(rowView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['NAME', 'STATE', 'WEIGHT', 'STEP', 'SINCE', 'PAUSED FOR'],
      data.map(({ name, state, weight, step, since, pause_reason }) => [
        name,
        state,
        `${weight} %`,
        step,
        since,
        pause_reason,
      ]),
    ),
  run: async (_input, { ports }) => ({
    data: (await ports.migrations.store.migrations()).map(({ name, state }) => ({
      name,
      state: state.phase,
      weight: state.weightBasisPoints / 100,
      step: state.step,
      since: rfc3339(state.sinceMs),
      pause_reason: state.pause,
    })),
  }),
})

const status = operation({
  noun: 'migrate',
  verb: 'status',
  summary: 'Show how a migration stands: its state, what comes next and when, both arms, every test with its evidence.',
  method: 'GET',
  path: '/migrations/{name}',
  scope: 'read',
  input: z.strictObject({ name: migrationNameField() }),
  output: migrationView.extend({ log: z.array(decisionView).describe('Decisions, the oldest first.') }),
  flags: [{ field: 'name', positional: true, describe: 'The name of the migration.' }],
  render: migrationText,
  run: async ({ name }, context) => {
    const opened = await openMigration(name, context)
    return { ...viewOfMigration(opened, context.clock.nowMs()), log: opened.decisions.map(viewOfDecision) }
  },
})

export const migrationOperations = [plan, start, list, status] as const
