/** Every sentence of the relay that has a code, each said once with something filled in: what pages are shown, to see that they have words for it. */

import { eventSentences } from '../../src/base/event-sentences.ts'
import { healthSentences } from '../../src/base/health-sentences.ts'
import type { Filling, Sentence, Sentences } from '../../src/base/sentence.ts'
import { sayer } from '../../src/base/sentence.ts'
import { priceReason, priceReasons } from '../../src/catalog/price-source/reasons.ts'
import { planSays, planSentences } from '../../src/migration/plan-sentences.ts'
import { reason, reasons } from '../../src/migration/reasons.ts'
import { finding, findings } from '../../src/rehearsal/findings.ts'

/** What is filled in, by code; of a sentence that takes nothing, `null`. */
type Samples<T extends Sentences> = {
  readonly [C in keyof T]: Filling<T[C]> extends [infer G] ? G : null
}

const minuteMs = 60_000
const at = { percent: 25, step: 1, steps: 3, for_ms: 5 * minuteMs }
const counted = { metric: 'ttft-p99', slower_than_ms: 900, share: 0.02, hits: 8, seen: 400 }
const looked = reason('preflight_was', { passed: 4, warned: 1, failed: 1, skipped: 1 })
const lack = reason('too_few', { met: 12, needed: 400 })
const what = reason('then_goes_to', { percent: 50 })
const forecast = reason('takes_about', {
  count: 388,
  wait_ms: 90 * minuteMs,
  raised_percent: 50,
  raised_wait_ms: 45 * minuteMs,
})
const check = { check: 'quota', arm: 'candidate', says: finding('takes_no_key'), mend: finding('set_key') }

const reasonSamples: Samples<typeof reasons> = {
  over_limit: { ...counted, limit: 0.01 },
  over_baseline: { ...counted, baseline_share: 0.004, ratio: 1.5 },
  mean_over_baseline: { metric: 'completion-tokens', times: 1.4, ratio: 1.25 },
  split_wrong: { candidate: 10, baseline: 90 },
  shared_incident: { found: reason('over_limit', { ...counted, limit: 0.01 }), baseline_share: 0.03 },
  too_few: { met: 12, needed: 400 },
  not_shown: { metrics: ['error-rate', 'ttft-p99'], conversations: 12 },
  below_margin: { step: 2, lack, margin: 0.03 },
  prolonged: { step: 2, lack, by_ms: 90 * minuteMs },
  gate_shut: { step: 2, lack },
  gate_open: { step: 2, next_percent: 50 },
  last_step_over: null,
  worse_in_shadow: { respects: ['tool_names', 'length'], questions: 40 },
  nothing_in_shadow: null,
  shadow_over: { questions: 40, is_repeated: false },
  all_settled: null,
  past_deadline: { within_ms: 300 * minuteMs },
  reflex: { failures: 8, window: 10, is_shared: true },
  vetoed: { recipient: 'hook', reason: '本周冻结' },
  not_asked: { recipient: 'hook', problem: '502' },
  by_person: { change: 'pause', actor: 'local', reason: '观察一晚' },
  started: { actor: 'local', looked },
  set_to_start: { at: '2026-12-01T06:00:00.000Z', actor: 'local', looked },
  date_came: { looked },
  date_refused: { refusals: [reason('check_failed', check)], is_plan: false },
  without_preflight: { reason: '演示环境' },
  check_failed: check,
  preflight_was: { passed: 4, warned: 1, failed: 1, skipped: 1 },
  no_number_helps: null,
  none_has_come: { count: 388 },
  takes_about: { count: 388, wait_ms: 90 * minuteMs, raised_percent: 50, raised_wait_ms: 45 * minuteMs },
  paused_until_person: { forecast },
  starts_by_itself: null,
  shadow_goes_on: { in_ms: 30 * minuteMs, first_percent: 5, held_ms: 2 * minuteMs },
  then_complete: null,
  then_person: { percent: 50 },
  then_goes_to: { percent: 50 },
  next_is: { in_ms: 30 * minuteMs, what, held_ms: minuteMs },
  next_if_open: { in_ms: 0, what, lack, forecast },
  is_draft: null,
  is_scheduled: { at_ms: Date.UTC(2026, 11, 1), again: true },
  is_shadow: { for_ms: minuteMs },
  is_ramping: at,
  is_baking: at,
  is_paused: { ...at, reason: 'inconclusive' },
  is_rolling_back: null,
  is_rolled_back: { for_ms: minuteMs },
  is_completed: { for_ms: minuteMs },
  is_aborted: { for_ms: minuteMs },
  standing: { name: 'gpt-to-kimi', state: reason('is_paused', { ...at, reason: 'manual' }), why: lack },
  needs_p99: { metric: 'ttft-p99', what: 'delta_over_baseline' },
  first_columns: { count: 64 },
}

const planSamples: Samples<typeof planSentences> = {
  baseline_breaks: { metric: 'error-rate', share: 0.03, seen: 400, limit: 0.01 },
  never_enough: { step: 1, percent: 5 },
  takes_longer: { step: 1, percent: 5, count: 580, takes_ms: 900 * minuteMs, lasts_ms: 300 * minuteMs },
  will_pause: null,
  past_progress_deadline: { hours: 240 },
  no_webhook: { recipient: 'hook' },
  no_provider: { field: 'candidate.route', provider: 'nobody' },
  no_such_model: { field: 'candidate.route', provider: 'moonshot', model: 'kimi-k9' },
  other_name: { field: 'candidate.route', provider: 'moonshot', model: 'kimi-k2', sent: 'kimi-k2.6' },
  same_route: null,
  no_model: { model: 'kimi-k9' },
  overlaps: { other: 'gpt-to-kimi', phase: 'ramping', model: 'kimi-k2' },
  switched_off: { arm: 'baseline', route: 'openai/gpt-4.1', day: '2027-01-01', in_days: 30, successor: 'gpt-5' },
  no_call_site: { name: 'billing' },
  finds_dead: { count: 3 },
  finds_errors: { share: 0.04, hits: 5, met: 600 },
  not_below: { limit: 0.01, count: 580, takes_ms: null },
  no_errors_at_all: null,
  unseen_below: { share: 0.02 },
  no_p99: null,
  no_tokens: null,
  offer_weight: { percent: 25, takes_ms: 900 * minuteMs },
  offer_thresholds: { limit: 0.01, count: 100, takes_ms: 900 * minuteMs, false_rollback: 0.1, missed: 0.02 },
  offer_replay: {
    prompts: 580,
    log_ms: 900 * minuteMs,
    limit: 0.01,
    pairs: [planSays('replay_pairs', { count: 90, of_hundred: 60 })],
  },
  replay_pairs: { count: 90, of_hundred: 60 },
  no_manifest: null,
  no_probe_report: null,
  probes_fail: { probes: ['tools.parallel'] },
  nodes_share: { nodes: 3 },
  one_node: null,
  sites_fail: { failing: 1, sites: 9, changing: 2 },
  parameters_pass: null,
  other_words: null,
  tools_unknown: null,
  tools_called: { share: 0.3 },
  sites_with_tools: { sites: 2 },
  tools_pass: null,
  limits_unknown: null,
  limits_met: { share: 0.002 },
  cache_unknown: null,
  cached_today: { share: 0.4 },
  new_recipient: {
    provider: 'moonshot',
    region: null,
    policy: 'no-train',
    from_region: 'eu',
    from_policy: null,
    keeps_bodies: true,
  },
  same_recipient: null,
  nothing_priced: null,
  no_price: { arm: 'candidate' },
  costs_at_candidate: { is_more: false },
  keys_in_code: { sites: 1 },
  no_key_in_code: null,
}

const findingSamples: Samples<typeof findings> = {
  check_key: { provider: 'moonshot' },
  check_credit: { provider: 'moonshot' },
  check_model: null,
  look_closer: { provider: 'moonshot' },
  broke_off: null,
  was_empty: null,
  completion_failed: { is_streamed: true, number: 2, of: 3, target: 'moonshot/kimi-k2', problem: finding('was_empty') },
  not_asked_at: { target: 'moonshot/kimi-k2', problem: '502' },
  completions: { count: 3, times: ['12 ms', '14 ms'] },
  probes_passed: {
    passed: 20,
    ran: 24,
    calls: 30,
    repaired: ['params.temperature'],
    left_out: 2,
    why_left_out: finding('probe', { id: 'context.long', why: '费用上限' }),
  },
  probe: { id: 'context.long', why: '费用上限' },
  no_probe_ran: { why: finding('probe', { id: 'context.long', why: '费用上限' }) },
  raise_limits: null,
  would_notice: {
    passed: finding('takes_no_key'),
    failed: finding('probe', { id: 'tools.parallel', why: '未返回' }),
  },
  probe_shows: { mend: '' },
  provider_missing: { provider: 'nobody' },
  no_probes: null,
  not_probed: { problem: '502' },
  probe_or_raise: null,
  credit_untold: { provider: 'moonshot' },
  credit_gone: { amounts: ['0.00 CNY'], provider: 'moonshot' },
  top_up: null,
  credit_left: { amounts: ['12.00 CNY'] },
  way_back: { kept_ms: 3, in_force_ms: 1, others_ms: 1_000, most_ms: 50 },
  look_at_store: null,
  takes_no_key: null,
  needs_no_key: null,
  has_no_key: { provider: 'moonshot' },
  set_key: null,
  no_free_call: null,
  keys_refused: { provider: 'moonshot', keys: ['env:SECOND_KEY'] },
  replace_key: null,
  keys_taken: { count: 2 },
  requests_a_minute: { limit: 500 },
  tokens_a_minute: { limit: 100_000 },
  limit_short: { limit: finding('requests_a_minute', { limit: 500 }), busiest: 900, percent: 55 },
  raise_quota: null,
  tells_no_limits: null,
  busiest_unknown: null,
  not_looked_at: { problem: '502' },
  try_again: null,
}

const refund = { refund: 'rf_1', order: 'ord_1', method: 'stripe' }

const eventSamples: Samples<typeof eventSentences> = {
  migration_decided: { name: 'gpt-to-kimi', phase: 'paused', step: 1, percent: 25, starts_at_ms: null, why: lack },
  migration_waits: { name: 'gpt-to-kimi', step: 1, percent: 25 },
  migration_drifted: { name: 'gpt-to-kimi', figure: 'completion-tokens' },
  balance_low: { account: 'acc_1', usd: '3.20' },
  budget_reached: {
    kind: 'project',
    subject: 'prj_1',
    model: 'kimi-k2',
    percent: 80,
    spent_usd: '8.00',
    limit_usd: '10.00',
    period: 'day',
  },
  credit_expiring: { account: 'acc_1', usd: '5.00', kind: 'promo', days: 3, day: '2026-12-03' },
  spend_unusual: { key: 'key_1', usd: '90.00', times: 10 },
  tokens_unusual: { key: 'key_1', tokens: 90_000, usual: 800 },
  key_ends: { key: 'key_1', name: 'ci', ends: '2026-12-03T00:00:00.000Z', days: 0 },
  certificate_ended: { ends: '2026-11-03T00:00:00.000Z' },
  certificate_ends: { ends: '2026-12-03T00:00:00.000Z', days: 3 },
  overhead_high: { ms: 90, above_ms: 50 },
  errors_high: { percent: '3.0' },
  provider_failed: { provider: 'moonshot', attempts: 20 },
  provider_away: { provider: 'moonshot', checks: 2, status: 503, problem: null },
  provider_back: { provider: 'moonshot' },
  provider_credit_low: { provider: 'moonshot', left: '12.00', currency: 'CNY' },
  key_refused_by_check: { provider: 'moonshot' },
  key_refused: { provider: 'moonshot', credential: 'env:SECOND_KEY', minutes: 10 },
  key_rests: { provider: 'moonshot', credential: 'env:SECOND_KEY', seconds: 20 },
  target_failed: { target: 'moonshot/kimi-k2', problem: '502' },
  target_back: { target: 'moonshot/kimi-k2' },
  document_issued: { number: 'INV-2026-0001', total: '10.00 USD', account: 'acc_1' },
  invoice_overdue: { number: 'INV-2026-0001', account: 'acc_1', usd: '10.00', day: '2026-11-03' },
  refund_asked: { order: 'ord_1', method: 'stripe', reason: '重复下单' },
  refund_failed: { ...refund, problem: '银行卡已注销' },
  refund_waits: { ...refund, note: '待银行处理' },
  refund_came_back: { ...refund, problem: '银行卡已注销', is_closed: true },
  refund_left_waits: { ...refund, note: '待银行处理' },
  paid_twice: { order: 'ord_1', transaction: 'tx-2', method: 'stripe' },
  paid_otherwise: { order: 'ord_1', paid: '9.00 USD', note: '金额不足' },
  not_credited: { order: 'ord_1', paid: '9.00 USD', note: '账户已关闭' },
  dispute_opened: { order: 'ord_1', amount: '9.00 USD', method: 'stripe' },
  dispute_won: { order: 'ord_1', amount: '9.00 USD' },
  dispute_lost: { order: 'ord_1', amount: '9.00 USD' },
  card_refused: { ending: '4242', usd: '25.00', problem: '余额不足', is_off: true },
  bills_differ: { method: 'stripe', day: '2026-11-29', differences: 3, ours: 1, theirs: 1, amounts: 1, fees: 0 },
  test_reaches: null,
}

const healthSamples: Samples<typeof healthSentences> = {
  store_fails: { problem: '磁盘已满' },
  is_ending: null,
  changes_unheard: { ms: 2_000 },
  redis_away: { places: '127.0.0.1:6379', for_ms: 2 * minuteMs, problem: '拒绝连接', nodes: 2 },
  node_differs: { node: 'node-2', url: 'http://10.0.0.2:4000' },
  secret_away: { secret: 'vault:kv/openai', since: '2026-11-30T00:00:00.000Z', problem: '503' },
  restart_needed: { settings: ['server.port'] },
  file_has_faults: null,
}

const priceSamples: Samples<typeof priceReasons> = {
  price_as_is: null,
  price_as_tables: null,
  tables_differ: { said: ['litellm 1.2', 'models.dev 1.4'] },
  price_of_nothing: null,
  price_over_most: { usd: '1200' },
  price_hundredfold: { usd: '120', current: '1.2' },
  one_table: { source: 'litellm' },
  nothing_to_compare: null,
  price_twofold: { from: '1', to: '3' },
  tables_agree: null,
  tables_older: { tables: ['litellm 2026-11-20'], day: '2026-11-21' },
  price_by_time: null,
  of_rate: { rate: 'cachedInput', why: priceReason('one_table', { source: 'litellm' }) },
}

const allOf = <T extends Sentences>(table: T, samples: Samples<T>): readonly Sentence[] => {
  const say = sayer(table) as (code: string, given?: unknown) => Sentence
  return Object.entries(samples).map(([code, given]) => (given === null ? say(code) : say(code, given)))
}

export const saidOf = {
  migration: allOf(reasons, reasonSamples),
  plan: allOf(planSentences, planSamples),
  preflight: allOf(findings, findingSamples),
  event: allOf(eventSentences, eventSamples),
  health: allOf(healthSentences, healthSamples),
  price: allOf(priceReasons, priceSamples),
} as const
