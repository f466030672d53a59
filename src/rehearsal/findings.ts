/** What the checks of a preflight find, and what to do about it: by code, in English. Each code is worded in the console as well. */

import type { Sentence } from '#base/sentence.ts'
import { joined, sayer } from '#base/sentence.ts'

type Probed = { readonly id: string; readonly why: string }

export const findings = {
  check_key: ({ provider }: { provider: string }) =>
    `Check the key of provider "${provider}", and the account behind it.`,
  check_credit: ({ provider }: { provider: string }) =>
    `Check the credit and the limits of the account at provider "${provider}", then start again.`,
  check_model: () => 'Check the name of the model in the route, as the provider calls it.',
  look_closer: ({ provider }: { provider: string }) =>
    `'drover doctor' and 'drover probe' look closer at provider "${provider}".`,
  broke_off: () => 'the answer broke off before its end',
  was_empty: () => 'the answer was empty',
  completion_failed: (of: { is_streamed: boolean; number: number; of: number; target: string; problem: Sentence }) =>
    `${of.is_streamed ? 'streamed ' : ''}completion ${of.number} of ${of.of} at ${of.target} failed: ${of.problem.text}`,
  not_asked_at: ({ target, problem }: { target: string; problem: string }) =>
    `${target} could not be asked: ${problem}`,
  completions: ({ count, times }: { count: number; times: readonly string[] }) =>
    `${count} successive completions (${times.join(', ')})`,

  callers_ask_it: () => 'callers ask it themselves, with a key of their own',

  probes_passed: (of: {
    passed: number
    ran: number
    calls: number
    repaired: readonly string[]
    left_out: number
    why_left_out: Sentence
  }) =>
    `${of.passed} of ${of.ran} probes passed in ${of.calls} calls${of.repaired.length === 0 ? '' : `, ${of.repaired.length} are repaired by the relay (${of.repaired.join(', ')})`}${of.left_out === 0 ? '' : `, ${of.left_out} were not run (${of.why_left_out.text})`}`,
  probe: ({ id, why }: Probed) => `${id} (${why})`,
  no_probe_ran: ({ why }: { why: Sentence }) => `no probe could be run: ${why.text}.`,
  raise_limits: () => 'Raise preflight.max_cost_usd or max_calls, or say conformance: off.',
  would_notice: ({ passed, failed }: { passed: Sentence; failed: Sentence }) =>
    `${passed.text}; clients would notice ${failed.text}.`,
  probe_shows: ({ mend }: { mend: string }) =>
    `${mend} 'drover probe' shows the exchanges; 'preflight: { conformance: report }' starts all the same.`,
  provider_missing: ({ provider }: { provider: string }) => `there is no provider "${provider}".`,
  no_probes: () => 'there are no probes for the protocol of its provider; the completions have gone through',
  not_probed: ({ problem }: { problem: string }) => `it could not be probed: ${problem}`,
  probe_or_raise: () => "Look with 'drover probe', or raise preflight.max_cost_usd.",

  credit_untold: ({ provider }: { provider: string }) => `provider "${provider}" does not say what is left there`,
  credit_gone: ({ amounts, provider }: { amounts: readonly string[]; provider: string }) =>
    `${amounts.join(', ')} are left at provider "${provider}".`,
  top_up: () => 'Top the account up, then start again.',
  credit_left: ({ amounts }: { amounts: readonly string[] }) => `${amounts.join(', ')} are left`,

  way_back: (of: { kept_ms: number; in_force_ms: number; others_ms: number; most_ms: number | null }) =>
    `a decision is kept after ${of.kept_ms.toFixed(1)} ms and in force ${of.in_force_ms.toFixed(1)} ms later${of.others_ms === 0 ? '' : `, on the other nodes within ${of.others_ms} ms`}${of.most_ms === null ? '' : `; it should be ${of.most_ms} ms.`}`,
  look_at_store: () => 'Look at the store and at the load of this machine.',

  takes_no_key: () => 'its provider takes no key',
  needs_no_key: () => 'its provider needs no key',
  has_no_key: ({ provider }: { provider: string }) => `provider "${provider}" has no credential.`,
  set_key: () => 'Set its api_key in drover.yaml.',
  no_free_call: () => 'its provider has no free call that a key could be tried with; the completions have used it',
  keys_refused: ({ provider, keys }: { provider: string; keys: readonly string[] }) =>
    `provider "${provider}" refuses ${keys.join(', ')}.`,
  replace_key: () => 'Replace it or take it out of drover.yaml: calls that get it would fail.',
  keys_taken: ({ count }: { count: number }) => `${count === 1 ? 'the key is' : `all ${count} keys are`} taken`,

  requests_a_minute: ({ limit }: { limit: number }) => `${limit} requests a minute`,
  tokens_a_minute: ({ limit }: { limit: number }) => `${limit} tokens a minute`,
  limit_short: ({ limit, busiest, percent }: { limit: Sentence; busiest: number; percent: number | null }) =>
    `${limit.text} of a key, and the busiest minute of its traffic had ${busiest}: ${percent === null ? 'not even the first step fits.' : `it is enough for ${percent} % of the traffic.`}`,
  raise_quota: () => 'Have the limit raised, or give the provider more keys (api_keys), before the weight reaches it.',
  tells_no_limits: () => 'its answers tell no limits',
  busiest_unknown: () => 'nothing is known of the busiest minute',

  not_looked_at: ({ problem }: { problem: string }) => `it could not be looked at: ${problem}`,
  try_again: () => 'Try again.',
} as const

/** Says what was found. */
export const finding = sayer(findings)

/** Several probes, each with why. */
export const probesListed = (probes: readonly Probed[]): Sentence =>
  joined(probes.map(({ id, why }) => finding('probe', { id, why })))
