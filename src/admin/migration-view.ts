/** Migrations as people and programs read them. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { addHistogram, quantileMs } from '#base/histogram.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { asSaid, textsOf } from '#base/sentence.ts'
import type { AsideReason } from '#migration/aside.ts'
import { asideReasons, asideSteps } from '#migration/aside.ts'
import type { Compiled } from '#migration/compiled.ts'
import { compile } from '#migration/compiled.ts'
import type { Evidence } from '#migration/evidence.ts'
import { evidenceOf } from '#migration/evidence-text.ts'
import { phases } from '#migration/itinerary.ts'
import type { ArmFigure, Finding, Judgement } from '#migration/judgement.ts'
import { judgementOf } from '#migration/judgement.ts'
import type { Arm } from '#migration/observation.ts'
import type { Decision, MigrationRow } from '#migration/port.ts'
import { standingOf } from '#migration/standing.ts'
import type { Dimension, Strata } from '#migration/strata.ts'
import { deviations, stratumKey, stratumOfKey } from '#migration/strata.ts'
import type { OperationContext } from './operation.ts'
import { table } from './render.ts'
import { sentenceView, viewOfSentence, viewOfSentenceOr } from './sentence-view.ts'

const shareView = z.object({
  hits: z.int(),
  seen: z.int().describe('Conversations, and turns that stand alone.'),
  share: z.number().nullable(),
  low: z.number().describe('Of its confidence sequence: it holds at all times at once.'),
  high: z.number(),
})

const findingView = z.object({
  metric: z.string(),
  test: z.enum(['absolute', 'relative', 'mean']),
  limit: z.number().describe('A share, or a ratio.'),
  above_ms: z
    .number()
    .nullable()
    .describe('Of a time: conversations count that took longer than this. null = it is none.'),
  crossed: z.boolean(),
  passed: z.boolean().describe('Of an absolute test: shown to be within the limit.'),
  baseline_crossed: z.boolean(),
  log10_e: z.number().nullable().describe('The evidence against the candidate.'),
  log10_needed: z.number(),
  candidate: shareView.nullable(),
  baseline: shareView.nullable(),
  ratio: z
    .object({ value: z.number(), low: z.number(), high: z.number(), conversations: z.int() })
    .nullable()
    .describe("Of means: the candidate's to the baseline's."),
  on_fail: z.enum(['rollback', 'pause']),
  dry_run: z.boolean(),
})

const armView = z.object({
  conversations: z.int(),
  turns: z.int(),
  failed_turns: z.int(),
  input_tokens: z.string(),
  output_tokens: z.string(),
  cost_usd: z.string().nullable().describe('What the operator pays. null = of no turn is the cost known.'),
  priced_turns: z.int().describe('Turns whose cost is known, which cost_usd is of.'),
  ttft_p50_ms: z.number().nullable(),
  ttft_p99_ms: z.number().nullable(),
  duration_p50_ms: z.number().nullable(),
  duration_p99_ms: z.number().nullable(),
})

export const migrationView = z.object({
  name: z.string(),
  id: z.string(),
  state: z.enum(phases),
  sentence: z.string(),
  sentence_said: sentenceView,
  next: z.string().nullable(),
  next_said: sentenceView.nullable(),
  pause_reason: z.string().nullable(),
  weight: z.number().describe('Percent of conversations that go to the candidate.'),
  step: z.int().describe('From 0.'),
  steps: z.array(z.object({ weight: z.number(), hours: z.number(), min_sample: z.int().nullable() })),
  started: z.string(),
  since: z.string().describe('When the state began.'),
  step_since: z.string(),
  epoch: z.int(),
  decisions: z.int(),
  digest: z.string().describe('SHA-256 of the file.'),
  baseline_route: z.string(),
  candidate_route: z.string(),
  salt: z.string(),
  arms: z.object({ baseline: armView, candidate: armView }),
  aside: z
    .array(
      z.object({
        reason: z.enum(asideReasons as readonly [AsideReason, ...AsideReason[]]),
        conversations: z.int(),
        turns: z.int(),
      }),
    )
    .describe(
      'Of the above: what counts against limits and is compared with nothing. carried: it goes on since before the evidence began anew; other_percent: its caller split by a percentage that no step has; step_changed: its caller did not say by which, and the step changed in its time.',
    ),
  deviations: z
    .array(
      z.object({
        what: z.enum(deviations),
        value: z
          .string()
          .describe(
            'The model that was named, the reason, or how the answer came (stream, whole); (others) = of more than are told apart.',
          ),
        baseline: z.int().describe('Turns.'),
        candidate: z.int(),
      }),
    )
    .describe(
      'Answers that name another model than was asked for, those that ended for a reason that their format does not know, and those that came without usage. Nothing is decided on them but by the metrics other-model, unknown-finish and missing-usage.',
    ),
  split_wrong: z.boolean().describe('Conversations do not fall to the arms as the weights say.'),
  evidence: z.array(findingView),
  not_tested: z.array(z.string()),
  not_tested_said: z.array(sentenceView),
})

export type MigrationView = z.output<typeof migrationView>

export const decisionView = z.object({
  number: z.int(),
  time: z.string(),
  by: z.string(),
  change: z.string(),
  why: z.string(),
  why_said: sentenceView.nullable(),
  from: z.string(),
  to: z.string(),
  step: z.int(),
  weight: z.number(),
})

export const viewOfDecision = ({
  number,
  timeMs,
  actor,
  change,
  why,
  said,
  from,
  after,
}: Decision): z.input<typeof decisionView> => ({
  number,
  time: rfc3339(timeMs),
  by: actor,
  change: change.kind,
  why,
  why_said: viewOfSentenceOr(said),
  from,
  to: after.phase,
  step: after.step,
  weight: after.weightBasisPoints / 100,
})

const shareOf = (figure: ArmFigure | null): z.input<typeof shareView> | null =>
  figure === null
    ? null
    : {
        hits: figure.hits,
        seen: figure.seen,
        share: figure.share,
        low: figure.interval.low,
        high: figure.interval.high,
      }

/** Finite, as JSON has no other numbers. */
const log10 = (ln: number | null): number | null => (ln === null ? null : Math.max(-999, Math.min(999, ln / Math.LN10)))

/** As it is read: finite, as JSON has no other numbers. */
export const viewOfFinding = (finding: Finding): z.input<typeof findingView> => ({
  metric: finding.metric,
  test: finding.kind,
  limit: finding.limit,
  above_ms: finding.aboveMs,
  crossed: finding.crossed,
  passed: finding.passed,
  baseline_crossed: finding.baselineCrossed,
  log10_e: log10(finding.lnE),
  log10_needed: finding.lnNeeded / Math.LN10,
  candidate: shareOf(finding.candidate),
  baseline: shareOf(finding.baseline),
  ratio:
    finding.difference === null
      ? null
      : {
          value: Math.exp(finding.difference.difference),
          low: Math.exp(finding.difference.low),
          high: Math.exp(finding.difference.high),
          conversations: finding.difference.units,
        },
  on_fail: finding.onFail,
  dry_run: finding.dryRun,
})

const viewOfArm = (evidence: Evidence, arm: Arm): z.input<typeof armView> => {
  const cells = [...evidence.values()].filter((cell) => cell.arm === arm)
  const ttft = new Map<number, number>()
  const duration = new Map<number, number>()
  const sum = { conversations: 0, turns: 0, failed: 0, priced: 0, input: 0n, output: 0n, cost: 0n }
  for (const { units, turns } of cells) {
    sum.conversations += units.units
    sum.turns += turns.turns
    sum.failed += turns.failed
    sum.priced += turns.priced
    sum.input += turns.inputTokens
    sum.output += turns.outputTokens
    sum.cost += turns.costNanoUsd
    addHistogram(ttft, turns.ttft)
    addHistogram(duration, turns.duration)
  }
  return {
    conversations: sum.conversations,
    turns: sum.turns,
    failed_turns: sum.failed,
    input_tokens: String(sum.input),
    output_tokens: String(sum.output),
    cost_usd: sum.priced === 0 ? null : decimalOf(sum.cost),
    priced_turns: sum.priced,
    ttft_p50_ms: quantileMs(ttft, 0.5),
    ttft_p99_ms: quantileMs(ttft, 0.99),
    duration_p50_ms: quantileMs(duration, 0.5),
    duration_p99_ms: quantileMs(duration, 0.99),
  }
}

const asideOf = (evidence: Evidence): z.input<typeof migrationView>['aside'] =>
  asideReasons.flatMap((reason) => {
    const cells = [...evidence.values()].filter(({ step }) => step === asideSteps[reason])
    const sum = { conversations: 0, turns: 0 }
    for (const { units, turns } of cells) {
      sum.conversations += units.units
      sum.turns += turns.turns
    }
    return sum.turns === 0 ? [] : [{ reason, ...sum }]
  })

const deviationsOf = ({ sums }: Strata): z.input<typeof migrationView>['deviations'] => {
  const turns = (dimension: Dimension, value: string, arm: Arm): number =>
    sums.get(stratumKey({ dimension, value, arm }))?.turns ?? 0
  return deviations.flatMap((what) => {
    const named = [...sums.keys()].map(stratumOfKey).filter(({ dimension }) => dimension === what)
    return [...new Set(named.map(({ value }) => value))].sort().map((value) => ({
      what,
      value,
      baseline: turns(what, value, 'baseline'),
      candidate: turns(what, value, 'candidate'),
    }))
  })
}

/** A migration, and what its evidence says now. */
export type Judged = {
  readonly row: MigrationRow
  readonly compiled: Compiled
  readonly evidence: Evidence
  readonly judgement: Judgement
}

/** With every decision until now, 10,000 at most. */
export type Opened = Judged & {
  readonly decisions: readonly Decision[]
  /** Of the evidence that the tests go by. */
  readonly strata: Strata
}

/** Decisions that are read at a time of one migration, and how often: a gate that is held for weeks has thousands. */
const decisionsPerPage = 1000
const decisionPagesMax = 10

const decisionsOf = async (migration: string, { ports }: OperationContext): Promise<readonly Decision[]> => {
  const found: Decision[] = []
  for (let page = 0; page < decisionPagesMax; page += 1) {
    const after = found.at(-1)?.number ?? 0
    const more = await ports.migrations.store.decisions({ migration, after, limit: decisionsPerPage })
    found.push(...more)
    if (more.length < decisionsPerPage) break
  }
  return found
}

/** @throws Problem `not_found`. */
export const migrationNamed = async (name: string, { ports }: OperationContext): Promise<MigrationRow> => {
  const row = await ports.migrations.store.migration(name)
  if (row !== null) return row
  throw new Problem('not_found', {
    ...saying('no_migration', { name }),
    param: 'name',
  })
}

/**
 * Without the decisions, each of which comes with its sums: to change something they are not needed.
 * @throws Problem `not_found`.
 */
export const judgeMigration = async (name: string, context: OperationContext): Promise<Judged> => {
  const { store } = context.ports.migrations
  const row = await migrationNamed(name, context)
  const compiled = compile(row)
  const evidence = evidenceOf(await store.evidence(row.id, row.state.epoch))
  return { row, compiled, evidence, judgement: judgementOf(compiled.judge, evidence, compiled.weights) }
}

/** @throws Problem `not_found`. */
export const openMigration = async (name: string, context: OperationContext): Promise<Opened> => {
  const judged = await judgeMigration(name, context)
  const { id, state } = judged.row
  const strata = await context.ports.migrations.store.strata(id, state.epoch)
  return { ...judged, strata, decisions: await decisionsOf(id, context) }
}

export const viewOfMigration = (
  { row, compiled, evidence, judgement, decisions, strata }: Opened,
  nowMs: number,
): z.input<typeof migrationView> => {
  const { state } = row
  // That it has settled says nothing of why it went back.
  const last = decisions.findLast(({ change }) => change.kind !== 'settle')
  const why = last?.said ?? asSaid(last?.why ?? '')
  const { sentence, next } = standingOf({ row, compiled, judgement, why, nowMs })
  return {
    name: row.name,
    id: row.id,
    state: state.phase,
    sentence: sentence.text,
    sentence_said: viewOfSentence(sentence),
    next: next?.text ?? null,
    next_said: viewOfSentenceOr(next),
    pause_reason: state.pause,
    weight: state.weightBasisPoints / 100,
    step: state.step,
    steps: compiled.itinerary.steps.map(({ weightBasisPoints, durationMs, sampleMin }) => ({
      weight: weightBasisPoints / 100,
      hours: durationMs / 3_600_000,
      min_sample: sampleMin,
    })),
    started: rfc3339(state.startedMs),
    since: rfc3339(state.sinceMs),
    step_since: rfc3339(state.stepMs),
    epoch: state.epoch,
    decisions: row.version,
    digest: row.digest,
    baseline_route: compiled.file.baseline.route,
    candidate_route: compiled.file.candidate.route,
    salt: row.salt,
    arms: { baseline: viewOfArm(evidence, 'baseline'), candidate: viewOfArm(evidence, 'candidate') },
    aside: asideOf(evidence),
    deviations: deviationsOf(strata),
    split_wrong: judgement.splitWrong,
    evidence: judgement.findings.map(viewOfFinding),
    not_tested: [...textsOf(compiled.judge.left)],
    not_tested_said: compiled.judge.left.map(viewOfSentence),
  }
}

const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '-' : `${(share * 100).toFixed(2)} %`

const figures = (finding: MigrationView['evidence'][number]): readonly string[] => {
  const { candidate, baseline, ratio, limit } = finding
  if (ratio !== null)
    return [`× ${ratio.value.toFixed(2)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})`, '', `× ${limit}`]
  const of = (one: typeof candidate): string => (one === null ? '-' : `${percent(one.share)} (${one.hits}/${one.seen})`)
  return [of(candidate), of(baseline), finding.test === 'absolute' ? percent(limit) : `× ${limit}`]
}

const verdictText = ({ crossed, passed, dry_run }: MigrationView['evidence'][number]): string =>
  `${crossed ? 'BREACH' : passed ? 'shown within' : 'open'}${dry_run ? ' (dry run)' : ''}`

const deviationWords: Readonly<Record<MigrationView['deviations'][number]['what'], string>> = {
  other_model: 'another model answered',
  unknown_finish: 'ended for an unknown reason',
  missing_usage: 'usage was missing',
}

const deviationText = ({ what, value, baseline, candidate }: MigrationView['deviations'][number]): string =>
  `${deviationWords[what]}: "${value}" in ${candidate} turns of the candidate, ${baseline} of the baseline\n`

const costText = ({ cost_usd, priced_turns, turns }: MigrationView['arms']['baseline']): string => {
  if (cost_usd === null) return turns === 0 ? '-' : 'not known'
  return priced_turns < turns ? `${cost_usd} (${priced_turns} of ${turns} turns)` : cost_usd
}

/** As a power of ten; nothing is told as minus nothing. */
const powerText = (log10: number): string => `1e${(Math.round(log10 * 10) / 10 + 0).toFixed(1)}`

/** For a terminal. */
export const migrationText = (view: MigrationView): string =>
  [
    `${view.sentence}\n`,
    view.next === null ? '' : `Next: ${view.next}.\n`,
    '\n',
    table(
      ['ARM', 'CONVERSATIONS', 'TURNS', 'FAILED', 'TTFT P50', 'TTFT P99', 'COST USD'],
      (['baseline', 'candidate'] as const).map((arm) => {
        const one = view.arms[arm]
        return [arm, one.conversations, one.turns, one.failed_turns, one.ttft_p50_ms, one.ttft_p99_ms, costText(one)]
      }),
    ),
    '\n',
    table(
      ['METRIC', 'TEST', 'CANDIDATE', 'BASELINE', 'LIMIT', 'E', 'NEEDED', 'VERDICT'],
      view.evidence.map((finding) => [
        finding.above_ms === null ? finding.metric : `${finding.metric} > ${Math.round(finding.above_ms)} ms`,
        finding.test,
        ...figures(finding),
        finding.log10_e === null ? '' : powerText(finding.log10_e),
        powerText(finding.log10_needed),
        verdictText(finding),
      ]),
    ),
    ...view.aside.map(
      ({ reason, conversations }) =>
        `compared with nothing: ${conversations} conversations (${reason.replace('_', ' ')})\n`,
    ),
    ...view.deviations.map(deviationText),
    ...view.not_tested.map((one) => `not tested: ${one}\n`),
  ].join('')
