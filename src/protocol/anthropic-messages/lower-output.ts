/** A shorter answer of Messages: a thought is part of it, and its budget has to fit below its maximum. */

import { readMember } from '#base/json.ts'
import { isObject } from '#base/json-type.ts'
import type { Warning } from '#protocol/call.ts'
import type { LowerOutput } from '#protocol/lower-output.ts'
import { lowerMembers } from '#protocol/lower-output.ts'
import { budgetTokensMin } from './write-thinking.ts'

const lowerMaximum = lowerMembers('max_tokens')

/** "`max_tokens` must be greater than `thinking.budget_tokens`": https://platform.claude.com/docs/en/build-with-claude/extended-thinking, read 2026-11-22. */
export const lowerOutput: LowerOutput = (call, tokensMax) => {
  const lowering = lowerMaximum(call, tokensMax)
  const thinking = call.payload.kind === 'json' ? readMember(call.payload.top, 'thinking') : undefined
  const budget = isObject(thinking) ? thinking['budget_tokens'] : undefined
  if (typeof budget !== 'number' || budget < tokensMax) return lowering
  const most = tokensMax - 1
  const fits = most >= budgetTokensMin
  const left = fits ? { ...(thinking as object), budget_tokens: most } : { type: 'disabled' }
  const warning: Warning = fits
    ? { field: 'thinking.budget_tokens', reason: `lowered to ${most}` }
    : { field: 'thinking', reason: `off below ${budgetTokensMin} tokens of output` }
  const { edits, warnings } = lowering
  return {
    edits: { ...edits, set: { ...edits.set, thinking: JSON.stringify(left) } },
    warnings: [...warnings, warning],
  }
}
