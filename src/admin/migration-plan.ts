/** What a migration can show, before it starts. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Sentence } from '#base/sentence.ts'
import { textsOf } from '#base/sentence.ts'
import { namedAt } from '#catalog/lookup.ts'
import type { Compiled } from '#migration/compiled.ts'
import { compile, readMigrationFile } from '#migration/compiled.ts'
import { isOver } from '#migration/itinerary.ts'
import { fits } from '#migration/pattern.ts'
import type { Plan } from '#migration/plan.ts'
import { planOf } from '#migration/plan.ts'
import { planSays } from '#migration/plan-sentences.ts'
import type { MigrationRow } from '#migration/port.ts'
import type { MigrationFile } from '#migration/settings.ts'
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
import { lostScopeOf } from './migration-scope.ts'
import { operation } from './operation.ts'
import { viewOfSentence } from './sentence-view.ts'

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
    ...saying('no_step_so_heavy', { percent: weight }),
    param: 'start_weight',
  })
}

/** What of the file does not fit what runs here; an empty list = it does. */
const faultsOf = (file: MigrationFile, { ports }: Looking): readonly Sentence[] => {
  const { live } = ports.prices.snapshot()
  const rows = file.match.models.flatMap((name) => findModel(live, name) ?? [])
  const unknown = (what: string, route: string | undefined): readonly Sentence[] => {
    if (route === undefined) return []
    const [provider = ''] = route.split('/')
    if (!live.providers.has(provider)) return [planSays('no_provider', { field: what, provider })]
    const model = route.slice(provider.length + 1)
    const found = findModel(live, route)
    if (found === null) return [planSays('no_such_model', { field: what, provider, model })]
    if (targetAt(live, routeOf(route), rows) !== null) return []
    // Calls go by the name that is sent: by another one nothing would ever move.
    const sent = found.targets.find((target) => target.provider === provider)?.model
    return [planSays('other_name', { field: what, provider, model, sent: sent ?? '' })]
  }
  // Callers who split their traffic reach the baseline by themselves: the relay need not know it.
  const isCallersOwn = file.split === 'client' && !live.providers.has(routeOf(file.baseline.route).provider)
  const models = file.match.models.filter((name) => !name.includes('*') && findModel(live, name) === null)
  const same = file.baseline.route === file.candidate.route ? [planSays('same_route')] : []
  const { veto } = file
  const isWebhook = ports.tell.recipients().some(({ name, way }) => name === veto?.recipient && way.kind === 'webhook')
  return [
    ...(veto === undefined || isWebhook ? [] : [planSays('no_webhook', { recipient: veto.recipient })]),
    ...(isCallersOwn ? [] : unknown('baseline.route', file.baseline.route)),
    ...unknown('candidate.route', file.candidate.route),
    ...unknown('shadow.route', file.shadow?.route),
    ...unknown('shadow.judge.route', file.shadow?.judge?.route),
    ...same,
    ...models.map((model) => planSays('no_model', { model })),
  ]
}

/** Two migrations of one model would each take the other's baseline for its own. */
const overlapsOf = async (file: MigrationFile, { ports }: Looking): Promise<readonly Sentence[]> => {
  const others = (await ports.migrations.store.migrations()).filter(({ state }) => !isOver(state))
  return others.flatMap((other) => {
    const theirs = readMigrationFile(other.file).match.models
    const shared = file.match.models.find((name) => theirs.some((one) => fits(one, name) || fits(name, one)))
    if (shared === undefined || other.name === file.migration) return []
    return [planSays('overlaps', { other: other.name, phase: other.state.phase, model: shared })]
  })
}

/** What ends while it goes on, or soon after. */
const endsOf = (file: MigrationFile, { ports, clock }: Looking): readonly Sentence[] =>
  (['baseline', 'candidate'] as const).flatMap((arm) => {
    const { provider, model } = routeOf(file[arm].route)
    const vendor = ports.routing.providers().find(({ upstream }) => upstream.provider.name === provider)
      ?.upstream.vendor
    const found = vendor === undefined ? null : (namedAt(ports.prices.catalog, vendor.name, model)?.model ?? null)
    if (found === null || found.retiresMs === null) return []
    const days = Math.floor((found.retiresMs - clock.nowMs()) / 86_400_000)
    return [
      planSays('switched_off', {
        arm,
        route: file[arm].route,
        day: found.retiresOn ?? '',
        in_days: days,
        successor: found.successor ?? null,
      }),
    ]
  })

type Planned = {
  readonly view: Omit<z.input<typeof planView>, 'risks'>
  readonly plan: Plan
  readonly facts: MigrationRow['facts']
  readonly before: Before
  /** What stands against the start. */
  readonly refusals: readonly Sentence[]
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
    shows: [...textsOf(found.shows)],
    shows_said: found.shows.map(viewOfSentence),
    cannot_show: [...textsOf(found.cannotShow)],
    cannot_show_said: found.cannotShow.map(viewOfSentence),
    offers: found.offers.map(({ kind, says, hours, chances, prompts, nanoUsd }) => ({
      kind,
      says: says.text,
      says_said: viewOfSentence(says),
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
  const notes = [...plan.notes, ...endsOf(file, context), ...(await lostScopeOf(file, context))]
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
    refusals: [...textsOf(refusals)],
    refusals_said: refusals.map(viewOfSentence),
    notes: [...textsOf(notes)],
    notes_said: notes.map(viewOfSentence),
    small_traffic: smallOf(compiled, plan, before),
  }
  return { view, plan, facts, before, refusals }
}

/** What one that waits for its date would begin on now: the baseline as it is by then, and what stands against it. */
export const plannedAgain = async (
  { file: text, state }: Pick<MigrationRow, 'file' | 'state'>,
  looking: Looking,
): Promise<{ readonly facts: MigrationRow['facts']; readonly refusals: readonly Sentence[] }> => {
  const weight = readMigrationFile(text).steps[state.startStep ?? 0]?.set_weight
  const { facts, refusals } = await planned(text, weight, looking)
  return { facts, refusals }
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
    return {
      ...view,
      notes: [...view.notes, ...textsOf(notes)],
      notes_said: [...view.notes_said, ...notes.map(viewOfSentence)],
      risks,
    }
  },
})
