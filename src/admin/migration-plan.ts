/** What a migration can show, before it starts. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { compile, readMigrationFile } from '#migration/compiled.ts'
import { sayDuration } from '#migration/decide.ts'
import { isOver } from '#migration/itinerary.ts'
import type { Plan } from '#migration/plan.ts'
import { planOf } from '#migration/plan.ts'
import type { MigrationRow } from '#migration/port.ts'
import type { MigrationFile } from '#migration/settings.ts'
import { fits } from '#migration/settings.ts'
import { findModel } from '#policy/choose.ts'
import { baselineOf } from './migration-baseline.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

/** The content of a file, as the command line reads it. */
export const migrationFileField = () =>
  z.string().min(1).max(200_000).describe('The file of the migration: YAML or JSON.')

/** Which steps are left out. */
export const startWeightField = () =>
  z.int().min(1).max(100).optional().describe('Leave out the steps below this weight, in percent: 5, 10.')

/** Which step has at least this weight. */
export const startStepOf = (file: MigrationFile, weight: number | undefined): number => {
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

/** The plan of a file, with what stands against its start. */
export const planned = async (
  text: string,
  startWeight: number | undefined,
  context: OperationContext,
): Promise<Planned> => {
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

export const planMigration = operation({
  noun: 'migrate',
  verb: 'plan',
  summary:
    'Say what a migration can show with the traffic that there is: time, conversations exposed, the smallest harm that it finds; nothing is started.',
  method: 'POST',
  path: '/migrations/plan',
  scope: 'read',
  input: z.strictObject({ file: migrationFileField(), start_weight: startWeightField() }),
  output: planView,
  flags: [{ field: 'file', positional: true, file: true, describe: 'The file of the migration: YAML or JSON.' }],
  render: planText,
  failure: ({ refusals }) => (refusals.length === 0 ? null : refusals.join(' ')),
  run: async ({ file, start_weight }, context) => (await planned(file, start_weight, context)).view,
})
