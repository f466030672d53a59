/** How a Messages request asks for thinking, and what goes only without it. https://platform.claude.com/docs/en/build-with-claude/extended-thinking, read 2026-11-22. */

import type { JsonObject } from '#base/json-type.ts'
import { carrierFormats, carrierOf } from '#protocol/carrier.ts'
import type { ChatRequest, ReasoningWish } from '#protocol/chat-request.ts'
import { effortOfBudget } from '#protocol/effort-of-budget.ts'
import { given } from '#protocol/field-reading.ts'
import type { Writing } from './write-content.ts'

/** The least budget for a thought that is taken. */
export const budgetTokensMin = 1_024

/** Words of effort as budgets, for models that know only those. */
const budgets: Readonly<Record<string, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
}

const efforts: Readonly<Record<string, string>> = { minimal: 'low' }

export type Thinking = {
  readonly thinking: JsonObject | null
  /** Members of `output_config`. */
  readonly config: JsonObject
  /** While Claude thinks, sampling cannot be changed. */
  readonly fixesSampling: boolean
}

const none: Thinking = { thinking: null, config: {}, fixesSampling: false }

const isOff = ({ mode, effort }: ReasoningWish): boolean => mode === 'off' || (mode === null && effort === 'none')

const usual = 'medium'

const budgetOf = ({ budgetTokens, effort }: ReasoningWish, warn: Writing['warn']): number => {
  if (budgetTokens !== null) return budgetTokens
  const known = Object.hasOwn(budgets, effort ?? usual) ? budgets[effort ?? usual] : undefined
  if (known === undefined) warn('reasoning_effort', `"${effort}" is unknown: taken as "${usual}"`)
  return known ?? budgets[usual] ?? budgetTokensMin
}

/** Whether the last turn of the assistant asked for tools without a thought that Claude would take back. */
const continuesWithoutThought = ({ messages }: ChatRequest): boolean => {
  const last = messages.findLast(({ role }) => role === 'assistant')
  if (last === undefined || messages.at(-1)?.role !== 'tool') return false
  return !last.content.some(
    (block) => block.type === 'reasoning' && carrierOf(block.carriers, carrierFormats.anthropic) !== undefined,
  )
}

const display = ({ summary }: ReasoningWish): JsonObject =>
  summary === null ? {} : { display: summary === 'none' ? 'omitted' : 'summarized' }

const formatOf = ({ request: { responseFormat }, warn }: Writing): JsonObject => {
  if (responseFormat?.type === 'json') warn('response_format', 'Claude holds an answer to a schema, not to "any JSON"')
  return responseFormat?.type === 'json-schema'
    ? { format: { type: 'json_schema', schema: responseFormat.schema } }
    : {}
}

/** In this format's own requests everything is said as it was. */
const ownThinking = (wish: ReasoningWish): Thinking => {
  const words = { on: 'enabled', off: 'disabled', adaptive: 'adaptive' } as const
  const thinking =
    wish.mode === null
      ? null
      : { type: words[wish.mode], ...given({ budget_tokens: wish.budgetTokens }), ...display(wish) }
  return { thinking, config: given({ effort: wish.effort }), fixesSampling: false }
}

/** Where the model has no such level, the next below it that it has. */
const fittingEffort = (effort: string, { target, warn }: Writing): string => {
  const taken = target.dialect.thinkingRange?.levels
  const order = Object.keys(budgets)
  if (taken === undefined || taken.includes(effort) || !order.includes(effort)) return effort
  const next = taken.findLast((one) => order.indexOf(one) < order.indexOf(effort)) ?? effort
  warn('reasoning_effort', `this model takes ${taken.join(', ')}: "${next}" is asked for`)
  return next
}

const adaptive = (wish: ReasoningWish, writing: Writing): Thinking => {
  const asked = wish.effort ?? (wish.budgetTokens === null ? null : effortOfBudget(wish.budgetTokens))
  const effort = asked === null ? null : fittingEffort(efforts[asked] ?? asked, writing)
  return {
    thinking: { type: 'adaptive', ...display(wish) },
    config: given({ effort: effort === 'none' ? null : effort }),
    fixesSampling: true,
  }
}

const withBudget = (wish: ReasoningWish, { warn }: Writing, outputMax: number | null): Thinking => {
  const most = outputMax === null ? Number.POSITIVE_INFINITY : outputMax - 1
  if (most < budgetTokensMin) {
    warn('reasoning_effort', `the output maximum leaves no room for thinking, which takes ${budgetTokensMin} tokens`)
    return none
  }
  const budget = Math.max(budgetTokensMin, Math.min(budgetOf(wish, warn), most))
  return { thinking: { type: 'enabled', budget_tokens: budget }, config: {}, fixesSampling: true }
}

const wished = (writing: Writing, outputMax: number | null): Thinking => {
  const { request, target, warn, own } = writing
  const wish = request.reasoning
  if (wish === null) return none
  if (own) return ownThinking(wish)
  if (isOff(wish) && target.dialect.thinkingRange?.always === true) {
    warn('reasoning_effort', 'this model thinks always: the least effort is asked for')
    return adaptive({ ...wish, mode: 'adaptive', effort: 'low', budgetTokens: null }, writing)
  }
  if (isOff(wish)) return { ...none, thinking: { type: 'disabled' } }
  const { toolChoice } = request
  if (toolChoice?.mode === 'required' || toolChoice?.mode === 'tool') {
    warn('reasoning_effort', 'Claude does not think where a tool must be called')
    return none
  }
  if (continuesWithoutThought(request)) {
    warn('reasoning_effort', 'off in this turn: the thought before the call of the tool was not sent back')
    return none
  }
  return target.dialect.thinking === 'adaptive' ? adaptive(wish, writing) : withBudget(wish, writing, outputMax)
}

/** Thinking, and the format of the answer that stands beside its effort. */
export const writeThinking = (writing: Writing, outputMax: number | null): Thinking => {
  const thinking = wished(writing, outputMax)
  const { temperature, topP, topK } = writing.request
  if (thinking.fixesSampling)
    for (const [name, value] of Object.entries({ temperature, top_p: topP, top_k: topK }))
      if (value !== null && !(name === 'temperature' && value === 1)) writing.warn(name, 'fixed while Claude thinks')
  return { ...thinking, config: { ...formatOf(writing), ...thinking.config } }
}
