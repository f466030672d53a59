/** Puts the data of a report together from what the store holds. */

import type { Saving } from '#admin/migration-saving.ts'
import type { Opened } from '#admin/migration-view.ts'
import { viewOfDecision, viewOfMigration } from '#admin/migration-view.ts'
import { viewOfFinding } from '#admin/shadow-finding.ts'
import { rfc3339 } from '#base/clock.ts'
import { addHistogram, middleMs } from '#base/histogram.ts'
import { decimalOf, divideHalfUp } from '#base/money.ts'
import type { AnswerSketch } from '#migration/answer-sketch.ts'
import { asideSteps } from '#migration/aside.ts'
import type { Cell, Evidence } from '#migration/evidence.ts'
import { cellKey } from '#migration/evidence.ts'
import { evidenceJson } from '#migration/evidence-text.ts'
import type { HistoryPoint } from '#migration/history-point.ts'
import type { Arm } from '#migration/observation.ts'
import { conversationsToPass } from '#migration/plan.ts'
import type { Comparator } from '#migration/shadow-compare.ts'
import type { ShadowLog } from '#migration/shadow-log.ts'
import { leftReasons } from '#migration/shadow-log.ts'
import { respectsOf } from '#migration/shadow-standing.ts'
import { findingsOf } from '#migration/shadow-sums.ts'
import { candidatesPerHour } from '#migration/standing.ts'
import type { Strata } from '#migration/strata.ts'
import { callerCount, stratumOfKey } from '#migration/strata.ts'
import type { ReportData } from './data.ts'
import { reportDecision, reportMigration } from './data.ts'

export type ReportSources = {
  readonly opened: Opened
  /** Of evidence that began anew since, the oldest first. */
  readonly earlier: readonly { readonly epoch: number; readonly evidence: Evidence }[]
  /** Of all of it. */
  readonly strata: Strata
  readonly points: readonly HistoryPoint[]
  /** `null` = its file asks for no copies and there were none. */
  readonly shadow: ShadowLog | null
  /** Since completion; `null` = it is not complete. */
  readonly saving: Saving | null
  readonly version: string
  readonly nowMs: number
}

/** Since the start, by the epochs of the evidence. */
type All = readonly Evidence[]

const cellsOf = (all: All, arm: Arm): readonly Cell[] =>
  all.flatMap((evidence) => [...evidence.values()].filter((cell) => cell.arm === arm))

const both = <T>(of: (arm: Arm) => T): { readonly baseline: T; readonly candidate: T } => ({
  baseline: of('baseline'),
  candidate: of('candidate'),
})

const timesOf = (all: All, which: 'ttft' | 'tpot') =>
  both((arm) => {
    const sum = new Map<number, number>()
    for (const { turns } of cellsOf(all, arm)) addHistogram(sum, turns[which])
    return [...sum]
      .sort(([one], [other]) => one - other)
      .map(([bucket, count]): [number, number] => [Math.round(middleMs(bucket) * 1_000) / 1_000, count])
  })

const reachOf = (all: All, strata: Strata): ReportData['reach'] => {
  const sum = (of: (cell: Cell) => number) =>
    both((arm) => cellsOf(all, arm).reduce((total, cell) => total + of(cell), 0))
  return {
    people: both((arm) => callerCount(strata.callers[arm])),
    // What goes on since an earlier epoch was counted there.
    conversations: sum(({ units, step }) => (step === asideSteps.carried ? 0 : units.units)),
    calls: sum(({ turns }) => turns.turns),
    failed: sum(({ turns }) => turns.failed),
    shown: sum(({ turns }) => turns.shown),
  }
}

/** The candidate's calls at the mean that the baseline's cost in the same step, so that a change of traffic over time is no saving. */
const atBaseline = (all: All): { readonly nanoUsd: bigint; readonly calls: number; readonly own: bigint } => {
  const sum = { nanoUsd: 0n, calls: 0, own: 0n }
  for (const evidence of all)
    for (const cell of cellsOf([evidence], 'candidate')) {
      const other = evidence.get(cellKey({ ...cell, arm: 'baseline' }))
      if (other === undefined || other.turns.priced === 0 || cell.turns.priced === 0) continue
      const calls = BigInt(cell.turns.priced)
      sum.nanoUsd += divideHalfUp(other.turns.costNanoUsd * calls, BigInt(other.turns.priced))
      sum.calls += cell.turns.priced
      sum.own += cell.turns.costNanoUsd
    }
  return sum
}

const signed = (nano: bigint): string => (nano < 0n ? `-${decimalOf(-nano)}` : decimalOf(nano))

const sinceCompletion = (saving: Saving | null): ReportData['money']['since_completion'] =>
  saving === null
    ? null
    : {
        calls: saving.calls,
        candidate_usd: decimalOf(saving.candidateNanoUsd),
        at_baseline_usd: decimalOf(saving.baselineNanoUsd),
        saved_usd: signed(saving.baselineNanoUsd - saving.candidateNanoUsd),
        whole: saving.isWhole,
      }

const moneyOf = (all: All, { shadow, saving }: Pick<ReportSources, 'shadow' | 'saving'>): ReportData['money'] => {
  const costUsd = both((arm) => {
    const cells = cellsOf(all, arm)
    const isKnown = cells.some(({ turns }) => turns.priced > 0)
    return isKnown ? decimalOf(cells.reduce((total, { turns }) => total + turns.costNanoUsd, 0n)) : null
  })
  const { nanoUsd, calls, own } = atBaseline(all)
  const saved = calls === 0 ? null : nanoUsd - own
  return {
    baseline_usd: costUsd.baseline,
    candidate_usd: costUsd.candidate,
    candidate_at_baseline_usd: calls === 0 ? null : decimalOf(nanoUsd),
    saved_usd: saved === null ? null : signed(saved),
    saved_per_1000_calls_usd: saved === null ? null : signed((saved * 1_000n) / BigInt(calls)),
    shadow_usd: decimalOf(shadow?.nanoUsd ?? 0n),
    since_completion: sinceCompletion(saving),
  }
}

const doubleWeightMax = 10_000

const forecastOf = ({ row, compiled, judgement }: Opened, nowMs: number): ReportData['forecast'] => {
  const { weightBasisPoints } = row.state
  const perHour = candidatesPerHour(judgement, row.state, nowMs)
  const factor = weightBasisPoints === 0 ? 1 : Math.min(doubleWeightMax, weightBasisPoints * 2) / weightBasisPoints
  return compiled.judge.tests.flatMap((test) => {
    if (test.kind !== 'absolute') return []
    const found = judgement.findings.find(({ kind, metric }) => kind === 'absolute' && metric === test.metric)
    const [share, seen] = [found?.candidate?.share ?? null, found?.candidate?.seen ?? 0]
    const needed = conversationsToPass(share ?? 0, test)
    const missing = needed === null || found?.passed === true ? null : Math.max(0, needed - seen)
    const hours = missing === null || perHour === 0 ? null : missing / perHour
    return [
      {
        metric: test.metric,
        limit: test.limit,
        share,
        seen,
        needed: needed === null ? null : Math.ceil(needed),
        hours: found?.passed === true ? 0 : hours,
        hours_at_double_weight: found?.passed === true ? 0 : hours === null ? null : hours / factor,
      },
    ]
  })
}

const strataView = ({ sums }: Strata): ReportData['strata'] =>
  [...sums]
    .map(([key, sum]) => ({
      ...stratumOfKey(key),
      turns: sum.turns,
      failed: sum.failed,
      shown: sum.shown,
      counted: sum.counted,
      input_tokens: String(sum.inputTokens),
      output_tokens: String(sum.outputTokens),
      timed: sum.timed,
      ttft_ms: String(sum.ttftMs),
    }))
    .sort((one, other) => other.turns - one.turns || (one.value < other.value ? -1 : 1))

const thousand = 1_000

const pointView = ({
  timeMs,
  epoch,
  step,
  baseline,
  candidate,
  findings,
}: HistoryPoint): ReportData['points'][number] => ({
  time: rfc3339(timeMs),
  epoch,
  step,
  baseline,
  candidate,
  findings: findings.map(({ metric, test, log10E, figures }) => ({
    metric,
    test,
    log10_e: log10E === null ? null : log10E / thousand,
    figures: test === 'mean' && figures.length === 3 ? figures.map((figure) => figure / thousand) : [...figures],
  })),
})

const sketchView = (sketch: AnswerSketch | undefined) =>
  sketch === undefined
    ? null
    : {
        status: sketch.status,
        finish: sketch.finish,
        tools: [...sketch.tools],
        text: sketch.text,
        characters: sketch.characters,
        language: sketch.language,
        json: sketch.json,
        refusal: sketch.refusal,
        output_tokens: sketch.outputTokens,
      }

const shadowView = (
  log: ShadowLog,
  { alpha, respects }: { readonly alpha: number; readonly respects: readonly Comparator[] },
): NonNullable<ReportData['shadow']> => {
  const { pairs, baseline, candidate } = log.sums.prompts
  return {
    questions: log.sums.questions,
    cost_usd: decimalOf(log.nanoUsd),
    tokens: log.tokens,
    prompt_pairs: pairs,
    prompt_ratio: baseline === 0 ? null : candidate / baseline,
    findings: findingsOf(log.sums, alpha, respects)
      .filter(({ compared }) => compared > 0)
      .map(viewOfFinding),
    left: Object.fromEntries(
      leftReasons.flatMap((reason) => (log.left[reason] > 0 ? [[reason, log.left[reason]]] : [])),
    ),
    examples: log.examples.map((one) => ({
      call: one.call,
      differs: one.differs,
      baseline: sketchView(one.baseline),
      candidate: sketchView(one.candidate),
    })),
  }
}

const assumptionsOf = ({ compiled, row }: Opened): readonly string[] => {
  const { judge, file } = compiled
  const moving = judge.tests.filter(({ dryRun, onFail }) => !dryRun && onFail === 'rollback').length
  return [
    'The unit is the conversation: one counts as failed when any of its turns failed. Turns that name no conversation stand alone, in a stratum of their own.',
    judge.policy === 'thresholds'
      ? `Plain shares are compared with the limits once ${judge.thresholdSample} conversations were seen: there is no bound on how often that errs.`
      : `The chance of moving back a sound candidate is at most ${judge.alpha * Math.max(1, moving)} in all, ${judge.alpha} for each of ${moving} tests, however often one looks (Ville's inequality).`,
    'Tests of shares against a limit are exact while the chance of each conversation to fail is within the limit; a candidate that is within it on average and fails in rare bursts may be moved back more often.',
    'Tests against the baseline are exact under random assignment, whatever the shares do over time: what strikes both arms at once cancels.',
    'Comparisons of token counts are asymptotic and begin with 100 conversations of the candidate.',
    'Arms are compared by first attempts: a call that another target had to answer counts as failed in the arm that it was sent to, and its times and tokens are no sample.',
    'Turns are told in the order in which they began, behind those that still run, for a minute at most: fast failures do not come first.',
    'Call sites, delivery and lengths of prompts explain; nothing was decided on them. People are counted by what callers name them by, else by the key; above 1,023 within four percent.',
    'Saved money is what the calls of the candidate would have cost at the mean cost of the baseline in the same step, less what they did cost.',
    ...(row.state.epoch > 1
      ? [
          `The evidence began anew ${row.state.epoch - 1} times, with a 'resume' after a pause that it had asked for: tests go by what came since. Whom the candidate met, times, tokens and money are of the whole time. A conversation that went on over a resume is compared with nothing.`,
        ]
      : []),
    ...(file.split === 'client'
      ? ['Both arms were reported by their callers; the relay saw none of these calls.']
      : []),
  ]
}

const assembled = (sources: ReportSources, all: All): ReportData => {
  const { opened, earlier, strata, points, shadow, version, nowMs } = sources
  return {
    schema: 1,
    version,
    made: rfc3339(nowMs),
    migration: reportMigration.parse(viewOfMigration(opened, nowMs)),
    decisions: opened.decisions.map((one) => reportDecision.parse(viewOfDecision(one))),
    reach: reachOf(all, strata),
    money: moneyOf(all, sources),
    forecast: forecastOf(opened, nowMs),
    strata: strataView(strata),
    ttft: timesOf(all, 'ttft'),
    tpot: timesOf(all, 'tpot'),
    points: points.map(pointView),
    shadow:
      shadow === null
        ? null
        : shadowView(shadow, {
            alpha: opened.compiled.file.analysis.alpha_total,
            respects: respectsOf(opened.compiled.file),
          }),
    assumptions: [...assumptionsOf(opened)],
    file: opened.row.file,
    facts: opened.row.facts,
    sums: [...evidenceJson(opened.evidence)],
    earlier: earlier.map(({ epoch, evidence }) => ({ epoch, sums: [...evidenceJson(evidence)] })),
    decided_on: opened.decisions.map(({ number, evidence }) => ({ number, sums: [...evidence] })),
  }
}

export const assembleReport = (sources: ReportSources): ReportData =>
  assembled(sources, [...sources.earlier.map(({ evidence }) => evidence), sources.opened.evidence])
