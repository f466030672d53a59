/** The report of a migration as data: all that its page shows, and all to compute it again. */

import { z } from 'zod'
import { decisionView, migrationView } from '#admin/migration-view.ts'
import { findingView } from '#admin/shadow-finding.ts'
import { comparators } from '#migration/shadow-compare.ts'
import { dimensions } from '#migration/strata.ts'

const arm = z.enum(['baseline', 'candidate'])

const stratumView = z.object({
  dimension: z.enum(dimensions),
  value: z.string(),
  arm,
  turns: z.int(),
  failed: z.int(),
  shown: z.int().describe('Failures that callers met.'),
  counted: z.int().describe('Turns whose tokens are known.'),
  input_tokens: z.string(),
  output_tokens: z.string(),
  timed: z.int().describe('Turns whose time to the first part is known.'),
  ttft_ms: z.string().describe('Of all of them together.'),
})

const pointView = z.object({
  time: z.string(),
  epoch: z.int(),
  step: z.int(),
  baseline: z.int().describe('Conversations.'),
  candidate: z.int(),
  findings: z.array(
    z.object({
      metric: z.string(),
      test: z.enum(['absolute', 'relative', 'mean']),
      log10_e: z.number().nullable(),
      figures: z
        .array(z.number())
        .describe('Hits and units of the candidate and of the baseline; of means the ratio with the ends of its band.'),
    }),
  ),
})

const sketch = z.object({
  status: z.int().nullable(),
  finish: z.string().nullable(),
  tools: z.array(z.object({ name: z.string(), shape: z.string(), valid: z.boolean().nullable() })),
  text: z.string().describe('Its beginning, every letter and digit masked.'),
  characters: z.int(),
  language: z.string().nullable(),
  json: z.boolean().nullable(),
  refusal: z.boolean(),
  output_tokens: z.int().nullable(),
})

const shadowView = z.object({
  questions: z.int(),
  cost_usd: z.string(),
  tokens: z.int(),
  prompt_pairs: z.int().describe('Prompts that both providers have counted.'),
  prompt_ratio: z.number().nullable().describe("The candidate's tokens for the same prompts to the baseline's."),
  findings: z.array(findingView),
  left: z.record(z.string(), z.int()),
  examples: z.array(
    z.object({
      call: z.string(),
      differs: z.enum(comparators),
      baseline: sketch.nullable(),
      candidate: sketch.nullable(),
    }),
  ),
})

const histogram = z.array(z.tuple([z.number(), z.int()])).describe('Milliseconds and how many, from the shortest.')
const timesView = z.object({ baseline: histogram, candidate: histogram })

/** A report is one text, signed, for people of any Drover: sentences by their codes are no part of it. */
export const reportMigration = migrationView.omit({
  sentence_said: true,
  next_said: true,
  not_tested_said: true,
  // They are among the strata, of the whole time.
  deviations: true,
})
export const reportDecision = decisionView.omit({ why_said: true })

export const reportView = z.object({
  schema: z.literal(1),
  version: z.string().describe('Of the Drover that made it.'),
  made: z.string(),
  migration: reportMigration,
  decisions: z.array(reportDecision),
  reach: z.object({
    people: z.object({ baseline: z.int(), candidate: z.int() }).describe('People or, where callers name none, keys.'),
    conversations: z.object({ baseline: z.int(), candidate: z.int() }),
    calls: z.object({ baseline: z.int(), candidate: z.int() }),
    failed: z.object({ baseline: z.int(), candidate: z.int() }),
    shown: z.object({ baseline: z.int(), candidate: z.int() }).describe('Failures that callers met.'),
  }),
  money: z.object({
    baseline_usd: z.string().nullable().describe('null = of no call is the cost known.'),
    candidate_usd: z.string().nullable(),
    candidate_at_baseline_usd: z
      .string()
      .nullable()
      .describe("What the candidate's calls would have cost at the baseline, by its mean in the same step."),
    saved_usd: z.string().nullable(),
    saved_per_1000_calls_usd: z.string().nullable(),
    shadow_usd: z.string(),
    since_completion: z
      .object({
        calls: z.int(),
        candidate_usd: z.string(),
        at_baseline_usd: z.string().describe("The same tokens at the baseline's price."),
        saved_usd: z.string(),
        whole: z.boolean().describe('false = of more calls the newest were looked at.'),
      })
      .nullable()
      .default(null)
      .describe('null = it is not complete, or its baseline has no price.'),
  }),
  forecast: z.array(
    z.object({
      metric: z.string(),
      limit: z.number(),
      share: z.number().nullable(),
      seen: z.int(),
      needed: z.int().nullable().describe('Conversations of the candidate at its own share; null = no number helps.'),
      hours: z.number().nullable().describe("At today's traffic."),
      hours_at_double_weight: z.number().nullable(),
    }),
  ),
  strata: z.array(stratumView),
  ttft: timesView,
  tpot: timesView,
  points: z.array(pointView),
  shadow: shadowView.nullable(),
  assumptions: z.array(z.string()),
  file: z.string().describe('As it was given.'),
  facts: z.unknown().describe('The baseline before the start.'),
  sums: z.array(z.unknown()).describe('By step, arm and kind of unit, of the evidence that the tests go by.'),
  earlier: z
    .array(z.object({ epoch: z.int(), sums: z.array(z.unknown()) }))
    .default([])
    .describe('The same of evidence that began anew since: whom it met, and what it cost, is part of the above.'),
  decided_on: z
    .array(z.object({ number: z.int(), sums: z.array(z.unknown()) }))
    .describe('The sums that each decision was made on.'),
})

export type ReportData = z.output<typeof reportView>

export const signatureView = z.object({
  algorithm: z.literal('Ed25519'),
  public_key: z.string().describe('Of this relay, base64url.'),
  value: z.string().describe('Over the report without this member, as canonical JSON; base64url.'),
})

export const signedReportView = reportView.extend({ signature: signatureView })

export type SignedReport = z.output<typeof signedReportView>
