/** What a plan says before a start: what stands against it, what it can show, what may go wrong. By code, in English; each code is worded in the console as well. */

import type { Sentence } from '#base/sentence.ts'
import { sayer } from '#base/sentence.ts'
import { sayDuration } from './reasons.ts'

/** Shares are in [0, 1], weights in percent, times in milliseconds. */
const fine = (share: number): string => `${(share * 100).toFixed(2)} %`
const tenth = (share: number): string => `${(share * 100).toFixed(1)} %`
const rough = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
const ids = (all: readonly string[]): string => all.join(', ')
const told = (text: string | null): string => text ?? 'not said'

type Recipient = {
  readonly provider: string
  readonly region: string | null
  readonly policy: string | null
  readonly from_region: string | null
  readonly from_policy: string | null
  readonly keeps_bodies: boolean
}

export const planSentences = {
  baseline_breaks: (of: { metric: string; share: number; seen: number; limit: number }) =>
    `${of.metric}: the baseline itself breaks the limit, with ${fine(of.share)} ${of.seen === 0 ? 'as the file says' : `of ${of.seen} conversations`} against ${fine(of.limit)}. Compare it with the baseline instead (relative: { max_ratio: 1.5 }), or set a limit above ${fine(of.share)}.`,
  never_enough: ({ step, percent }: { step: number; percent: number }) =>
    `step ${step} (${percent} %) never has what its gate needs: with the baseline's own shares the limits cannot be shown to be kept. Give the step a min_sample, or use relative limits.`,
  takes_longer: (of: { step: number; percent: number; count: number; takes_ms: number; lasts_ms: number }) =>
    `step ${of.step} (${of.percent} %) needs ${of.count} conversations, which take ${sayDuration(of.takes_ms)} and not ${sayDuration(of.lasts_ms)}: raise its weight, its duration, or give it a smaller min_sample.`,
  none_come: (of: { step: number; percent: number; count: number; lasts_ms: number }) =>
    `step ${of.step} (${of.percent} %) needs ${of.count} conversations within ${sayDuration(of.lasts_ms)}, and the log has none in a day: begin when calls come, or say how many will (traffic: { conversations_per_day: 10000 }).`,
  will_pause: () => 'It will pause at the step named above until a person decides.',
  past_progress_deadline: ({ hours }: { hours: number }) =>
    `The steps together take longer than progress_deadline (${hours} h).`,
  ends_below_all: ({ percent }: { percent: number }) =>
    `The last step is ${percent} %. When it is over, all traffic goes to the candidate, with no step at 100 % to watch that. To stay at ${percent} %, give the step gate: manual.`,
  ends_at_once: ({ after_ms: ms }: { after_ms: number }) =>
    `The last step has no time of its own: the migration is complete ${sayDuration(ms)} after it begins, and what shows after that is told and moves no traffic back. Give it a time: bake: { duration: 24h }.`,

  no_webhook: ({ recipient }: { recipient: string }) =>
    `veto.recipient: there is no webhook "${recipient}" among the recipients of drover.yaml.`,
  no_provider: ({ field, provider }: { field: string; provider: string }) =>
    `${field}: there is no provider "${provider}" in drover.yaml.`,
  no_such_model: ({ field, provider, model }: { field: string; provider: string; model: string }) =>
    `${field}: provider "${provider}" has no model "${model}".`,
  other_name: ({ field, provider, model, sent }: { field: string; provider: string; model: string; sent: string }) =>
    `${field}: "${model}" is another name of "${sent}" there. Write "${provider}/${sent}".`,
  same_route: () => 'candidate.route: is the same as baseline.route.',
  no_model: ({ model }: { model: string }) => `match.models: there is no model "${model}".`,
  overlaps: ({ other, phase, model }: { other: string; phase: string; model: string }) =>
    `match.models: migration "${other}" (${phase}) moves "${model}" already. ${phase === 'completed' ? 'Let drover.yaml name its candidate, then abort it.' : 'Wait for its end, or roll it back.'}`,
  switched_off: (of: { arm: string; route: string; day: string; in_days: number; successor: string | null }) =>
    `${of.arm}: ${of.route} is switched off on ${of.day} (${of.in_days < 0 ? 'past' : `in ${of.in_days} days`})${of.arm === 'baseline' ? ': there is no way back after that.' : `; its vendor names ${of.successor ?? 'no model'} to follow.`}`,
  no_call_site: ({ name }: { name: string }) =>
    `match.call_sites: "${name}" fits no call site of the manifest; its calls would not be moved.`,
  lost_key: ({ name }: { name: string }) =>
    `match.keys: "${name}" fits the id or name of no key that calls models; no call would be moved by it.`,
  lost_project: ({ name }: { name: string }) =>
    `match.projects: "${name}" fits the id of no project; no call would be moved by it.`,

  finds_dead: ({ count }: { count: number }) => `A candidate that fails always is found after ${count} conversations.`,
  finds_errors: ({ share, hits, met }: { share: number; hits: number; met: number }) =>
    `An error share of ${rough(share)} or more is found within 72 h, more likely than not (${hits} failures in ${met} conversations).`,
  not_below: ({ limit, count, takes_ms: ms }: { limit: number; count: number; takes_ms: number | null }) =>
    `That the error share is below ${rough(limit)}: that takes ${count} conversations, ${ms === null ? 'and none come' : `${sayDuration(ms)} at this pace`}.`,
  no_errors_at_all: () => 'An error share of any size, but a candidate that fails always.',
  unseen_below: ({ share }: { share: number }) => `An error share below ${rough(share)}: it would go through unseen.`,
  no_p99: () => 'A p99 that is 20 % higher: that takes about 2,200 streams.',
  no_tokens: () => 'A quarter more tokens: that takes about 260 conversations of each side.',
  offer_weight: ({ percent, takes_ms: ms }: { percent: number; takes_ms: number }) =>
    `--start-weight ${percent}: through in ${sayDuration(ms)}, and ${percent} % of people meet the candidate from the first hour.`,
  offer_thresholds: (of: { limit: number; count: number; takes_ms: number; false_rollback: number; missed: number }) =>
    `analysis: { policy: thresholds }: plain shares against ${rough(of.limit)} (and the limits of times) once ${of.count} conversations were seen, through in ${sayDuration(of.takes_ms)}. A sound candidate is moved back in ${rough(of.false_rollback)} of migrations, one that fails three times as often as allowed is not in ${rough(of.missed)}.`,
  offer_replay: (of: { prompts: number; log_ms: number | null; limit: number; pairs: readonly Sentence[] }) =>
    `drover migrate replay FILE: asks ${of.prompts} logged prompts of both sides again (${of.log_ms === null ? 'the log has none yet' : `the log of ${sayDuration(of.log_ms)}`}) and nobody meets the candidate. Without a failure among them its error share is shown to be below ${rough(of.limit)}; of answers that differ on one side only it takes ${of.pairs.map(({ text }) => text).join(', ')}.`,
  replay_pairs: ({ count, of_hundred: hundred }: { count: number; of_hundred: number }) =>
    `${count} where it is the worse one in ${hundred} of 100`,

  no_manifest: () => 'not known: give the manifest of the audit (--manifest)',
  no_probe_report: () => 'no report of the probes (--probe)',
  probes_fail: ({ probes }: { probes: readonly string[] }) => `probes fail: ${ids(probes)}`,
  nodes_share: ({ nodes }: { nodes: number }) => `${nodes} nodes share the store: one may go`,
  one_node: () => 'one node: nothing takes over while it is away',
  sites_fail: ({ failing, sites, changing }: { failing: number; sites: number; changing: number }) =>
    `${failing} of ${sites} call sites fail on the target, ${changing} are answered otherwise`,
  parameters_pass: () => 'the probes of parameters pass',
  other_words: () =>
    'another model answers in other words and lengths; how much, copies or a replay show before people do',
  tools_unknown: () => 'the log does not tell how many answers call tools',
  tools_called: ({ share }: { share: number }) => `${tenth(share)} of answers call tools`,
  sites_with_tools: ({ sites }: { sites: number }) => `${sites} call sites offer them`,
  tools_pass: () => 'the probes of tools pass',
  limits_unknown: () => 'nothing is in the log; limits of a new account are often low',
  limits_met: ({ share }: { share: number }) =>
    `${tenth(share)} of calls met a limit at the baseline; limits of a new account are often lower`,
  cache_unknown: () => 'the log does not tell what came from a cache',
  cached_today: ({ share }: { share: number }) =>
    `${tenth(share)} of input tokens come from a cache today, and the candidate begins with none`,
  new_recipient: (of: Recipient) =>
    `"${of.provider}" is a new recipient of what people write (region ${told(of.region)}, data policy ${told(of.policy)}; today ${told(of.from_region)}, ${told(of.from_policy)})${of.keeps_bodies ? '; bodies are kept here as well (log.bodies)' : ''}`,
  same_recipient: () => 'the same provider gets it as today',
  nothing_priced: () => 'no call is in the log whose tokens could be priced',
  no_price: ({ arm }: { arm: string }) => `no price is known of the ${arm} (cost: of its target, or drover prices)`,
  costs_at_candidate: ({ is_more: isMore }: { is_more: boolean }) =>
    `at today's tokens a call costs ${isMore ? 'more' : 'no more'} at the candidate; its own tokeniser may count otherwise`,
  keys_in_code: ({ sites }: { sites: number }) => `${sites} call sites have a key in the code`,
  no_key_in_code: () => 'no call site has a key in the code; the key of the new provider is on the relay only',
} as const

/** Says what a plan says. */
export const planSays = sayer(planSentences)
