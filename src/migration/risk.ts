/**
 * The register of what can go wrong with a migration: how likely by the audit of the code, the probes of the candidate and the log of the baseline, what it comes to in people and
 * dollars, what is done against it, what would show it, and who looks. Pure: what is not known is said to be unknown.
 */

import type { Sentence } from '#base/sentence.ts'
import { joined } from '#base/sentence.ts'
import type { Baseline } from './plan.ts'
import { planSays } from './plan-sentences.ts'

export const risks = [
  'relay_outage',
  'parameter_drift',
  'behaviour_drift',
  'tool_calls',
  'rate_limits',
  'cold_cache',
  'privacy',
  'billing',
  'key_leak',
] as const

export type Likelihood = 'low' | 'medium' | 'high' | 'unknown'

export type Risk = {
  readonly risk: (typeof risks)[number]
  readonly likelihood: Likelihood
  readonly because: Sentence
  /** Conversations a day that it would touch; `null` = not known. */
  readonly conversationsPerDay: number | null
  /** A day, for the operator; `null` = not known. */
  readonly nanoUsdPerDay: bigint | null
  readonly impact: string
  readonly mitigation: string
  /** What would show it. */
  readonly trigger: string
  readonly owner: string
}

/** What the audit's manifest says. */
export type AuditFacts = {
  readonly sites: number
  /** That fail on the target, or answer otherwise there. */
  readonly failing: number
  readonly changing: number
  readonly withTools: number
  /** With a key that stands in the code. */
  readonly withLiteralKey: number
}

/** What a report of the probes says: failures that clients would notice, by group. */
export type ProbeFacts = { readonly failed: readonly { readonly id: string; readonly group: string }[] }

/** What the log says of a call. */
export type TrafficFigures = {
  readonly callsPerDay: number
  /** Of input tokens that came from the cache; `null` = not told. */
  readonly cachedShare: number | null
  readonly toolShare: number | null
  readonly limitedShare: number | null
  /** What a call costs the operator at the baseline, at the candidate, and at the candidate with nothing cached; `null` = no price. */
  readonly baselineNanoUsd: bigint | null
  readonly candidateNanoUsd: bigint | null
  readonly candidateColdNanoUsd: bigint | null
}

export type ProviderFacts = {
  readonly provider: string
  readonly region: string | null
  readonly dataPolicy: string | null
}

export type RiskFacts = {
  readonly baseline: Baseline
  readonly figures: TrafficFigures
  readonly audit: AuditFacts | null
  readonly probe: ProbeFacts | null
  readonly from: ProviderFacts
  readonly to: ProviderFacts
  readonly nodes: number
  /** Percent of the first step. */
  readonly firstWeight: number
  readonly keepsBodies: boolean
}

const worst = (...all: readonly Likelihood[]): Likelihood =>
  (['high', 'medium', 'unknown', 'low'] as const).find((one) => all.includes(one)) ?? 'unknown'

const failedIn = ({ probe }: RiskFacts, groups: readonly string[]): readonly string[] =>
  (probe?.failed ?? []).filter(({ group }) => groups.includes(group)).map(({ id }) => id)

const probesSay = (failed: readonly string[], passing: Sentence): Sentence =>
  failed.length === 0 ? passing : planSays('probes_fail', { probes: failed })

const perDay = (nanoUsd: bigint | null, calls: number): bigint | null =>
  nanoUsd === null ? null : nanoUsd * BigInt(Math.round(calls))

const relayOutage = ({ baseline, nodes }: RiskFacts): Risk => ({
  risk: 'relay_outage',
  likelihood: nodes > 1 ? 'low' : 'medium',
  because: nodes > 1 ? planSays('nodes_share', { nodes }) : planSays('one_node'),
  conversationsPerDay: Math.round(baseline.conversationsPerDay),
  nanoUsdPerDay: 0n,
  impact: `${Math.ceil(baseline.conversationsPerDay / 24)} conversations for each hour without an answer; nothing is paid for calls that are not made`,
  mitigation:
    'A second node (docs/operate/nodes.md); callers with the client of clients/ go direct while the relay is away (split: client).',
  trigger: 'readiness 503; the event provider_down of every provider at once',
  owner: 'whoever is on call for the relay',
})

const parameterDrift = (facts: RiskFacts): Risk => {
  const { audit, baseline } = facts
  const failed = failedIn(facts, ['parameters', 'messages', 'structured', 'context'])
  const byAudit: Likelihood =
    audit === null ? 'unknown' : audit.failing > 0 ? 'high' : audit.changing > 0 ? 'medium' : 'low'
  const byProbe: Likelihood = facts.probe === null ? 'unknown' : failed.length > 0 ? 'high' : 'low'
  const share = audit === null || audit.sites === 0 ? null : (audit.failing + audit.changing) / audit.sites
  return {
    risk: 'parameter_drift',
    likelihood: worst(byAudit, byProbe),
    because: joined([
      audit === null
        ? planSays('no_manifest')
        : planSays('sites_fail', { failing: audit.failing, sites: audit.sites, changing: audit.changing }),
      facts.probe === null ? planSays('no_probe_report') : probesSay(failed, planSays('parameters_pass')),
    ]),
    conversationsPerDay: share === null ? null : Math.round(baseline.conversationsPerDay * share),
    nanoUsdPerDay: null,
    impact:
      'A 400 for each call with such a parameter, or an answer that was asked for otherwise; the baseline answers in its place while the ramp goes on',
    mitigation:
      'param_policy: shim adjusts what the catalog knows, with a warning; drover audit --fix changes the code.',
    trigger: 'error-rate compared with the baseline counts 400s that only the candidate gives; x-drover-warnings',
    owner: 'the team of the call site',
  }
}

const behaviourDrift = ({ baseline, figures, firstWeight }: RiskFacts): Risk => ({
  risk: 'behaviour_drift',
  likelihood: 'medium',
  because: planSays('other_words'),
  conversationsPerDay: Math.round((baseline.conversationsPerDay * firstWeight) / 100),
  nanoUsdPerDay:
    figures.candidateNanoUsd === null ? null : (perDay(figures.candidateNanoUsd, figures.callsPerDay) ?? 0n) / 4n,
  impact: 'At the first step the conversations beside; a quarter more tokens at all of them the dollars',
  mitigation:
    'shadow: { duration: 12h, noise_floor_sample: 10 }, or drover migrate replay on logged prompts; completion-tokens and truncated-share pause.',
  trigger: "drover migrate shadow: a respect is 'worse'; the metric completion-tokens",
  owner: 'the team whose product it is',
})

const toolCalls = (facts: RiskFacts): Risk => {
  const { audit, figures, baseline } = facts
  const failed = failedIn(facts, ['tools', 'accuracy'])
  const uses = figures.toolShare !== null && figures.toolShare > 0
  const byUse: Likelihood =
    audit === null && figures.toolShare === null ? 'unknown' : uses || (audit?.withTools ?? 0) > 0 ? 'medium' : 'low'
  const byProbe: Likelihood =
    failed.length > 0 ? 'high' : byUse === 'low' ? 'low' : facts.probe === null ? 'unknown' : 'low'
  return {
    risk: 'tool_calls',
    likelihood: failed.length > 0 && byUse === 'low' ? 'low' : worst(byUse, byProbe),
    because: joined([
      figures.toolShare === null ? planSays('tools_unknown') : planSays('tools_called', { share: figures.toolShare }),
      ...(audit === null ? [] : [planSays('sites_with_tools', { sites: audit.withTools })]),
      ...(facts.probe === null ? [] : [probesSay(failed, planSays('tools_pass'))]),
    ]),
    conversationsPerDay:
      figures.toolShare === null ? null : Math.round(baseline.conversationsPerDay * figures.toolShare),
    nanoUsdPerDay: null,
    impact: 'A tool that is not called, called in vain, or called with arguments that its schema does not allow',
    mitigation:
      'shadow compares tools by name and by schema before anything moves; ids of tool calls are rewritten for the candidate.',
    trigger: 'tool-call-valid, tool-call-rate; drover migrate shadow: tool_names, tool_arguments',
    owner: 'the team of the call site',
  }
}

const rateLimits = ({ figures, baseline }: RiskFacts): Risk => {
  const { limitedShare } = figures
  return {
    risk: 'rate_limits',
    likelihood: limitedShare === null ? 'unknown' : limitedShare > 0.005 ? 'high' : 'medium',
    because: limitedShare === null ? planSays('limits_unknown') : planSays('limits_met', { share: limitedShare }),
    conversationsPerDay: Math.round(baseline.conversationsPerDay),
    nanoUsdPerDay: 0n,
    impact: 'A 429 counts as a failure of the candidate and the baseline answers; above 1 % it is moved back',
    mitigation:
      'The preflight holds the limits that the candidate tells against the busiest minute; several keys (api_keys); have limits raised before the weight reaches them.',
    trigger: 'quota in the preflight; credential_resting; error-rate',
    owner: 'whoever has the account at the provider',
  }
}

const coldCache = ({ figures, baseline }: RiskFacts): Risk => {
  const { cachedShare, candidateNanoUsd, candidateColdNanoUsd, callsPerDay } = figures
  const more =
    candidateNanoUsd === null || candidateColdNanoUsd === null
      ? null
      : perDay(candidateColdNanoUsd - candidateNanoUsd, callsPerDay)
  return {
    risk: 'cold_cache',
    likelihood: cachedShare === null ? 'unknown' : cachedShare > 0.2 ? 'high' : cachedShare > 0.02 ? 'medium' : 'low',
    because: cachedShare === null ? planSays('cache_unknown') : planSays('cached_today', { share: cachedShare }),
    conversationsPerDay: cachedShare === null ? null : Math.round(baseline.conversationsPerDay * cachedShare),
    nanoUsdPerDay: more,
    impact:
      'Slower first parts and the whole price of the prompt until its cache is warm; the dollars are a day with nothing cached at all',
    mitigation: 'Conversations stay where they began (mid_conversation: pin); small first steps warm it.',
    trigger: 'cached-tokens and cost compared with the baseline; ttft-p99',
    owner: 'whoever pays the provider',
  }
}

const privacy = ({ from, to, baseline, keepsBodies }: RiskFacts): Risk => {
  const isNew = from.provider !== to.provider
  const isElsewhere = from.region !== to.region
  const isWeaker = to.dataPolicy === 'may-train' || (to.dataPolicy === null && from.dataPolicy !== null)
  return {
    risk: 'privacy',
    likelihood: !isNew ? 'low' : isElsewhere || isWeaker || to.dataPolicy === null ? 'high' : 'medium',
    because: isNew
      ? planSays('new_recipient', {
          provider: to.provider,
          region: to.region,
          policy: to.dataPolicy,
          from_region: from.region,
          from_policy: from.dataPolicy,
          keeps_bodies: keepsBodies,
        })
      : planSays('same_recipient'),
    conversationsPerDay: isNew ? Math.round(baseline.conversationsPerDay) : 0,
    nanoUsdPerDay: null,
    impact: 'People whose data goes to a recipient that their contract, or the law, does not allow',
    mitigation:
      'Regions and data rules of keys and projects hold for the candidate and for copies; match.projects leaves out whoever has not agreed; shadow.consent names who has.',
    trigger: 'calls that stay because of region or data policy; an objection of a customer',
    owner: 'data protection',
  }
}

const billing = ({ figures }: RiskFacts): Risk => {
  const { baselineNanoUsd: before, candidateNanoUsd: after, callsPerDay } = figures
  const more = before === null || after === null ? null : after - before
  const isDearer = more !== null && before !== null && more * 10n > before
  return {
    risk: 'billing',
    likelihood: more === null ? 'unknown' : isDearer ? 'high' : more > 0n ? 'medium' : 'low',
    because:
      more === null
        ? callsPerDay === 0
          ? planSays('nothing_priced')
          : planSays('no_price', { arm: after === null ? 'candidate' : 'baseline' })
        : planSays('costs_at_candidate', { is_more: more > 0n }),
    conversationsPerDay: 0,
    nanoUsdPerDay: more === null ? null : perDay(more, callsPerDay),
    impact:
      'What callers pay belongs to the model that they name and stays; the margin changes by the dollars beside, at all of the traffic',
    mitigation:
      'cost as a metric of the file (relative: { max_ratio: 1.2 }, on_fail: pause); reconcile usage with the bill of the new provider after a day.',
    trigger: 'the metric cost; drover reconcile usage',
    owner: 'finance',
  }
}

const keyLeak = ({ audit }: RiskFacts): Risk => ({
  risk: 'key_leak',
  likelihood: audit === null ? 'unknown' : audit.withLiteralKey > 0 ? 'high' : 'low',
  because:
    audit === null
      ? planSays('no_manifest')
      : audit.withLiteralKey > 0
        ? planSays('keys_in_code', { sites: audit.withLiteralKey })
        : planSays('no_key_in_code'),
  conversationsPerDay: null,
  nanoUsdPerDay: null,
  impact: 'Calls of strangers at the cost of the account, up to its limit at the provider',
  mitigation:
    'Keys of providers only on the relay, by reference (docs/migrate/secrets.md); a limit of spend at the provider; revoke those that the audit found.',
  trigger: 'upstream_balance_low; reconcile finds calls at the provider that the relay did not make',
  owner: 'security',
})

/** In the order of `risks`. */
export const riskRegisterOf = (facts: RiskFacts): readonly Risk[] => [
  relayOutage(facts),
  parameterDrift(facts),
  behaviourDrift(facts),
  toolCalls(facts),
  rateLimits(facts),
  coldCache(facts),
  privacy(facts),
  billing(facts),
  keyLeak(facts),
]
