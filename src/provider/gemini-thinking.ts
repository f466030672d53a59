/**
 * What each Gemini takes for how much it is to think; anything else is a 400. Levels: https://ai.google.dev/gemini-api/docs/thinking and refusals that
 * quote it (github.com/vellum-ai/vellum-assistant/pull/32687 and github.com/can1357/oh-my-pi/issues/10543 for MINIMAL,
 * github.com/heyhuynhgiabuu/proxypal/issues/170 for MEDIUM). Budgets: the same page, by github.com/juspay/neurolink/pull/1707. Read 2026-12-01.
 */

import type { ThinkingRange } from '#protocol/protocol.ts'

const ranges: ReadonlyArray<readonly [form: RegExp, range: ThinkingRange]> = [
  [/gemini-2\.5-pro/, { tokens: { least: 128, most: 32_768, canBeOff: false } }],
  [/gemini-2\.5-flash-lite/, { tokens: { least: 512, most: 24_576, canBeOff: true } }],
  [/gemini-2\.5-flash/, { tokens: { least: 1, most: 24_576, canBeOff: true } }],
  [/gemini-3-pro(?!-image)/, { levels: ['low', 'high'] }],
  [/gemini-3\.\d-pro|gemini-3\.[78]-flash/, { levels: ['low', 'medium', 'high'] }],
]

/** `undefined` = not known, and all is taken. */
export const thinkingRangeOf = (model: string): ThinkingRange | undefined =>
  ranges.find(([form]) => form.test(model))?.[1]
