/** The plan of a migration as people and programs read it. */

import { z } from 'zod'
import { sayDuration } from '#migration/reasons.ts'
import { riskView } from './migration-risk.ts'
import { table } from './render.ts'
import { sentenceView } from './sentence-view.ts'

export const planView = z.object({
  name: z.string(),
  ok: z.boolean().describe('false = `start` would refuse it.'),
  hours: z.number(),
  within_deadline: z.boolean(),
  conversations_per_day: z.number(),
  turns_per_conversation: z.number(),
  baseline_error_share: z.number().nullable(),
  baseline_conversations: z.int().describe('Of the last 24 hours; 0 = the file said it, or there were none.'),
  conversations_exposed: z.int().describe('That meet the candidate until the end of the last step.'),
  turns_exposed: z.int(),
  exposed_cost_usd: z.string().nullable().describe("Their cost at the baseline's price."),
  alpha_per_test: z.number().describe('The chance that one test moves a sound candidate back.'),
  chances: z
    .object({ false_rollback: z.number(), missed_harm: z.number() })
    .nullable()
    .describe(
      'Of `policy: thresholds`: moving a sound candidate back, not moving back one that fails three times as often as allowed.',
    ),
  steps: z.array(
    z.object({
      step: z.int(),
      weight: z.number(),
      hours: z.number(),
      conversations: z.int(),
      conversations_so_far: z.int(),
      needed: z.number().nullable(),
      hours_needed: z.number().nullable(),
      smallest_share: z
        .number()
        .nullable()
        .describe('The smallest share of failing conversations that is found by then.'),
      failures_seen: z.int().nullable(),
    }),
  ),
  refusals: z.array(z.string()),
  refusals_said: z.array(sentenceView),
  notes: z.array(z.string()),
  notes_said: z.array(sentenceView),
  small_traffic: z
    .object({
      conversations: z.int().describe('That meet the candidate within 72 hours.'),
      done_in_time: z.boolean().describe('Whether the steps are through within 72 hours.'),
      shows: z.array(z.string()),
      shows_said: z.array(sentenceView),
      cannot_show: z.array(z.string()),
      cannot_show_said: z.array(sentenceView),
      offers: z.array(
        z.object({
          kind: z.enum(['start_weight', 'thresholds', 'replay']),
          says: z.string(),
          says_said: sentenceView,
          hours: z.number().nullable(),
          false_rollback: z.number().nullable(),
          missed_harm: z.number().nullable(),
          prompts: z.int().nullable(),
          cost_usd: z.string().nullable(),
        }),
      ),
    })
    .nullable()
    .describe('What so little traffic can and cannot show, and what else there is; null = there is enough.'),
  risks: z.array(riskView),
})

export type PlanView = z.output<typeof planView>

const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(2)} %`)

const sayHours = (hours: number): string => sayDuration(hours * 3_600_000)

const smallText = ({ small_traffic: small, hours, conversations_per_day: daily }: PlanView): string =>
  small === null
    ? ''
    : [
        `\n${Math.round(daily)} conversations a day: ${small.conversations} meet the candidate within 72 h.${small.done_in_time ? '' : ` The steps as they are take ${sayHours(hours)}, not 48 to 72 h.`}\n`,
        ...small.shows.map((one) => `  shows: ${one}\n`),
        ...small.cannot_show.map((one) => `  does not show: ${one}\n`),
        ...small.offers.map(
          ({ says, cost_usd: usd }) => `  instead: ${says}${usd === null ? '' : ` About ${usd} USD for both sides.`}\n`,
        ),
      ].join('')

const riskText = ({ risks }: PlanView): string =>
  [
    '\n',
    table(
      ['RISK', 'LIKELIHOOD', 'CONVERSATIONS/DAY', 'USD/DAY', 'OWNER', 'WHY'],
      risks.map((one) => [
        one.risk,
        one.likelihood,
        one.conversations_per_day ?? '-',
        one.usd_per_day ?? '-',
        one.owner,
        one.because,
      ]),
    ),
    'What is done against each, and what would show it: --json, or --out plan.html.\n',
  ].join('')

/** For a terminal. */
export const planText = (view: PlanView): string =>
  [
    `"${view.name}": ${sayHours(view.hours)} at ${Math.round(view.conversations_per_day)} conversations a day; ${view.conversations_exposed} conversations meet the candidate.\n`,
    `A sound candidate is moved back with a chance of ${percent(view.alpha_per_test)} a test at most, however often it is looked at.\n`,
    view.chances === null
      ? ''
      : `By plain thresholds: a sound candidate is moved back in ${percent(view.chances.false_rollback)}, harm of three times the limit is missed in ${percent(view.chances.missed_harm)}.\n`,
    '\n',
    table(
      [
        'STEP',
        'WEIGHT',
        'LASTS',
        'CONVERSATIONS',
        'SO FAR',
        'NEEDED',
        'GATE AFTER',
        'FINDS A SHARE OF',
        'FAILURES BY THEN',
      ],
      view.steps.map((one) => [
        one.step + 1,
        `${one.weight} %`,
        sayHours(one.hours),
        one.conversations,
        one.conversations_so_far,
        one.needed === null ? '-' : Math.ceil(one.needed),
        one.hours_needed === null ? 'never' : sayHours(one.hours_needed),
        percent(one.smallest_share),
        one.failures_seen,
      ]),
    ),
    ...view.refusals.map((one) => `REFUSED: ${one}\n`),
    ...view.notes.map((one) => `note: ${one}\n`),
    smallText(view),
    riskText(view),
  ].join('')
