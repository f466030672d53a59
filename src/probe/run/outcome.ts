/** The runs of one probe, put together. Pure. */

import { wilson } from '#probe/interval.ts'
import type { Judgement } from '#probe/judgement.ts'
import type { Mode, Probe } from '#probe/probe.ts'
import type { Evidence } from '#probe/redact.ts'
import type { CallSiteRow, ModeResult, ProbeResult, Verdict } from '#probe/report.ts'

/** One run of a probe in one mode. */
export type Outcome = {
  readonly mode: Mode
  readonly evidence: readonly Evidence[]
} & ({ readonly judgement: Judgement } | { readonly notRun: string })

type Judged = Outcome & { readonly judgement: Extract<Judgement, { kind: 'judged' }> }

const isJudged = (outcome: Outcome): outcome is Judged => 'judgement' in outcome && outcome.judgement.kind === 'judged'
const breaks = (outcome: Outcome): boolean => isJudged(outcome) && outcome.judgement.breaks.length > 0
const strays = (outcome: Outcome): boolean => isJudged(outcome) && outcome.judgement.strays.length > 0

const modeOf = (mode: Mode, outcomes: readonly Outcome[], shareMin: number): ModeResult => {
  const own = outcomes.filter((outcome) => outcome.mode === mode)
  const judged = own.filter(isJudged)
  const passes = judged.filter((outcome) => !breaks(outcome)).length
  const verdict: Verdict = judged.length === 0 ? 'unsupported' : passes >= shareMin * judged.length ? 'pass' : 'fail'
  const { low, high } = wilson(passes, judged.length)
  return {
    mode,
    verdict,
    runs: judged.length,
    passes,
    unsupported: own.filter((outcome) => 'judgement' in outcome && outcome.judgement.kind === 'unsupported').length,
    not_run: own.filter((outcome) => 'notRun' in outcome).length,
    interval: judged.length === 0 ? null : [Number(low.toFixed(4)), Number(high.toFixed(4))],
  }
}

const worst = (modes: readonly ModeResult[]): Verdict => {
  if (modes.some(({ verdict }) => verdict === 'fail')) return 'fail'
  return modes.some(({ verdict }) => verdict === 'pass') ? 'pass' : 'unsupported'
}

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)].slice(0, 12)

/** Says in which mode, where the modes of a probe differ. */
const labelled = (
  probe: Probe,
  outcomes: readonly Outcome[],
  textsOf: (outcome: Outcome) => readonly string[],
): readonly string[] => {
  const inModes = new Map<string, Set<Mode>>()
  for (const outcome of outcomes)
    for (const text of textsOf(outcome)) inModes.set(text, (inModes.get(text) ?? new Set<Mode>()).add(outcome.mode))
  const label = (modes: ReadonlySet<Mode>): string =>
    probe.modes.length > 1 && modes.size === 1 ? `${modes.has('stream') ? 'Streamed' : 'Whole'}: ` : ''
  return distinct([...inModes].map(([text, modes]) => `${label(modes)}${text}`))
}

const whyNot = (outcome: Outcome): readonly string[] => {
  if ('notRun' in outcome) return [`Not run: ${outcome.notRun}.`]
  if (outcome.judgement.kind === 'unsupported') return [outcome.judgement.why]
  return outcome.judgement.breaks
}

export type Known = { readonly expected: string | null; readonly callSites: readonly CallSiteRow[] }

/** The result of a probe. What is shown as evidence is the run that decided. */
export const resultOf = (probe: Probe, outcomes: readonly Outcome[], known: Known): ProbeResult => {
  const modes = probe.modes.map((mode) => modeOf(mode, outcomes, probe.shareMin ?? 1))
  const verdict = worst(modes)
  const judged = outcomes.filter(isJudged)
  const ran = outcomes.some((outcome) => 'judgement' in outcome)
  const isStrict = verdict === 'pass' && !judged.some((outcome) => breaks(outcome) || strays(outcome))
  const shown = outcomes.find(breaks) ?? outcomes.find(strays) ?? outcomes.find(({ evidence }) => evidence.length > 0)
  const relevant = verdict === 'fail' ? outcomes.filter(breaks) : outcomes
  return {
    id: probe.id,
    title: probe.title,
    group: probe.group,
    level: probe.level,
    verdict,
    strict: verdict === 'pass' ? (isStrict ? 'pass' : 'fail') : verdict,
    ran,
    expected: verdict === 'fail' ? known.expected : null,
    reasons:
      verdict === 'pass'
        ? labelled(
            probe,
            outcomes.filter((one) => !isJudged(one)),
            whyNot,
          )
        : labelled(probe, relevant, whyNot),
    strays: labelled(probe, judged, (outcome) => (isJudged(outcome) ? outcome.judgement.strays : [])),
    notes: labelled(probe, judged, (outcome) => (isJudged(outcome) ? outcome.judgement.notes : [])),
    measures: Object.assign({}, ...judged.map(({ judgement }) => judgement.measures)) as Record<string, number>,
    modes,
    rule: probe.rule,
    remedy: probe.remedy,
    known: probe.known,
    call_sites: known.callSites,
    evidence: shown?.evidence ?? [],
  }
}
