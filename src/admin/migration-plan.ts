/** What a migration can show, before it starts. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { namedAt } from '#catalog/lookup.ts'
import type { Compiled } from '#migration/compiled.ts'
import { compile, readMigrationFile } from '#migration/compiled.ts'
import { isOver } from '#migration/itinerary.ts'
import type { Plan } from '#migration/plan.ts'
import { planOf } from '#migration/plan.ts'
import type { MigrationRow } from '#migration/port.ts'
import type { MigrationFile } from '#migration/settings.ts'
import { fits } from '#migration/settings.ts'
import { routeOf } from '#migration/shadow-plan.ts'
import { smallTrafficOf } from '#migration/small-traffic.ts'
import { findModel } from '#policy/choose.ts'
import { targetAt } from '#relay/candidates.ts'
import type { Before, Looking } from './migration-baseline.ts'
import { baselineOf } from './migration-baseline.ts'
import { meantFile } from './migration-declared.ts'
import { planPage } from './migration-plan-page.ts'
import { planText, planView } from './migration-plan-view.ts'
import { manifestField, probeField, registerOf } from './migration-risk.ts'
import { operation } from './operation.ts'

/** The content of a file, as the command line reads it. */
export const migrationFileField = () =>
  z
    .string()
    .min(1)
    .max(200_000)
    .describe('The file of the migration, YAML or JSON; or the name of one that a file of migrations.dir declares.')

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
const faultsOf = (file: MigrationFile, { ports }: Looking): readonly string[] => {
  const { live } = ports.prices.snapshot()
  const rows = file.match.models.flatMap((name) => findModel(live, name) ?? [])
  const unknown = (what: string, route: string | undefined): readonly string[] => {
    if (route === undefined) return []
    const [provider = ''] = route.split('/')
    if (!live.providers.has(provider)) return [`${what}: there is no provider "${provider}" in drover.yaml.`]
    const model = route.slice(provider.length + 1)
    const found = findModel(live, route)
    if (found === null) return [`${what}: provider "${provider}" has no model "${model}".`]
    if (targetAt(live, routeOf(route), rows) !== null) return []
    // Calls go by the name that is sent: by another one nothing would ever move.
    const sent = found.targets.find((target) => target.provider === provider)?.model
    return [`${what}: "${model}" is another name of "${sent}" there. Write "${provider}/${sent}".`]
  }
  const models = file.match.models.filter((name) => !name.includes('*') && findModel(live, name) === null)
  const same = file.baseline.route === file.candidate.route ? ['candidate.route: is the same as baseline.route.'] : []
  const { veto } = file
  const isWebhook = ports.tell.recipients().some(({ name, way }) => name === veto?.recipient && way.kind === 'webhook')
  return [
    ...(veto === undefined || isWebhook
      ? []
      : [`veto.recipient: there is no webhook "${veto.recipient}" among the recipients of drover.yaml.`]),
    ...unknown('baseline.route', file.baseline.route),
    ...unknown('candidate.route', file.candidate.route),
    ...unknown('shadow.route', file.shadow?.route),
    ...unknown('shadow.judge.route', file.shadow?.judge?.route),
    ...same,
    ...models.map((name) => `match.models: there is no model "${name}".`),
  ]
}

/** Two migrations of one model would each take the other's baseline for its own. */
const overlapsOf = async (file: MigrationFile, { ports }: Looking): Promise<readonly string[]> => {
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

/** What ends while it goes on, or soon after. */
const endsOf = (file: MigrationFile, { ports, clock }: Looking): readonly string[] =>
  (['baseline', 'candidate'] as const).flatMap((arm) => {
    const { provider, model } = routeOf(file[arm].route)
    const vendor = ports.routing.providers().find(({ upstream }) => upstream.provider.name === provider)
      ?.upstream.vendor
    const found = vendor === undefined ? null : (namedAt(ports.prices.catalog, vendor.name, model)?.model ?? null)
    if (found === null || found.retiresMs === null) return []
    const days = Math.floor((found.retiresMs - clock.nowMs()) / 86_400_000)
    return [
      `${arm}: ${file[arm].route} is switched off on ${found.retiresOn} (${days < 0 ? 'past' : `in ${days} days`})${arm === 'baseline' ? ': there is no way back after that.' : `; its vendor names ${found.successor ?? 'no model'} to follow.`}`,
    ]
  })

type Planned = {
  readonly view: Omit<z.input<typeof planView>, 'risks'>
  readonly plan: Plan
  readonly facts: MigrationRow['facts']
  readonly before: Before
}

const smallOf = (
  compiled: Compiled,
  plan: Plan,
  { baseline, figures }: Before,
): z.input<typeof planView>['small_traffic'] => {
  const { baselineNanoUsd: one, candidateNanoUsd: other } = figures
  const promptNanoUsd = one === null || other === null ? null : one + other
  const found = smallTrafficOf({ compiled, baseline, plan, promptNanoUsd })
  if (found === null) return null
  return {
    conversations: found.conversations,
    done_in_time: found.isDoneInTime,
    shows: [...found.shows],
    cannot_show: [...found.cannotShow],
    offers: found.offers.map(({ kind, says, hours, chances, prompts, nanoUsd }) => ({
      kind,
      says,
      hours,
      false_rollback: chances?.falseRollback ?? null,
      missed_harm: chances?.missedHarm ?? null,
      prompts,
      cost_usd: nanoUsd === null ? null : decimalOf(nanoUsd, 2),
    })),
  }
}

/** The plan of a file, with what stands against its start. */
export const planned = async (text: string, startWeight: number | undefined, context: Looking): Promise<Planned> => {
  const file = readMigrationFile(text)
  const before = await baselineOf(file, context)
  const { baseline, facts } = before
  const compiled = compile({ file: text, facts })
  const plan = planOf(compiled, baseline, startStepOf(file, startWeight))
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
    notes: [...plan.notes, ...endsOf(file, context)],
    small_traffic: smallOf(compiled, plan, before),
  }
  return { view, plan, facts, before }
}

/** What one that waits for its date would begin on now: the baseline as it is by then, and what stands against it. */
export const plannedAgain = async (
  { file: text, state }: Pick<MigrationRow, 'file' | 'state'>,
  looking: Looking,
): Promise<{ readonly facts: MigrationRow['facts']; readonly refusals: readonly string[] }> => {
  const weight = readMigrationFile(text).steps[state.startStep ?? 0]?.set_weight
  const { facts, view } = await planned(text, weight, looking)
  return { facts, refusals: view.refusals }
}

/** The command that says what a migration can show. */
export const planMigration = operation({
  noun: 'migrate',
  verb: 'plan',
  summary:
    'Say what a migration can show with the traffic that there is: time, conversations exposed, the smallest harm that it finds, what else there is for little traffic, and the register of its risks; nothing is started.',
  method: 'POST',
  path: '/migrations/plan',
  scope: 'read',
  bodyBytesMax: 20_000_000,
  input: z.strictObject({
    file: migrationFileField(),
    start_weight: startWeightField(),
    manifest: manifestField(),
    probe: probeField(),
  }),
  output: planView,
  flags: [
    {
      field: 'file',
      positional: true,
      file: 'or-text',
      describe: 'The file of the migration, or the name of one that migrations.dir declares.',
    },
    { field: 'manifest', flag: '--manifest <file>', file: true, describe: "What 'drover audit --manifest' wrote." },
    {
      field: 'probe',
      flag: '--probe <file>',
      file: true,
      describe: "What 'drover probe --format json' wrote of the candidate.",
    },
  ],
  render: planText,
  file: (output) => ({
    name: `plan-${output.name}.html`,
    contentType: 'text/html; charset=utf-8',
    bytes: Buffer.from(planPage(output)),
  }),
  fileOnRequest: true,
  failure: ({ refusals }) => (refusals.length === 0 ? null : refusals.join(' ')),
  run: async ({ file: given, start_weight, manifest, probe }, context) => {
    const file = await meantFile(given, context)
    const { view, before } = await planned(file, start_weight, context)
    const asked = { file: readMigrationFile(file), before, told: { manifest, probe } }
    const { risks, notes } = await registerOf(asked, context)
    return { ...view, notes: [...view.notes, ...notes], risks }
  },
})
