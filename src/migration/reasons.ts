/** Why a migration decides, stands and waits: every sentence by its code, in English. Each code is worded in the console as well. */

import { rfc3339 } from '#base/clock.ts'
import type { Sentence } from '#base/sentence.ts'
import { sayer } from '#base/sentence.ts'

/** `45 s`, `12 min`, `3.5 h`. */
export const sayDuration = (ms: number): string => {
  if (ms >= 7_200_000) return `${(ms / 3_600_000).toFixed(1)} h`
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 1_000)} s`
}

const percent = (share: number | null): string => (share === null ? 'nothing' : `${(share * 100).toFixed(2)} %`)
const ofConversations = (hits: number | null, seen: number | null): string =>
  hits === null || seen === null ? '' : ` (${hits} of ${seen} conversations)`
/** Shares are in [0, 1], times in milliseconds, weights in percent. */
type Name = { readonly metric: string; readonly slower_than_ms: number | null }
const nameOf = ({ metric, slower_than_ms: aboveMs }: Name): string =>
  aboveMs === null ? metric : `${metric} (slower than ${Math.round(aboveMs)} ms)`

type Counted = Name & { readonly share: number | null; readonly hits: number | null; readonly seen: number | null }
type At = { readonly percent: number; readonly step: number; readonly steps: number }
const at = ({ percent: weight, step, steps }: At): string => `${weight} % of conversations (step ${step} of ${steps})`
const held = (ms: number): string => (ms > 0 ? `; its gate is held for another ${sayDuration(ms)}` : '')

export const reasons = {
  over_limit: (of: Counted & { limit: number }) =>
    `${nameOf(of)}: ${percent(of.share)} of the candidate's conversations${ofConversations(of.hits, of.seen)}, the limit is ${percent(of.limit)}`,
  over_baseline: (of: Counted & { baseline_share: number | null; ratio: number }) =>
    `${nameOf(of)}: ${percent(of.share)} at the candidate${ofConversations(of.hits, of.seen)}, ${percent(of.baseline_share)} at the baseline; the allowed ratio is ${of.ratio}`,
  mean_over_baseline: ({ metric, times, ratio }: { metric: string; times: number; ratio: number }) =>
    `${metric}: ${times.toFixed(2)} times the baseline's; the allowed ratio is ${ratio}`,
  split_wrong: ({ candidate, baseline }: { candidate: number; baseline: number }) =>
    `conversations do not fall to the arms as the weights say (${candidate} to the candidate, ${baseline} to the baseline): outcomes are lost or doubled, and no comparison holds`,
  shared_incident: ({ found, baseline_share: share }: { found: Sentence; baseline_share: number | null }) =>
    `${found.text}, and the baseline breaks it as well (${percent(share)}): going back would help nobody`,
  too_few: ({ met, needed }: { met: number; needed: number }) =>
    `${met} of ${needed} conversations have met the candidate`,
  not_shown: ({ metrics, conversations }: { metrics: readonly string[]; conversations: number }) =>
    `not shown yet to be within the limit: ${metrics.join(', ')} (${conversations} conversations)`,
  below_margin: ({ step, lack, margin }: { step: number; lack: Sentence; margin: number }) =>
    `the time of step ${step} is over; its gate is not open (${lack.text}), but every share with a limit is shown to be below the accepted margin of ${margin * 100} %`,
  prolonged: ({ step, lack, by_ms: byMs }: { step: number; lack: Sentence; by_ms: number }) =>
    `the time of step ${step} is over and its gate is not open: ${lack.text}; it is prolonged by ${sayDuration(byMs)}`,
  gate_shut: ({ step, lack }: { step: number; lack: Sentence }) =>
    `the time of step ${step} is over and its gate is not open: ${lack.text}`,
  gate_open: ({ step, next_percent: next }: { step: number; next_percent: number }) =>
    `step ${step} is over and its gate is open; ${next} % of conversations now go to the candidate`,
  last_step_over: () => 'the last step is over and nothing speaks against the candidate',
  worse_in_shadow: ({ respects, questions }: { respects: readonly string[]; questions: number }) =>
    `the candidate's answers differ more often than the baseline's from itself: ${respects.join(', ')} (${questions} answers compared)`,
  nothing_in_shadow: () =>
    "the time in the shadow is over and no answer was compared: 'drover migrate shadow' says why calls were not copied",
  shadow_over: ({ questions, is_repeated: isRepeated }: { questions: number; is_repeated: boolean }) =>
    `the time in the shadow is over: ${questions} answers compared, none of the respects is worse${isRepeated ? '' : ', though without second answers of the baseline nothing can be called worse'}`,
  all_settled: () => 'every node sends to the baseline',
  past_deadline: ({ within_ms: ms }: { within_ms: number }) =>
    `the last step was not reached within ${sayDuration(ms)}`,
  reflex: ({ failures, window, is_shared: isShared }: { failures: number; window: number; is_shared: boolean }) =>
    `${failures} of the last ${window} calls to the candidate failed on one node${isShared ? ', and at least half as many to the baseline' : ''}`,
  vetoed: ({ recipient, reason }: { recipient: string; reason: string }) =>
    `"${recipient}" has something against it: ${reason}`,
  not_asked: ({ recipient, problem }: { recipient: string; problem: string }) =>
    `"${recipient}" could not be asked: ${problem}`,
  by_person: ({ change, actor, reason }: { change: string; actor: string; reason: string | null }) =>
    `${change} by ${actor}${reason === null ? '' : `: ${reason}`}`,
  started: ({ actor, looked }: { actor: string; looked: Sentence }) => `started by ${actor}; ${looked.text}`,
  set_to_start: ({ at: when, actor, looked }: { at: string; actor: string; looked: Sentence }) =>
    `set to start at ${when} by ${actor}; ${looked.text}`,
  date_came: ({ looked }: { looked: Sentence }) => `its date has come; ${looked.text}`,
  date_refused: ({ refusals, is_plan: isPlan }: { refusals: readonly Sentence[]; is_plan: boolean }) =>
    `its date has come and ${isPlan ? 'the plan refuses it' : 'the preflight failed'}: ${refusals.map(({ text }) => text).join(' ')}`,
  without_preflight: ({ reason }: { reason: string }) => `without a preflight: ${reason}`,
  check_failed: (of: { check: string; arm: string | null; says: Sentence; mend: Sentence | null }) =>
    `${of.check}${of.arm === null ? '' : ` of the ${of.arm}`}: ${of.says.text} ${of.mend?.text ?? ''}`.trim(),
  preflight_was: (of: { passed: number; warned: number; failed: number; skipped: number }) =>
    `preflight: ${(['passed', 'warned', 'failed', 'skipped'] as const).flatMap((outcome) => (of[outcome] === 0 ? [] : [`${of[outcome]} ${outcome}`])).join(', ')}`,

  no_number_helps: () =>
    "with the candidate's own shares no number of conversations shows the limits to be kept: accept a wider limit, or go back",
  none_has_come: ({ count }: { count: number }) => `${count} more conversations are needed, and none has come yet`,
  takes_about: (of: { count: number; wait_ms: number; raised_percent: number | null; raised_wait_ms: number | null }) =>
    `${of.count} more conversations are needed, about ${sayDuration(of.wait_ms)} at today's traffic${of.raised_percent === null || of.raised_wait_ms === null ? '' : `; at ${of.raised_percent} % it would take ${sayDuration(of.raised_wait_ms)}`}`,
  paused_until_person: ({ forecast }: { forecast: Sentence | null }) =>
    `${forecast === null ? '' : `${forecast.text}. `}'drover migrate resume' goes on, 'rollback' goes back`,
  starts_by_itself: ({ again }: { again: boolean }) =>
    `it starts by itself${again ? ', if its preflight passes' : ''}; 'drover migrate abort' cancels it`,
  shadow_goes_on: (of: { in_ms: number; first_percent: number; held_ms: number }) =>
    `in ${sayDuration(of.in_ms)} it goes to ${of.first_percent} %, unless copies show the candidate to be worse${held(of.held_ms)}`,
  then_complete: () => 'it is complete',
  then_person: ({ percent: weight }: { percent: number }) => `a person may promote it to ${weight} %`,
  then_person_completes: () => "a person may complete it ('drover migrate promote')",
  then_goes_to: ({ percent: weight }: { percent: number }) => `it goes to ${weight} %`,
  next_is: ({ in_ms: ms, what, held_ms: heldMs }: { in_ms: number; what: Sentence; held_ms: number }) =>
    `${ms > 0 ? `in ${sayDuration(ms)}` : 'now'} ${what.text}${held(heldMs)}`,
  next_if_open: (of: { in_ms: number; what: Sentence; lack: Sentence; forecast: Sentence }) =>
    `${of.in_ms > 0 ? `in ${sayDuration(of.in_ms)}` : 'now'} ${of.what.text}, if its gate is open by then: ${of.lack.text}; ${of.forecast.text}`,

  is_draft: () => 'has not been started',
  is_scheduled: ({ at_ms: atMs, again }: { at_ms: number; again: boolean }) =>
    `starts at ${rfc3339(atMs)}${again ? ', after another preflight' : ''}`,
  is_shadow: ({ for_ms: ms }: { for_ms: number }) =>
    `copies calls in the shadow, for ${sayDuration(ms)}; nothing moves yet`,
  is_ramping: ({ for_ms: ms, ...of }: At & { for_ms: number }) =>
    `sends ${at(of)} to the candidate, for ${sayDuration(ms)}`,
  is_baking: ({ for_ms: ms, ...of }: At & { for_ms: number }) => `bakes at ${at(of)}, for ${sayDuration(ms)}`,
  is_paused: ({ for_ms: ms, reason, ...of }: At & { for_ms: number; reason: string }) =>
    `is paused (${reason}) at ${at(of)}, for ${sayDuration(ms)}`,
  is_rolling_back: () => 'is on its way back to the baseline',
  is_rolled_back: ({ for_ms: ms }: { for_ms: number }) =>
    `was rolled back ${sayDuration(ms)} ago; all traffic goes to the baseline`,
  is_completed: ({ for_ms: ms }: { for_ms: number }) =>
    `is complete since ${sayDuration(ms)}; all traffic goes to the candidate`,
  is_aborted: ({ for_ms: ms }: { for_ms: number }) =>
    `was aborted ${sayDuration(ms)} ago; traffic goes where the configuration says`,
  standing: (of: { name: string; state: Sentence; why: Sentence; untested: readonly string[] }) =>
    `"${of.name}" ${of.state.text}. Last decision: ${of.why.text}.${of.untested.length === 0 ? '' : ` Not tested: ${of.untested.join(', ')}.`}`,

  needs_p99: ({ metric, what }: { metric: string; what: string }) =>
    `${metric}: ${what} needs the p99 of the baseline before the start, which is not known (too few streams in the log). ${metric === 'ttft-p99' ? 'Start when the log has 200 streams of the last day, say it (traffic: { ttft_p99_ms: 800 }), or give' : 'Give'} the metric a limit of its own (threshold_range: { max_ms: 2000, basis: absolute }).`,
  first_columns: ({ count }: { count: number }) => `only the first ${count} figures are counted`,
} as const

/** Says why. */
export const reason = sayer(reasons)
