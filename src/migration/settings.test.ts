import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMigrationFile } from './compiled.ts'

const head = `migration: move
match: { models: [m] }
baseline: { route: alpha/m }
`
const read = (rest: string) => readMigrationFile(`${head}${rest}`)
const candidate = 'candidate: { route: beta/n }\n'

test('every name of the design is taken, or refused with what is done instead', () => {
  const file = read(`candidate: { route: beta/n, param_policy: strict }
assignment: { unit: conversation, key_order: [header:x-session-id, body:prompt_cache_key, body:user, hash:prefix, api_key], salt: auto, mid_conversation: pin, pin_idle_ttl: 60m, pinned_share_max: 0.2 }
preflight: { conformance: required, min_score: { blocking: 100% }, health_check: { interval: 5s, success_threshold: 3 }, key_and_quota: true, baseline_window: 24h }
shadow: { mirror_weight: 10, duration: 12h, max_cost_usd_per_day: 25, max_concurrency: 8, noise_floor_sample: 10%, exclude: [server_tools, stateful, tenant_opt_out], compare: [finish_reason, tool_name, tool_args, json_schema, length_ratio], consent: all }
steps:
  - { set_weight: 1, pause: { duration: 2h }, min_sample: 50 }
  - { set_weight: 25, pause: { duration: 14h }, require_peak: true }
  - { set_weight: 100, bake: { duration: 24h } }
analysis:
  interval: 10s
  alpha_total: 0.05
  metrics:
    - { name: error-rate, type: proportion, threshold_range: { max: 0.01 }, relative: { max_ratio: 1.5 }, critical: true }
    - { name: ttft-p99, type: exceedance, quantile: 0.99, threshold_range: { max_ms: 500, basis: absolute }, relative: { max_ratio: 1.2 } }
    - { name: completion-tokens, type: log_mean, direction: either, relative: { max_ratio: 1.25, min_ratio: 0.6 }, on_fail: pause }
    - { name: truncated-share, type: proportion, relative: { max_ratio: 2 } }
    - { name: tool-call-valid, type: proportion, threshold_range: { min: 0.99 }, must_have_data: auto }
  dry_run: [tool-call-valid]
rollback: { auto: true, breaker: { window: 20, failures: 8 }, in_flight: retry_before_first_byte, on_shared_incident: pause, break_pins: true }
inconclusive: { action: promote_if_upper_bound_below_margin, max_extensions: 2 }
progress_deadline: 96h
`)
  assert.deepEqual(file.shadow?.compare, ['finish_reason', 'tool_names', 'tool_arguments', 'json_valid', 'length'])
  assert.deepEqual([file.preflight.min_score.blocking, file.shadow?.duration], [1, 12 * 3_600_000])
  assert.deepEqual([file.shadow?.max_cost_usd_per_day, file.shadow?.noise_floor_sample], [25_000_000_000n, 10])
  for (const [shadow, words] of [
    ['{ max_cost_usd_per_day: 2.5, consent: all }', /max_cost_usd_per_day: must be a decimal string/],
    ['{ mirror_weight: 101%, consent: all }', /mirror_weight: must be from 0.01 to 100 percent/],
    ['{ mirror_weight: ten, consent: all }', /mirror_weight: must be a percentage/],
    ['{ duration: 1h }', /shadow.consent: is missing: list the ids of the projects/],
  ] as const)
    assert.throws(() => read(`${candidate}shadow: ${shadow}\n`), words)
  assert.throws(
    () => read('candidate: { route: beta/n, shims: [drop_temperature] }\n'),
    /line 4: candidate.shims: is not chosen one by one: with param_policy: shim/,
  )
})

test('what is missing, or of another type, is named in words that a person reads', () => {
  assert.throws(
    () => readMigrationFile('migration: 5\nmatch: [m]\n'),
    (thrown: Error) => {
      assert.match(thrown.message, /line 1: migration: must be of type string\n/)
      assert.match(thrown.message, /line 2: match: must be of type object\n/)
      assert.match(thrown.message, /\nbaseline: is missing\n/)
      return true
    },
  )
})

test('a name in another spelling is refused with the one that is meant', () => {
  assert.throws(
    () => read(`${candidate}progressDeadline: 96h\n`),
    /line 5: progressDeadline: is not known here. Names are written in snake_case: progress_deadline/,
  )
  assert.throws(() => read(`${candidate}assignment: { key_order: [cookie] }\n`), /key_order\[0\]: must be header:NAME/)
  assert.throws(() => read(`${candidate}preflight: { min_score: { blocking: 0.9 } }\n`), /min_score.blocking/)
})
