/** What is measured of a turn: the closed list of metrics, and what each sees in an observation. */

import type { Observation } from './observation.ts'
import { hasFailed, isSample } from './observation.ts'

/** Whether a turn shows what the metric counts; `null` = it says nothing of it. */
type Shows = (turn: Observation) => boolean | null
/** How large the figure of a turn is; `null` = unknown. */
type Sizes = (turn: Observation) => number | null

export type Metric =
  | {
      readonly type: 'proportion'
      /** What a hit is: always the bad thing, but for `tool-call-rate`, where neither is. */
      readonly shows: Shows
      /** What is compared with the baseline, where that is not the same: faults that both arms share cancel there. */
      readonly compares?: Shows
      readonly summary: string
    }
  | {
      readonly type: 'exceedance'
      readonly size: Sizes
      /** Whether the size is no more than a lower bound. */
      readonly atLeast?: (turn: Observation) => boolean
      readonly summary: string
    }
  | { readonly type: 'log_mean'; readonly size: Sizes; readonly summary: string }

const answered = (turn: Observation): boolean => turn.outcome !== 'left'
const sampled =
  (of: Sizes): Sizes =>
  (turn) =>
    isSample(turn) ? of(turn) : null
const ended =
  (of: Shows): Shows =>
  (turn) =>
    isSample(turn) ? of(turn) : null
const not = (value: boolean | null): boolean | null => (value === null ? null : !value)

/** Of a first part that never came it is known that it took longer than this: the upstream was too slow, or the caller has gone. */
const firstToken: Sizes = (turn) => {
  const never = turn.stream && turn.ttftMs === null && (turn.outcome === 'timeout' || turn.outcome === 'left')
  if (never) return turn.durationMs
  return isSample(turn) || turn.outcome === 'left' ? turn.ttftMs : null
}

export const metrics = {
  'error-rate': {
    type: 'proportion',
    shows: (turn) => (answered(turn) ? hasFailed(turn) : null),
    compares: (turn) => (answered(turn) ? hasFailed(turn) || turn.outcome === 'rejected' : null),
    summary:
      'Conversations of which a turn failed: 5xx, 408, 429, a timeout, no connection, a stream that was cut, an answer with nothing in it (a thought at most) that ended of its own accord, a malformed answer, an answer that the other arm had to give. Compared with the baseline, 4xx count as well.',
  },
  'ttft-p99': {
    type: 'exceedance',
    size: firstToken,
    atLeast: ({ ttftMs }) => ttftMs === null,
    summary: 'Time to the first part of a stream, in milliseconds.',
  },
  'tpot-p99': {
    type: 'exceedance',
    size: sampled(({ tpotMicros }) => (tpotMicros === null ? null : tpotMicros / 1_000)),
    summary: 'Time per token of output after the first part, in milliseconds.',
  },
  'stall-p99': {
    type: 'exceedance',
    size: sampled(({ longestGapMs }) => longestGapMs),
    summary: 'The longest silence within a stream, in milliseconds.',
  },
  'duration-p99': {
    type: 'exceedance',
    size: sampled(({ durationMs }) => durationMs),
    summary: 'Time to the end of the answer, in milliseconds.',
  },
  'prompt-tokens': { type: 'log_mean', size: sampled(({ tokens }) => tokens.input), summary: 'Tokens of the prompt.' },
  'completion-tokens': {
    type: 'log_mean',
    size: sampled(({ tokens }) => tokens.output),
    summary: 'Tokens of the answer, reasoning included.',
  },
  'reasoning-tokens': {
    type: 'log_mean',
    size: sampled(({ tokens }) => tokens.reasoning),
    summary: 'Tokens of reasoning.',
  },
  'cached-tokens': {
    type: 'log_mean',
    size: sampled(({ tokens }) => tokens.cachedInput),
    summary: "Tokens that came from the provider's prompt cache.",
  },
  cost: {
    type: 'log_mean',
    size: sampled(({ costNanoUsd }) => (costNanoUsd === null ? null : Number(costNanoUsd / 1_000n))),
    summary: 'What the operator pays for a turn, in millionths of a dollar.',
  },
  'missing-usage': {
    type: 'proportion',
    shows: ended(({ usageMissing }) => usageMissing),
    summary: 'Conversations with an answer that came without usage.',
  },
  'truncated-share': {
    type: 'proportion',
    shows: ended(({ truncated }) => truncated),
    summary: 'Conversations with an answer that ended at the maximum of tokens.',
  },
  'tool-call-rate': {
    type: 'proportion',
    shows: ended(({ toolCalled }) => toolCalled),
    summary: 'Conversations in which a tool was called, of those in which one was offered.',
  },
  'tool-call-valid': {
    type: 'proportion',
    shows: ended(({ toolArgumentsValid }) => not(toolArgumentsValid)),
    summary:
      'Conversations with a tool call whose arguments are no JSON, or are not what the schema of the tool allows (types, members, lists; patterns are not tried).',
  },
  'json-valid': {
    type: 'proportion',
    shows: ended(({ jsonValid }) => not(jsonValid)),
    summary: 'Conversations with an answer that was asked for as JSON and is none.',
  },
  'other-model': {
    type: 'proportion',
    shows: ended(({ otherModel }) => typeof otherModel === 'string'),
    summary:
      'Conversations with an answer that names another model than was asked for; a dated version, an alias and a name of the catalog for the same model are none.',
  },
  'unknown-finish': {
    type: 'proportion',
    shows: ended(({ unknownFinish }) => typeof unknownFinish === 'string'),
    summary: 'Conversations with an answer whose finish reason is a word that its format does not know.',
  },
  'feedback-bad-share': {
    type: 'proportion',
    // Said afterwards, of a turn that is counted by then.
    shows: () => null,
    summary:
      'Conversations of which a turn was called bad, of those of which people said anything: `POST /api/v1/migrations/NAME/feedback`.',
  },
  'refusal-share': {
    type: 'proportion',
    shows: ended(({ refused }) => refused),
    summary: 'Conversations in which the model declined.',
  },
} as const satisfies Readonly<Record<string, Metric>>

export type MetricName = keyof typeof metrics

export const metricNames = Object.keys(metrics) as readonly MetricName[]

/** Metrics whose limits are written as what must be reached, and not as what must not. */
export const isGoodShare = (name: MetricName): boolean => name === 'tool-call-valid' || name === 'json-valid'
