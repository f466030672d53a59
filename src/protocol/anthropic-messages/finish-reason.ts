/** Why an answer ended, in this format's words. https://platform.claude.com/docs/en/api/handling-stop-reasons, read 2026-11-22. */

import type { FinishReason } from '#protocol/part.ts'

const reasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  compaction: 'pause',
  refusal: 'refusal',
}

/** Of an error in its midst an answer is cut short, which only `max_tokens` says. */
const words: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  error: 'max_tokens',
  other: 'end_turn',
}

export const readStopReason = (raw: string): FinishReason =>
  (Object.hasOwn(reasons, raw) ? reasons[raw] : undefined) ?? 'other'

/** This format's own word is kept where it came as one. */
export const writeStopReason = (reason: FinishReason, raw: string | null): string =>
  raw !== null && Object.hasOwn(reasons, raw.toLowerCase()) ? raw.toLowerCase() : words[reason]
