/** What can be configured about migrations: the block `migrations`, and the file that describes one. */

import { z } from 'zod'
import { amount, count, duration, line, name, nameForm, percentage, wholeAmount } from '#base/settings.ts'
import type { MetricName } from './metric.ts'
import { metricNames, metrics } from './metric.ts'
import type { Comparator } from './shadow-compare.ts'
import { comparators } from './shadow-compare.ts'

/** The block `migrations`. */
export const migrationSettings = z
  .strictObject({
    dir: line(1000)
      .meta({ kind: 'path' })
      .default('./migrations')
      .describe('The folder of the files that describe migrations.'),
  })
  .describe('Staged moves of traffic.')

const share = () => z.number().min(0).max(1)
const ratio = () => z.number().min(0.01).max(100)
const patterns = () => z.array(line(200)).min(1).max(100)

const match = z
  .strictObject({
    models: patterns().describe('Models, as callers name them. `*` stands for any text.'),
    call_sites: patterns().optional().describe('Values of `x-drover-call-site`; absent: all.'),
    keys: patterns().optional().describe('Ids or names of keys; absent: all.'),
    projects: patterns().optional().describe('Ids of projects; absent: all.'),
    percent: z
      .number()
      .min(0.01)
      .max(100)
      .default(100)
      .describe(
        'Percent of their conversations that the migration has to do with at all; the others stay where the configuration says, and are no evidence.',
      ),
  })
  .describe('Which calls are in scope.')

const route = () =>
  line(300)
    .regex(/^[^/]+\/.+$/, 'must be provider/model')
    .describe('`provider/model`: a provider of drover.yaml, and the model as it calls it.')

const pinned = z.enum(['pin', 'switch'])

/** A name of the design that is not taken, with what is done instead. */
const notTaken = (why: string) => z.undefined({ error: why }).optional().meta({ hidden: true })

const keySource = line(200).regex(
  /^(header:[A-Za-z0-9-]+|body:[\w.]+|hash:prefix|api_key)$/,
  'must be header:NAME, body:FIELD (a.b for a field of a field), hash:prefix or api_key',
)

const assignment = z
  .strictObject({
    unit: z.literal('conversation').default('conversation'),
    key_order: z
      .array(keySource)
      .min(1)
      .max(20)
      .optional()
      .describe(
        'What a conversation is known by, the first that a call has: `header:NAME`, `body:FIELD`, `hash:prefix` (how its prompt begins), `api_key` (all calls of a key are one). Absent: `x-session-id`, the usual fields of bodies, how the prompt begins.',
      ),
    pinned_share_max: share()
      .default(0.2)
      .describe(
        'The largest share of turns that may stay where their conversation began although the weight says otherwise; beyond it conversations move with their next turn.',
      ),
    salt: line(100)
      .default('auto')
      .describe(
        'What conversations are hashed with; `auto`: the id of the migration, so that migrations do not know of each other.',
      ),
    mid_conversation: pinned
      .default('pin')
      .describe('Whether a conversation that runs while the weight rises stays where it began.'),
    pin_idle_ttl: duration({ max: '7d' }).prefault('1h').describe('Silence after which it is assigned anew.'),
    tester_header: line(100)
      .default('x-drover-arm')
      .describe('A call with this header (`baseline` or `candidate`) goes where it says, and is no evidence.'),
  })
  .prefault({})

const step = z.strictObject({
  set_weight: z.number().min(0.01).max(100).describe('Percent of conversations that go to the candidate.'),
  pause: z
    .strictObject({ duration: duration() })
    .optional()
    .describe('How long the step lasts at least. Absent: its gate is asked once `analysis.initial_delay` is over.'),
  bake: z
    .strictObject({ duration: duration() })
    .optional()
    .describe(
      'The same for a last step: how long it is watched before the migration is complete. Where both are given, the longer one holds; where neither is, it is complete once `analysis.initial_delay` is over.',
    ),
  min_sample: count(1, 10_000_000)
    .optional()
    .describe(
      'Conversations of the candidate that the gate needs. Absent: the gate needs the metrics with a limit to be shown below it; at 100 % and after, where there is nothing to compare with, it needs no more than time.',
    ),
  require_peak: z
    .boolean()
    .default(false)
    .describe('The step lasts a whole day at least, so that the busiest hour is in it.'),
  gate: z
    .enum(['auto', 'manual'])
    .default('auto')
    .describe('`manual`: the next step waits for `drover migrate promote`.'),
})

const preflight = z
  .strictObject({
    conformance: z
      .enum(['required', 'report', 'off'])
      .default('required')
      .describe(
        'The probes of the candidate that block a switch: a start is refused where clients would notice a failure, they are only told, or they are not run.',
      ),
    min_score: z
      .strictObject({
        blocking: line(10)
          .regex(/^(100|\d{1,2})(\.\d{1,3})?%$/, 'must be a percentage in quotes, such as "100%"')
          .transform((text) => Number(text.slice(0, -1)) / 100)
          .prefault('100%')
          .describe('Of the probes that were run, the share that must pass or be repaired by the relay.'),
      })
      .prefault({}),
    health_check: z
      .strictObject({
        interval: duration({ max: '1m' }).prefault('5s').describe('Between two completions of one arm.'),
        success_threshold: count(1, 20)
          .default(3)
          .describe('Successive real completions that each arm must give; every second one is a stream.'),
      })
      .prefault({}),
    key_and_quota: z
      .boolean()
      .default(true)
      .describe(
        'Whether the keys of both providers are looked at, what credit is left there, and whether the rate limits that the candidate tells are enough for the busiest minute.',
      ),
    rollback_drill: z.boolean().default(true).describe('Whether the way back is rehearsed, with its times.'),
    baseline_window: duration({ min: '1h', max: '7d' })
      .prefault('24h')
      .describe('How far back the log is read for what the baseline does.'),
    max_cost_usd: wholeAmount()
      .prefault('1')
      .describe('What the probes may cost; those for which it is not enough are not run.'),
    max_calls: count(10, 2_000).default(400).describe('The same in calls.'),
    time_limit: duration({ min: '10s', max: '4m' }).prefault('3m').describe('Of the whole preflight.'),
  })
  .prefault({})
  .describe('What is looked at before it starts, and again at the date of one that starts later.')

const metric = z
  .strictObject({
    name: z.enum(metricNames as readonly [MetricName, ...MetricName[]]),
    type: z.enum(['proportion', 'exceedance', 'log_mean']).optional().describe('Follows from the name.'),
    direction: z
      .enum(['increase', 'decrease', 'either'])
      .optional()
      .describe('Follows from the ratios that are given.'),
    must_have_data: z.literal('auto').optional().describe('What was not seen decides nothing.'),
    quantile: z
      .literal(0.99)
      .optional()
      .describe('Of exceedances: more than 1 % above the limit means that the p99 is.'),
    threshold_range: z
      .strictObject({
        max: share().optional().describe('The largest share.'),
        min: share().optional().describe('The smallest share, of what should be.'),
        max_ms: z.number().min(1).max(3_600_000).optional().describe('The largest 99th percentile.'),
        basis: z
          .enum(['absolute', 'delta_over_baseline'])
          .default('absolute')
          .describe('Whether `max_ms` counts from zero, or from the p99 of the baseline before the start.'),
      })
      .optional(),
    relative: z
      .strictObject({ max_ratio: ratio().optional(), min_ratio: ratio().optional() })
      .optional()
      .describe('Against the baseline, over the same time.'),
    critical: z
      .boolean()
      .optional()
      .describe('A relative breach alone moves traffic back. Only error-rate is, unless said.'),
    on_fail: z.enum(['rollback', 'pause']).optional().describe('`pause` for logarithms of sizes, else `rollback`.'),
  })
  .superRefine((value, context) => {
    const { type } = metrics[value.name]
    if (value.type !== undefined && value.type !== type) context.addIssue(`${value.name} is of type ${type}`)
    const { max, min, max_ms: maxMs } = value.threshold_range ?? {}
    if (type === 'proportion' && maxMs !== undefined)
      context.addIssue(`${value.name} is a share: give max or min, not max_ms`)
    if (type === 'exceedance' && (max ?? min) !== undefined) context.addIssue(`${value.name} is a time: give max_ms`)
    if (type === 'log_mean' && value.threshold_range !== undefined)
      context.addIssue(`${value.name} is compared with the baseline only: give relative`)
    const { max_ratio: most, min_ratio: least } = value.relative ?? {}
    const found = least === undefined ? 'increase' : most === undefined ? 'decrease' : 'either'
    if (value.direction !== undefined && value.relative !== undefined && value.direction !== found)
      context.addIssue(`${value.name}: direction ${value.direction} does not go with its ratios, which mean ${found}`)
    if (value.threshold_range === undefined && value.relative === undefined)
      context.addIssue(`${value.name} needs a threshold_range or relative`)
    if (
      value.relative !== undefined &&
      value.relative.max_ratio === undefined &&
      value.relative.min_ratio === undefined
    )
      context.addIssue(`${value.name}: relative needs max_ratio or min_ratio`)
  })

type MetricInput = z.input<typeof metric>

const usualMetrics: readonly MetricInput[] = [
  { name: 'error-rate', threshold_range: { max: 0.01 }, relative: { max_ratio: 1.5 }, critical: true },
  { name: 'ttft-p99', threshold_range: { max_ms: 500, basis: 'delta_over_baseline' }, relative: { max_ratio: 1.2 } },
  { name: 'completion-tokens', relative: { max_ratio: 1.25, min_ratio: 0.6 }, on_fail: 'pause' },
  { name: 'truncated-share', relative: { max_ratio: 2 } },
  { name: 'tool-call-valid', threshold_range: { min: 0.99 }, on_fail: 'pause' },
]

const analysis = z
  .strictObject({
    interval: duration({ min: '100ms', max: '10m' }).prefault('10s').describe('How often evidence is looked at.'),
    initial_delay: duration({ max: '1h' })
      .prefault('10s')
      .describe('At the start of a step: how long nothing is decided.'),
    policy: z
      .enum(['sequential', 'thresholds'])
      .default('sequential')
      .describe(
        '`thresholds`: plain shares against the limits once `threshold_sample` conversations were seen, for little traffic; `plan` shows how often that errs.',
      ),
    threshold_sample: count(10, 1_000_000)
      .default(50)
      .describe('Of `policy: thresholds`: conversations before a share counts.'),
    alpha_total: z
      .number()
      .min(0.0001)
      .max(0.5)
      .default(0.05)
      .describe(
        'The chance of moving a candidate back that is within all limits, at most. Split over the tests that can.',
      ),
    practical_floor: share()
      .default(0.005)
      .describe(
        'A critical metric that is only worse than the baseline moves traffic back when it is worse by this much.',
      ),
    metrics: z
      .array(metric)
      .min(1)
      .max(12)
      .prefault([...usualMetrics]),
    dry_run: z
      .array(z.enum(metricNames as readonly [MetricName, ...MetricName[]]))
      .default([])
      .describe('Metrics that are shown and decide nothing.'),
  })
  .prefault({})

const usualSteps: readonly z.input<typeof step>[] = [
  { set_weight: 1, pause: { duration: '2h' }, min_sample: 50 },
  { set_weight: 5, pause: { duration: '6h' }, min_sample: 580 },
  { set_weight: 10, pause: { duration: '10h' } },
  { set_weight: 25, pause: { duration: '14h' } },
  { set_weight: 50, pause: { duration: '16h' } },
  { set_weight: 100, bake: { duration: '24h' } },
]

/** For little traffic, where the tests of a limit would take weeks: shares are looked at, and the weight is large at once. */
const plainSteps: readonly z.input<typeof step>[] = [
  { set_weight: 25, pause: { duration: '24h' } },
  { set_weight: 50, pause: { duration: '24h' } },
  { set_weight: 100, bake: { duration: '24h' } },
]

const usualStepsOf = (policy: 'sequential' | 'thresholds') =>
  (policy === 'thresholds' ? plainSteps : usualSteps).map((one) => step.parse(one))

const rollback = z
  .strictObject({
    window: duration({ max: '90d' })
      .prefault('7d')
      .describe(
        'After completion: how long tokens and first parts are watched for a rise. It is told, and moves nothing.',
      ),
    in_flight: z
      .enum(['retry_before_first_byte', 'finish'])
      .default('retry_before_first_byte')
      .describe(
        'Calls to the candidate without a first part: asked of the baseline at once, or finished where they are. Streams that have begun are finished.',
      ),
    on_shared_incident: z.literal('pause').default('pause'),
    break_pins: z
      .literal(true)
      .default(true)
      .describe('Conversations at the candidate go to the baseline with their next turn.'),
    auto: z.boolean().default(true).describe('`false`: what would move traffic back pauses instead.'),
    breaker: z
      .strictObject({ window: count(5, 32).default(20), failures: count(2, 32).default(8) })
      .refine(({ window, failures }) => failures <= window, 'failures must not be more than window')
      .prefault({})
      .describe(
        'The reflex of each node: so many failures among its last calls to the candidate, and it sends no more there.',
      ),
  })
  .prefault({})

const inconclusive = z
  .strictObject({
    action: z
      .enum(['pause', 'extend', 'promote_if_upper_bound_below_margin'])
      .default('pause')
      .describe(
        'When the time of a step is over and its gate is not open. The last one goes on where every share with a limit is shown to be below `margin`, else it pauses.',
      ),
    margin: share().default(0.015).describe('What is accepted for shares whose limit is lower.'),
    max_extensions: count(0, 20)
      .default(2)
      .describe('Of `extend`: how often a step is prolonged by its own duration; then it pauses.'),
  })
  .prefault({})

/** The design's names of what is compared, beside those of the reports. */
const respects = {
  ...(Object.fromEntries(comparators.map((name) => [name, name])) as Readonly<Record<Comparator, Comparator>>),
  tool_name: 'tool_names',
  tool_args: 'tool_arguments',
  json_schema: 'json_valid',
  length_ratio: 'length',
} as const satisfies Readonly<Record<string, Comparator>>

type Respect = keyof typeof respects

const consent = (whose: string) =>
  z
    .union([z.literal('all'), z.array(line(200)).min(1).max(1_000)], {
      error: ({ input }) =>
        `${input === undefined ? 'is missing' : 'cannot be read'}: list the ids of the projects whose owners agree that ${whose}, or write all`,
    })
    .describe(`Ids of the projects whose owners agree that ${whose}; \`all\`: every one does.`)

const judge = z
  .strictObject({
    route: route().describe("The model that compares, in the operator's own account there."),
    sample: z
      .number()
      .min(0.01)
      .max(100)
      .default(100)
      .describe('Percent of the copied calls whose answers it compares.'),
    consent: consent('question and answers go to the judge as well'),
  })
  .describe(
    "A model that is asked which of two answers is better, in both orders: the first answer of the baseline against the candidate's, and against the baseline's own second one. Within the caps of `shadow`. Absent: none is.",
  )

const shadow = z
  .strictObject({
    duration: duration({ max: '30d' })
      .optional()
      .describe(
        'How long calls are only copied before the first step. Absent: copies are made beside the steps. Where the candidate is worse than the baseline is from itself, it pauses there.',
      ),
    exclude: z
      .array(z.enum(['server_tools', 'stateful', 'tenant_opt_out']))
      .optional()
      .describe('These are never copied, written down or not; whose owners have agreed says `consent`.'),
    compare: z
      .array(z.enum(Object.keys(respects) as [Respect, ...Respect[]]).transform((name) => respects[name]))
      .min(1)
      .optional()
      .describe('In which respects the candidate may be called worse; absent: in all of them.'),
    mirror_weight: percentage(0.01)
      .prefault(10)
      .describe('Percent of the conversations at the baseline of which one call is sent to the candidate as well.'),
    noise_floor_sample: percentage(0)
      .prefault(10)
      .describe('Percent of those that the baseline answers a second time: how often it disagrees with itself.'),
    consent: consent('their calls go to a second provider'),
    judge: judge.optional(),
    route: route()
      .optional()
      .describe('Who gets the copies, for a key and limits of their own; absent: the candidate.'),
    max_cost_usd_per_day: wholeAmount().prefault('25').describe('Of copies, over all nodes, by day of UTC.'),
    max_tokens_per_day: count(1, 1_000_000_000_000).default(5_000_000).describe('The same in tokens.'),
    max_concurrency: count(1, 64).default(8).describe('Copies at a time on one node.'),
  })
  .describe('Calls that are sent to the candidate as well and answer nobody. Absent: none are.')

const veto = z
  .strictObject({
    recipient: name('a recipient').describe(
      'A webhook of the block `recipients` in drover.yaml, whose secret signs the question.',
    ),
    timeout: duration({ min: '100ms', max: '1m' }).prefault('10s').describe('How long its answer is waited for.'),
    unreachable: z
      .enum(['hold', 'go_on'])
      .default('hold')
      .describe('What it means where no answer comes: the gate stays closed until one does, or it goes on.'),
    ask_again: duration({ min: '1s', max: '1d' })
      .prefault('5m')
      .describe('How long a gate is held before the question is put again.'),
  })
  .describe('A service that is asked before every step and before completion. Absent: nobody is.')

/** The file of a migration. */
export const migrationFile = z
  .strictObject({
    migration: name('a migration'),
    match,
    split: z
      .enum(['relay', 'client'])
      .default('relay')
      .describe(
        '`client`: callers split their traffic themselves and report both sides to `/api/v1/migrations/NAME/observations`; the relay moves nothing and judges.',
      ),
    baseline: z.strictObject({
      route: route().describe(
        '`provider/model`: a provider of drover.yaml, and the model as it calls it. With `split: client` the provider may be one that drover.yaml does not have, under any name: callers ask it themselves.',
      ),
    }),
    candidate: z.strictObject({
      route: route(),
      param_policy: z
        .enum(['shim', 'strict'])
        .default('shim')
        .describe('Whether parameters that it cannot take are adjusted or refused.'),
      shims: notTaken(
        'is not chosen one by one: with param_policy: shim parameters are adjusted as the catalog has them for the model, each with a warning',
      ),
    }),
    assignment,
    preflight,
    steps: z
      .array(step)
      .min(1)
      .max(30)
      .optional()
      .describe(
        'In growing weight. Absent: 1, 5, 10, 25, 50 and 100 % in 72 hours; with `policy: thresholds` 25, 50 and 100 % for a day each.',
      )
      .superRefine((steps, context) => {
        for (const [index, one] of (steps ?? []).entries()) {
          const before = steps?.[index - 1]
          if (before !== undefined && one.set_weight <= before.set_weight)
            context.addIssue({
              code: 'custom',
              path: [index, 'set_weight'],
              message: 'must be more than in the step before',
            })
        }
      }),
    analysis,
    shadow: shadow.optional(),
    rollback,
    inconclusive,
    veto: veto.optional(),
    progress_deadline: duration().prefault('96h').describe('Pauses when the last step is not reached by then.'),
    traffic: z
      .strictObject({
        conversations_per_day: count(1, 1_000_000_000).optional(),
        turns_per_conversation: z.number().min(1).max(10_000).optional(),
        error_share: share().optional(),
        ttft_p99_ms: z.number().min(1).max(3_600_000).optional(),
        cost_per_turn_usd: amount().optional(),
      })
      .optional()
      .describe('What is known of the traffic where the log of calls does not say it.'),
  })
  .describe('A migration.')
  .transform((file) => ({ ...file, steps: file.steps ?? usualStepsOf(file.analysis.policy) }))

export type MigrationFile = z.output<typeof migrationFile>
export type StepSettings = z.output<typeof step>
export type MetricSettings = z.output<typeof metric>

/** A name that can stand in an address. */
export const isMigrationName = (text: string): boolean => nameForm.test(text)

/** Basis points of a step's percent. */
export const weightOf = ({ set_weight: percent }: Pick<StepSettings, 'set_weight'>): number => Math.round(percent * 100)
